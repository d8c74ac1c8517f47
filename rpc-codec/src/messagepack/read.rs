use std::slice;

use super::failure::cut_off;
use super::marker::{FIXMAP, FIXMAP_MAX, FIXSTR, FIXSTR_MAX, MAP16, MAP32};
use crate::DecodeError;
use crate::bounded::{FREE_ELEMENTS, too_many};

/// The bytes of a message that are still to be read, and the elements that it may still have.
pub(super) struct Reader<'de> {
    /// An iterator, since of that only one end moves.
    rest: slice::Iter<'de, u8>,
    elements: usize,
}

impl<'de> Reader<'de> {
    #[inline]
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes.iter(), elements: bytes.len().saturating_add(FREE_ELEMENTS) }
    }

    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.rest.as_slice().is_empty()
    }

    /// The marker of the next value, which stays.
    #[inline]
    pub(super) fn peek(&self) -> Result<u8, DecodeError> {
        self.rest.as_slice().first().copied().ok_or_else(cut_off)
    }

    /// The marker of the next value.
    #[inline]
    pub(super) fn marker(&mut self) -> Result<u8, DecodeError> {
        self.rest.next().copied().ok_or_else(cut_off)
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'de [u8], DecodeError> {
        let (taken, rest) = self.rest.as_slice().split_at_checked(length).ok_or_else(cut_off)?;
        self.rest = rest.iter();
        Ok(taken)
    }

    #[inline]
    pub(super) fn take_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.as_slice().split_first_chunk().ok_or_else(cut_off)?;
        self.rest = rest.iter();
        Ok(*taken)
    }

    /// Takes this name, if it is next.
    #[inline]
    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let Some((marker, text)) = self.rest.as_slice().split_first() else {
            return false;
        };
        // A marker of short text differs from the first of them by the length, any other by more than they have.
        if usize::from(marker ^ FIXSTR) != name.len() || name.len() > usize::from(FIXSTR_MAX - FIXSTR) {
            return false;
        }
        if !text.get(..name.len()).is_some_and(|text| are_same(text, name.as_bytes())) {
            return false;
        }
        self.rest.nth(name.len());
        true
    }

    #[inline]
    pub(super) fn length8(&mut self) -> Result<usize, DecodeError> {
        self.take_array().map(|[length]| usize::from(length))
    }

    #[inline]
    pub(super) fn length16(&mut self) -> Result<usize, DecodeError> {
        self.take_array().map(|length| usize::from(u16::from_be_bytes(length)))
    }

    /// One that exceeds the memory of this machine exceeds the message, too.
    #[inline]
    pub(super) fn length32(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(u32::from_be_bytes(self.take_array()?)).map_err(|_| cut_off())
    }

    /// How many entries follow, where `marker` is that of a map.
    #[inline]
    pub(super) fn map_length(&mut self, marker: u8) -> Result<Option<usize>, DecodeError> {
        match marker {
            FIXMAP..=FIXMAP_MAX => Ok(Some(usize::from(marker - FIXMAP))),
            MAP16 => self.length16().map(Some),
            MAP32 => self.length32().map(Some),
            _ => Ok(None),
        }
    }

    /// Pays for elements of a sequence or entries of a map.
    ///
    /// All at once: each has to be read, so what a message may have in the end is the same as if they were paid one by one.
    #[inline]
    pub(super) fn spend(&mut self, elements: usize) -> Result<(), DecodeError> {
        self.elements = self.elements.checked_sub(elements).ok_or_else(too_many)?;
        Ok(())
    }

    /// The length that a sequence or map claims, as far as there are bytes for it.
    #[inline]
    pub(super) fn believe(&self, length: usize) -> usize {
        length.min(self.rest.len())
    }
}

/// Compares short texts in place, which takes less than a call does.
#[inline]
fn are_same(left: &[u8], right: &[u8]) -> bool {
    match left.len() {
        0..=1 => left.first() == right.first(),
        2..=3 => have_same_ends::<2>(left, right),
        4..=7 => have_same_ends::<4>(left, right),
        8..=15 => have_same_ends::<8>(left, right),
        16..=32 => have_same_ends::<16>(left, right),
        _ => left == right,
    }
}

/// Whether the first and the last bytes are the same, which may overlap.
#[inline]
fn have_same_ends<const N: usize>(left: &[u8], right: &[u8]) -> bool {
    left.first_chunk::<N>() == right.first_chunk() && left.last_chunk::<N>() == right.last_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_if_it_is_the_same_in_every_byte() {
        let name = "abcdefghijklmnopqrstuvwxyz_0123456789";
        for length in 0..=31 {
            let message = [&[FIXSTR + length], name.as_bytes()].concat();
            let name = &name[..usize::from(length)];
            let mut reader = Reader::new(&message);
            assert!(reader.take_name(name));
            assert_eq!(reader.rest.as_slice(), &message[1 + name.len()..]);
            for place in 0..=name.len() {
                let mut changed = message.clone();
                changed[place] ^= 1;
                assert!(!Reader::new(&changed).take_name(name), "{place} of {length}");
                assert!(!Reader::new(&message[..place]).take_name(name), "{place} of {length}");
            }
        }
    }

    #[test]
    fn a_name_that_is_no_short_text_is_not_taken() {
        // Each of these markers differs from that of an empty text by as much as the name is long.
        for length in [32, 33, 96, 255] {
            let name = "x".repeat(length);
            let message = [&[FIXSTR ^ length as u8], name.as_bytes()].concat();
            assert!(!Reader::new(&message).take_name(&name), "{length}");
        }
    }
}

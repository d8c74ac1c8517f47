use super::failure::cut_off;
use super::marker::{ARRAY16, ARRAY32, FIXARRAY, FIXARRAY_MAX, FIXMAP, FIXMAP_MAX, FIXSTR, FIXSTR_MAX, MAP16, MAP32};
use crate::DecodeError;
use crate::bounded::{FREE_ELEMENTS, too_many};

/// The bytes of a message that are still to be read, and the elements that it may still have.
pub(super) struct Reader<'de> {
    rest: &'de [u8],
    elements: usize,
    /// The name that the next key of a map is likely to be.
    expected: &'static str,
}

impl<'de> Reader<'de> {
    #[inline]
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes, elements: bytes.len().saturating_add(FREE_ELEMENTS), expected: "" }
    }

    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// The marker of the next value, which stays.
    #[inline]
    pub(super) fn peek(&self) -> Result<u8, DecodeError> {
        self.rest.first().copied().ok_or_else(cut_off)
    }

    /// The marker of the next value.
    #[inline]
    pub(super) fn marker(&mut self) -> Result<u8, DecodeError> {
        let (marker, rest) = self.rest.split_first().ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(*marker)
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'de [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn take_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(super) fn expect_name(&mut self, name: &'static str) {
        self.expected = name;
    }

    /// The expected name, if it is next: it need not be looked through for what is not UTF-8.
    #[inline]
    pub(super) fn take_expected_name(&mut self) -> Option<&'static str> {
        let (marker, rest) = self.rest.split_first()?;
        let length = self.expected.len();
        if !(FIXSTR..=FIXSTR_MAX).contains(marker) || usize::from(marker - FIXSTR) != length {
            return None;
        }
        let (name, rest) = rest.split_at_checked(length)?;
        if name != self.expected.as_bytes() {
            return None;
        }
        self.rest = rest;
        Some(self.expected)
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

    /// How many elements follow, where `marker` is that of an array.
    #[inline]
    pub(super) fn array_length(&mut self, marker: u8) -> Result<Option<usize>, DecodeError> {
        match marker {
            FIXARRAY..=FIXARRAY_MAX => Ok(Some(usize::from(marker - FIXARRAY))),
            ARRAY16 => self.length16().map(Some),
            ARRAY32 => self.length32().map(Some),
            _ => Ok(None),
        }
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
    #[inline]
    pub(super) fn spend(&mut self, elements: usize) -> Result<(), DecodeError> {
        self.elements = self.elements.checked_sub(elements).ok_or_else(too_many)?;
        Ok(())
    }

    /// The length that a sequence or map claims, as far as there are bytes and budget for it.
    #[inline]
    pub(super) fn believe(&self, length: usize) -> usize {
        length.min(self.rest.len()).min(self.elements)
    }
}

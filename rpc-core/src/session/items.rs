//! Items of streams: as they wait to be sent, and as they wait to be read.

use std::collections::VecDeque;

use bytes::Bytes;
use rpc_codec::Output;

use super::Message;
use super::message::COPIED;
use crate::frame::{HEADER, Piece, data_header};
use crate::limits::INITIAL_CREDIT;

/// What an item of this length takes of a stream's credit (W-31): what its frame would be long.
pub(super) const fn cost(len: usize) -> usize {
    HEADER + len
}

/// Items that go together.
#[derive(Debug)]
pub(crate) enum Items {
    /// Short ones: whole frames, one after the other.
    Short(Bytes),
    /// One that is long.
    Long(Message),
}

impl Items {
    /// What they take of the stream's credit.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Short(frames) => frames.len(),
            Self::Long(message) => cost(message.len()),
        }
    }
}

/// Puts items together, as they are made.
#[derive(Debug)]
pub(crate) struct Batch {
    frames: Vec<u8>,
    /// How long the batch before was.
    last: usize,
    /// Where an item is encoded first, since its length stands before it.
    item: Output,
}

impl Default for Batch {
    fn default() -> Self {
        // Most of the first are as long as the first credit.
        Self { frames: Vec::new(), last: INITIAL_CREDIT as usize, item: Output::new() }
    }
}

impl Batch {
    /// Adds an item that `encode` writes. Gives back one that is long, which goes by itself, behind the others. Says
    /// what it takes of the credit, too.
    ///
    /// Room is made for `most` bytes, where there is none, or for twice as much as the batch before had.
    pub(crate) fn push<E>(
        &mut self,
        id: u64,
        index: u16,
        most: usize,
        encode: impl FnOnce(&mut Output) -> Result<(), E>,
    ) -> Result<(usize, Option<Items>), E> {
        self.item.clear();
        encode(&mut self.item)?;
        let cost = cost(self.item.len());
        match self.item.as_slice() {
            Some(item) if item.len() < COPIED => {
                if self.frames.capacity() == 0 {
                    self.frames.reserve_exact(cost.max(most.min(2 * self.last)));
                }
                self.frames.extend_from_slice(&data_header(id, index, item.len()));
                self.frames.extend_from_slice(item);
                Ok((cost, None))
            }
            _ => Ok((cost, Some(Items::Long(std::mem::take(&mut self.item).into())))),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The short items, unless there are none.
    pub(crate) fn take(&mut self) -> Option<Items> {
        if self.frames.is_empty() {
            return None;
        }
        self.last = self.frames.len();
        Some(Items::Short(std::mem::take(&mut self.frames).into()))
    }
}

/// Items that have come and wait for their reader, in order.
///
/// Short ones are copied, one behind the other: a stream whose reader is slow keeps neither a read buffer nor room for
/// more than its credit.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// Each with its length before it; [`LONG`] stands for the next of `long`.
    bytes: Vec<u8>,
    long: VecDeque<Bytes>,
    /// Where the next one begins.
    at: usize,
    /// What they took of the credit.
    cost: usize,
}

const LONG: u32 = u32::MAX;
/// Room is made in steps of this, in bytes, and twice as much each time from there on.
const STEP: usize = 256;
const GROWS: usize = 4096;
/// Memory beyond this is not kept, in bytes.
const KEPT: usize = 64 * 1024;

/// An item to be read.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    Short(&'a [u8]),
    Long(Bytes),
}

impl Packed {
    pub(super) fn push(&mut self, item: Piece<'_>) {
        self.cost += cost(item.len());
        match item {
            Piece::Cut(bytes) if bytes.len() >= COPIED => {
                self.bytes.extend_from_slice(&LONG.to_le_bytes());
                self.long.push_back(bytes);
            }
            short => {
                let room = self.bytes.capacity() - self.bytes.len();
                if room < size_of::<u32>() + short.len() && self.bytes.capacity() < GROWS {
                    // Streams that nobody reads fill little more than their first credit: no room beyond it.
                    self.bytes.reserve_exact((size_of::<u32>() + short.len()).max(STEP));
                }
                self.bytes.extend_from_slice(&(short.len() as u32).to_le_bytes());
                self.bytes.extend_from_slice(&short);
            }
        }
    }

    /// Moves others behind these. Their memory is left.
    pub(crate) fn append(&mut self, others: &mut Self) {
        if self.bytes.is_empty() {
            return std::mem::swap(self, others);
        }
        self.bytes.extend_from_slice(others.bytes.get(others.at..).unwrap_or_default());
        self.long.append(&mut others.long);
        self.cost += others.cost;
    }

    /// Forgets all of them. Their memory is kept for others, unless it is much.
    pub(crate) fn clear(&mut self) {
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        self.long.clear();
        self.at = 0;
        self.cost = 0;
    }

    pub(crate) fn has_memory(&self) -> bool {
        self.bytes.capacity() > 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// What all of them took of the credit, those that were read included.
    pub(crate) fn cost(&self) -> usize {
        self.cost
    }

    /// The next one.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Item<'_>> {
        let rest = self.bytes.get(self.at..)?;
        let (len, rest) = rest.split_first_chunk()?;
        let len = u32::from_le_bytes(*len);
        self.at += size_of::<u32>();
        if len == LONG {
            return self.long.pop_front().map(Item::Long);
        }
        self.at += len as usize;
        rest.get(..len as usize).map(Item::Short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_they_went_in() {
        let mut packed = Packed::default();
        assert!(packed.is_empty() && packed.next().is_none());
        let long = Bytes::from(vec![7; COPIED]);
        packed.push(Piece::Lying(b"one"));
        packed.push(long.clone().into());
        let mut more = Packed::default();
        more.push(Piece::Lying(b""));
        packed.append(&mut more);
        assert_eq!(packed.cost(), 3 * HEADER + 3 + COPIED);
        assert!(matches!(packed.next(), Some(Item::Short(b"one"))));
        assert!(matches!(packed.next(), Some(Item::Long(bytes)) if bytes.as_ptr() == long.as_ptr()));
        assert!(matches!(packed.next(), Some(Item::Short(b""))));
        assert!(packed.is_empty() && packed.next().is_none());
    }

    #[test]
    fn a_long_item_goes_by_itself() {
        let mut batch = Batch::default();
        let put = |len: usize| {
            move |out: &mut Output| {
                out.put(&vec![1; len]);
                Ok::<(), ()>(())
            }
        };
        assert!(matches!(batch.push(2, 1, 64, put(3)), Ok((19, None))));
        assert!(matches!(batch.push(2, 1, 64, put(COPIED - 1)), Ok((_, None))));
        let (cost, long) = batch.push(2, 1, 64, put(COPIED)).unwrap();
        assert_eq!(cost, HEADER + COPIED);
        assert_eq!(long.map(|long| long.cost()), Some(cost));
        assert_eq!(batch.take().map(|items| items.cost()), Some(19 + HEADER + COPIED - 1));
        assert!(batch.take().is_none());
    }
}

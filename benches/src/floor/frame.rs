//! A frame: payload length `u32`, kind `u32`, call id `u64`, little-endian, then the payload.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::contestant::Fault;

pub(super) const HEADER: usize = 16;
/// From this size on a payload is a piece of its own instead of being copied.
pub(super) const LARGE: usize = 16 * 1024;
/// Read buffers: enough for a burst of small calls, and for large payloads in few reads.
const READ_MIN: usize = 64 * 1024;
const READ_MAX: usize = 256 * 1024;
const PAYLOAD_MAX: usize = 64 * 1024 * 1024;

/// What is done with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Echo = 0,
    Yield = 1,
    Timer = 2,
    /// Opens a server stream of so many (`u64`) small items.
    Down = 3,
    /// Opens a client stream; the answer is how many items came.
    Up = 4,
    /// Opens streams both ways.
    Both = 5,
    /// Opens a server stream of so many (`u64`) items of so many bytes (`u64`).
    Bulk = 6,
    /// One item of a stream.
    Item = 7,
    /// The stream's sender has no more items.
    End = 8,
    /// The stream's reader has read so many (`u64`) bytes, headers included.
    Read = 9,
}

impl Kind {
    fn of(number: u32) -> Option<Self> {
        use Kind::{Both, Bulk, Down, Echo, End, Item, Read, Timer, Up, Yield};
        [Echo, Yield, Timer, Down, Up, Both, Bulk, Item, End, Read].get(number as usize).copied()
    }
}

pub(super) fn header(kind: Kind, id: u64, payload: usize) -> [u8; HEADER] {
    let head = (payload as u64) | (kind as u64) << 32;
    let mut bytes = [0; HEADER];
    let (first, second) = bytes.split_at_mut(8);
    first.copy_from_slice(&head.to_le_bytes());
    second.copy_from_slice(&id.to_le_bytes());
    bytes
}

pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) id: u64,
    pub(super) payload: usize,
}

/// The head of the frame at the beginning of `buffer`, once the frame is there as a whole.
pub(super) fn complete(buffer: &[u8]) -> Result<Option<Head>, Fault> {
    let Some(mut bytes) = buffer.get(..HEADER) else {
        return Ok(None);
    };
    let payload = bytes.get_u32_le() as usize;
    let number = bytes.get_u32_le();
    let kind = Kind::of(number).ok_or_else(|| format!("there is no kind {number}"))?;
    if payload > PAYLOAD_MAX {
        return Err(format!("a payload of {payload} bytes is too long").into());
    }
    Ok((buffer.len() >= HEADER + payload).then(|| Head { kind, id: bytes.get_u64_le(), payload }))
}

/// Takes the payload of the frame that `head` was read from.
pub(super) fn take_payload(buffer: &mut BytesMut, head: &Head) -> Bytes {
    buffer.advance(HEADER);
    buffer.split_to(head.payload).freeze()
}

/// Sees to it that the next read has room: more where a large frame has begun.
pub(super) fn make_room(buffer: &mut BytesMut) {
    let payload = buffer.get(..4).map_or(0, |mut length| length.get_u32_le() as usize);
    if payload >= LARGE {
        buffer.reserve(payload.clamp(READ_MAX, 8 * READ_MAX));
    } else if buffer.capacity() - buffer.len() < READ_MIN / 4 {
        // Not before: answers that are still held keep the buffer from being used again from its beginning.
        buffer.reserve(READ_MIN);
    }
}

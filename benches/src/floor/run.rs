//! Items of one stream that came together: their frames as they were read, so that many are passed on at once.

use bytes::{Buf as _, Bytes, BytesMut};

use super::frame::{HEADER, Head, Kind, complete};
use crate::contestant::Fault;

/// How much of a stream may be on its way before its reader must have acknowledged it. An item may reach beyond.
pub(super) const WINDOW: usize = 2 * 1024 * 1024;
/// How many bytes of small items a sender gathers for one write.
pub(super) const BATCH: usize = 64 * 1024;

/// Takes the frame that `head` was read from, and those of the same stream behind it that are there as a whole.
pub(super) fn take_run(buffer: &mut BytesMut, head: &Head) -> Result<Bytes, Fault> {
    let mut length = HEADER + head.payload;
    while let Some(next) = complete(buffer.get(length..).unwrap_or_default())? {
        if next.kind != Kind::Item || next.id != head.id {
            break;
        }
        length += HEADER + next.payload;
    }
    Ok(buffer.split_to(length).freeze())
}

/// The payload of the first frame of a run, and the frame's length.
pub(super) fn first_item(run: &[u8]) -> Option<(&[u8], usize)> {
    let mut length = run.get(..4)?;
    let end = HEADER + length.get_u32_le() as usize;
    Some((run.get(HEADER..end)?, end))
}

/// The payloads of a run.
pub(super) fn items(mut run: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (payload, length) = first_item(run)?;
        run = run.get(length..).unwrap_or_default();
        Some(payload)
    })
}

/// How many bytes a reader has read and not yet acknowledged.
#[derive(Default)]
pub(super) struct Reading(usize);

impl Reading {
    /// Notes what was read. Gives what is to be acknowledged now: a part of the window at a time, for few frames.
    pub(super) fn read(&mut self, bytes: usize) -> Option<[u8; 8]> {
        self.0 += bytes;
        (self.0 >= WINDOW / 4).then(|| (std::mem::take(&mut self.0) as u64).to_le_bytes())
    }
}

/// How many bytes a sender may send before the reader must have acknowledged some; an item may reach beyond.
pub(super) struct Credit(i64);

impl Default for Credit {
    fn default() -> Self {
        Self(WINDOW as i64)
    }
}

impl Credit {
    pub(super) fn is_left(&self) -> bool {
        self.0 > 0
    }

    pub(super) fn spend(&mut self, bytes: usize) {
        self.0 -= bytes as i64;
    }

    /// Adds what an acknowledgement says.
    pub(super) fn handle_acknowledged(&mut self, mut payload: &[u8]) -> Result<(), Fault> {
        self.0 += i64::try_from(payload.try_get_u64_le()?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::frame::header;

    fn push(buffer: &mut BytesMut, kind: Kind, id: u64, payload: &[u8]) {
        buffer.extend_from_slice(&header(kind, id, payload.len()));
        buffer.extend_from_slice(payload);
    }

    #[test]
    fn a_run_ends_before_another_stream_and_before_half_a_frame() {
        for (kind, id) in [(Kind::Item, 8), (Kind::End, 7)] {
            let mut buffer = BytesMut::new();
            push(&mut buffer, Kind::Item, 7, b"one");
            push(&mut buffer, Kind::Item, 7, b"");
            push(&mut buffer, kind, id, b"other");
            let head = complete(&buffer).unwrap().unwrap();
            let run = take_run(&mut buffer, &head).unwrap();
            assert_eq!(items(&run).collect::<Vec<_>>(), [&b"one"[..], b""]);
            assert_eq!(complete(&buffer).unwrap().map(|head| (head.kind, head.id)), Some((kind, id)));
        }
        let mut buffer = BytesMut::new();
        push(&mut buffer, Kind::Item, 7, b"one");
        push(&mut buffer, Kind::Item, 7, b"two");
        buffer.truncate(buffer.len() - 1);
        let head = complete(&buffer).unwrap().unwrap();
        assert_eq!(items(&take_run(&mut buffer, &head).unwrap()).collect::<Vec<_>>(), [b"one"]);
        assert_eq!(buffer.len(), HEADER + 2);
    }

    #[test]
    fn a_reader_acknowledges_before_its_sender_has_to_wait() {
        let (mut credit, mut reading) = (Credit::default(), Reading::default());
        for _ in 0..10 * WINDOW / 1000 {
            assert!(credit.is_left());
            credit.spend(1000);
            if let Some(read) = reading.read(1000) {
                credit.handle_acknowledged(&read).unwrap();
            }
        }
        (0..WINDOW / 1000 + 1).for_each(|_| credit.spend(1000));
        assert!(!credit.is_left());
    }
}

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::message::{COPIED, Message};
use crate::frame::{Fields, Head};

/// What waits to be written, in order.
///
/// It counts every byte it was ever given. A call remembers the count at its first byte; comparing that with what has
/// been written proves whether any of the call has left.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    written: Written,
    appended: u64,
    /// The transport takes no more: nothing that has not been written will be.
    closed: bool,
    queue: Queue,
}

/// How many bytes the transport has taken, over the life of the connection.
type Written = u64;

/// Bytes in order: whole segments, then a buffer that still grows.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) segments: VecDeque<Bytes>,
    pub(crate) tail: BytesMut,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.tail.is_empty()
    }
}

impl Outbox {
    /// The place in the stream of bytes where the next byte goes.
    pub(super) fn position(&self) -> u64 {
        self.appended
    }

    /// Whether nothing of what was appended at `position` or later has been written, or will be.
    pub(super) fn is_unsent(&self, position: u64) -> bool {
        self.closed && self.written <= position
    }

    /// The transport takes no more. What is queued is dropped, and so is all that is appended later.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.queue = Queue::default();
    }

    /// How much has not been written.
    pub(super) fn backlog(&self) -> usize {
        (self.appended - self.written) as usize
    }

    pub(super) fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The transport has taken this many bytes in all.
    pub(super) fn handle_written(&mut self, total: u64) {
        self.written = self.written.max(total.min(self.appended));
    }

    /// Exchanges a queue that has been written for what is queued. Its buffer is used again.
    pub(super) fn exchange(&mut self, written: &mut Queue) {
        debug_assert!(written.is_empty(), "a queue that is left must have been written");
        std::mem::swap(&mut self.queue, written);
    }

    /// Takes what is queued.
    #[cfg(test)]
    pub(super) fn take(&mut self) -> Queue {
        std::mem::take(&mut self.queue)
    }

    /// Appends whatever `write` puts into the buffer.
    #[inline(always)]
    pub(super) fn put(&mut self, write: impl FnOnce(&mut BytesMut)) {
        if self.closed {
            return;
        }
        let before = self.queue.tail.len();
        write(&mut self.queue.tail);
        self.appended += (self.queue.tail.len() - before) as u64;
    }

    /// Appends a frame with all of a short message and no fields but a deadline: nearly every frame is one.
    #[inline(always)]
    pub(super) fn put_plain(&mut self, head: Head, deadline: Option<Duration>, message: &[u8]) {
        self.put(|buffer| head.put_plain(deadline, message, buffer));
    }

    /// Appends a frame with all of a message.
    pub(super) fn put_message(&mut self, head: Head, fields: &Fields, message: &Message) {
        self.put(|buffer| head.put(fields, message.len(), None, buffer));
        for segment in message.segments() {
            self.put_bytes(segment);
        }
        self.put(|buffer| buffer.extend_from_slice(message.tail()));
    }

    /// Appends bytes, sharing them where they are long.
    pub(super) fn put_bytes(&mut self, bytes: &Bytes) {
        if bytes.len() < COPIED {
            return self.put(|buffer| buffer.extend_from_slice(bytes));
        }
        if self.closed {
            return;
        }
        if !self.queue.tail.is_empty() {
            self.queue.segments.push_back(self.queue.tail.split().freeze());
        }
        self.queue.segments.push_back(bytes.clone());
        self.appended += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_prove_what_has_left() {
        let mut outbox = Outbox::default();
        outbox.put(|buffer| buffer.extend_from_slice(&[0; 10]));
        let position = outbox.position();
        outbox.put(|buffer| buffer.extend_from_slice(&[0; 10]));
        outbox.handle_written(10);
        assert!(!outbox.is_unsent(position), "it may still be written");
        outbox.close();
        assert!(outbox.is_unsent(position));
        outbox.handle_written(11);
        assert!(!outbox.is_unsent(position));
        assert_eq!(outbox.backlog(), 9);
    }

    #[test]
    fn nothing_leaves_a_closed_outbox() {
        let mut outbox = Outbox::default();
        outbox.put(|buffer| buffer.extend_from_slice(b"a"));
        outbox.close();
        outbox.put(|buffer| buffer.extend_from_slice(b"b"));
        outbox.put_bytes(&Bytes::from(vec![1; COPIED]));
        assert!(!outbox.has_queued());
    }

    #[test]
    fn long_segments_are_shared_and_the_order_is_kept() {
        let long = Bytes::from(vec![1; COPIED]);
        let mut outbox = Outbox::default();
        outbox.put(|buffer| buffer.extend_from_slice(b"a"));
        outbox.put_bytes(&long);
        outbox.put(|buffer| buffer.extend_from_slice(b"b"));
        let queue = outbox.take();
        assert_eq!(queue.segments.len(), 2);
        assert_eq!(queue.segments[1].as_ptr(), long.as_ptr());
        assert_eq!(&queue.tail[..], b"b");
        assert_eq!(outbox.backlog(), COPIED + 2);
    }
}

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::{Message, Outbox};
use crate::frame::{Fields, Head, put_chunk};

/// Messages on their way in chunks, each getting its turn (W-26).
#[derive(Debug, Default)]
pub(super) struct Sender {
    jobs: VecDeque<Job>,
    /// Answers that wait until the peer has room for them.
    waiting: VecDeque<Waiting>,
    /// The totals of the unfinished messages, which the peer's `assembly` limit bounds (W-28).
    totals: usize,
    /// How many bytes of all messages, begun or not, have not had their turn.
    left: usize,
}

#[derive(Debug)]
struct Job {
    id: u64,
    segments: VecDeque<Bytes>,
    total: usize,
    left: usize,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    head: Head,
    fields: Fields,
    message: Message,
}

impl Sender {
    /// Whether a message of this length may begin now. Answers that wait go first.
    pub(super) fn has_room(&self, total: usize, assembly: usize) -> bool {
        self.waiting.is_empty() && self.totals + total <= assembly
    }

    /// Appends the head of a message and begins it.
    pub(super) fn begin(&mut self, id: u64, head: Head, fields: &Fields, message: &Message, outbox: &mut Outbox) {
        outbox.put(|buffer| head.put(fields, 0, Some(message.len() as u32), buffer));
        self.totals += message.len();
        self.left += message.len();
        let tail = Bytes::copy_from_slice(message.tail());
        let segments = message.segments().iter().cloned().chain([tail]).collect();
        self.jobs.push_back(Job { id, segments, total: message.len(), left: message.len() });
    }

    /// Begins an answer as soon as the peer has room for it.
    pub(super) fn queue(&mut self, id: u64, head: Head, fields: Fields, message: Message) {
        self.left += message.len();
        self.waiting.push_back(Waiting { id, head, fields, message });
    }

    /// Stops sending the message of a call, begun or not (W-29, W-30). Says whether there was one.
    pub(super) fn forget(&mut self, id: u64) -> bool {
        if let Some(at) = self.jobs.iter().position(|job| job.id == id)
            && let Some(job) = self.jobs.remove(at)
        {
            self.totals -= job.total;
            self.left -= job.left;
            return true;
        }
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.id == id)
            && let Some(waiting) = self.waiting.remove(at)
        {
            self.left -= waiting.message.len();
            return true;
        }
        false
    }

    /// How many bytes have not had their turn.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.waiting.is_empty()
    }

    /// Appends one chunk, of at most `frame` bytes, of the message whose turn it is. Says whether a message was
    /// finished by it. The peer takes `assembly` bytes in unfinished messages.
    pub(super) fn put_next(&mut self, frame: usize, assembly: usize, outbox: &mut Outbox) -> bool {
        self.begin_waiting(assembly, outbox);
        let Some(mut job) = self.jobs.pop_front() else {
            return false;
        };
        let mut room = job.left.min(frame);
        job.left -= room;
        self.left -= room;
        outbox.put(|buffer| put_chunk(buffer, job.id, 0, room));
        while room > 0 {
            let Some(segment) = job.segments.front_mut() else {
                break;
            };
            let part = segment.split_to(room.min(segment.remaining()));
            room -= part.len();
            outbox.put_bytes(&part);
            if segment.is_empty() {
                job.segments.pop_front();
            }
        }
        if job.left > 0 {
            self.jobs.push_back(job);
            return false;
        }
        self.totals -= job.total;
        true
    }

    fn begin_waiting(&mut self, assembly: usize, outbox: &mut Outbox) {
        while let Some(next) = self.waiting.front()
            && self.totals + next.message.len() <= assembly
            && let Some(next) = self.waiting.pop_front()
        {
            self.left -= next.message.len();
            self.begin(next.id, next.head, &next.fields, &next.message, outbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::Queue;
    use super::*;

    fn begin(sender: &mut Sender, outbox: &mut Outbox, id: u64, len: usize) {
        let message = vec![0; len].into();
        sender.begin(id, Head::Reply { id }, &Fields::default(), &message, outbox);
    }

    #[test]
    fn messages_take_turns() {
        let mut sender = Sender::default();
        let mut outbox = Outbox::default();
        begin(&mut sender, &mut outbox, 1, 10);
        begin(&mut sender, &mut outbox, 3, 5);
        outbox.take(Queue::default());
        assert!(!sender.has_room(1, 15));
        let turns: Vec<bool> = (0..5).map(|_| sender.put_next(4, 15, &mut outbox)).collect();
        assert_eq!(turns, [false, false, false, true, true]);
        assert!(sender.is_idle());
        let queue = outbox.take(Queue::default());
        let ids: Vec<u8> = [0, 20, 40, 60].iter().map(|at| queue.tail[at + 8]).collect();
        assert_eq!(ids, [1, 3, 1, 3]);
    }

    #[test]
    fn a_forgotten_message_gives_its_room_back() {
        let mut sender = Sender::default();
        let mut outbox = Outbox::default();
        begin(&mut sender, &mut outbox, 1, 10);
        assert!(sender.forget(1));
        assert!(!sender.forget(1));
        assert!(sender.is_idle() && sender.has_room(10, 10));
        assert_eq!(sender.left(), 0);
    }

    /// W-28: an answer waits for the peer's room and begins when there is some.
    #[test]
    fn an_answer_waits_for_room() {
        let mut sender = Sender::default();
        let mut outbox = Outbox::default();
        begin(&mut sender, &mut outbox, 1, 8);
        sender.queue(3, Head::Reply { id: 3 }, Fields::default(), vec![0; 8].into());
        assert!(!sender.put_next(4, 10, &mut outbox));
        assert_eq!(sender.totals, 8);
        assert!(sender.put_next(4, 10, &mut outbox));
        assert!(!sender.put_next(4, 10, &mut outbox));
        assert_eq!(sender.totals, 8);
        assert!(sender.put_next(4, 10, &mut outbox));
        assert!(sender.is_idle());
        assert_eq!(sender.left(), 0);
    }
}

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::{Message, Outbox};
use crate::frame::{Fields, Head, put_chunk};

/// Messages that wait for their turn: long ones that travel in chunks (W-26), and short ones for which the outbox was
/// too full.
#[derive(Debug, Default)]
pub(super) struct Sender {
    turns: VecDeque<Turn>,
    /// Answers that fit in a frame. They go before chunks.
    short: VecDeque<Waiting>,
    /// Answers that wait until the peer has room for them.
    long: VecDeque<Waiting>,
    /// The totals of the unfinished messages, which the peer's `assembly` limit bounds (W-28).
    totals: usize,
    /// How many bytes of all answers, begun or not, have not had their turn.
    answers_left: usize,
    /// How many of them are of answers that fit in a frame.
    short_left: usize,
}

#[derive(Debug)]
enum Turn {
    /// A long message, of which a chunk goes at a time.
    Message(Job),
    /// Whatever a stream has.
    Stream { id: u64, index: u16 },
}

#[derive(Debug)]
struct Job {
    id: u64,
    /// Of the stream whose item it is; 0 for the call's own message.
    index: u16,
    segments: VecDeque<Bytes>,
    total: usize,
    left: usize,
    is_answer: bool,
}

/// What became of a turn.
#[derive(Debug, PartialEq)]
pub(super) enum Put {
    /// Nothing may go at present.
    Nothing,
    /// Something has gone.
    More,
    /// The last of a long message has gone.
    Finished { id: u64, index: u16 },
    /// It is the turn of a stream.
    Stream { id: u64, index: u16 },
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    index: u16,
    head: Head,
    fields: Fields,
    message: Message,
}

impl Sender {
    /// Whether a message of this length may begin now. Answers that wait go first: a short one may be what tells the
    /// peer that an item is cut off, whose room is free only then (W-28).
    pub(super) fn has_room(&self, total: usize, assembly: usize) -> bool {
        self.short.is_empty() && self.long.is_empty() && self.totals + total <= assembly
    }

    /// Appends the head of a call with a long message and begins it.
    pub(super) fn begin_call(&mut self, id: u64, head: Head, fields: &Fields, message: &Message, outbox: &mut Outbox) {
        self.begin((id, 0), head, fields, message, outbox, false);
    }

    /// Begins an answer with a long message as soon as the peer has room for it.
    pub(super) fn queue(&mut self, id: u64, head: Head, fields: Fields, message: Message) {
        self.answers_left += message.len();
        self.long.push_back(Waiting { id, index: 0, head, fields, message });
    }

    /// Begins a long item of a stream as soon as the peer has room for it.
    pub(super) fn queue_item(&mut self, id: u64, index: u16, message: Message) {
        let head = Head::Data { id, index };
        self.long.push_back(Waiting { id, index, head, fields: Fields::default(), message });
    }

    /// Gives a stream a turn.
    pub(super) fn add_turn(&mut self, id: u64, index: u16) {
        self.turns.push_back(Turn::Stream { id, index });
    }

    /// What a stream would have sent is not sent.
    pub(super) fn forget_stream(&mut self, id: u64, index: u16) {
        self.turns.retain(|turn| match turn {
            Turn::Stream { id: other, index: at } => (*other, *at) != (id, index),
            Turn::Message(job) => {
                let goes = job.id == id && job.index == index;
                if goes {
                    self.totals -= job.total;
                }
                !goes
            }
        });
        self.long.retain(|waiting| (waiting.id, waiting.index) != (id, index));
    }

    /// Appends an answer that fits in a frame as soon as the outbox has room for it.
    pub(super) fn queue_short(&mut self, id: u64, head: Head, fields: Fields, message: Message) {
        self.answers_left += message.len();
        self.short_left += message.len();
        self.short.push_back(Waiting { id, index: 0, head, fields, message });
    }

    /// Stops sending the message of a call, begun or not (W-29, W-30). Says whether there was one.
    pub(super) fn forget(&mut self, id: u64) -> bool {
        let of_call = |turn: &Turn| matches!(turn, Turn::Message(job) if (job.id, job.index) == (id, 0));
        if let Some(at) = self.turns.iter().position(of_call)
            && let Some(Turn::Message(job)) = self.turns.remove(at)
        {
            self.totals -= job.total;
            if job.is_answer {
                self.answers_left -= job.left;
            }
            return true;
        }
        if let Some(waiting) = take(&mut self.short, id) {
            self.answers_left -= waiting.message.len();
            self.short_left -= waiting.message.len();
            return true;
        }
        if let Some(waiting) = take(&mut self.long, id) {
            self.answers_left -= waiting.message.len();
            return true;
        }
        false
    }

    /// How many bytes of answers have not had their turn.
    pub(super) fn answers_left(&self) -> usize {
        self.answers_left
    }

    /// How many of them are of answers that fit in a frame.
    pub(super) fn short_left(&self) -> usize {
        self.short_left
    }

    /// Whether a call, and not only answers, is being sent.
    pub(super) fn has_calls(&self) -> bool {
        self.turns.iter().any(|turn| matches!(turn, Turn::Message(job) if !job.is_answer && job.index == 0))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.turns.is_empty() && self.short.is_empty() && self.long.is_empty()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.is_idle() && self.totals == 0 && self.answers_left == 0 && self.short_left == 0
    }

    /// Appends what has its turn: a short answer, or a chunk of at most `chunk` bytes; or says which stream has it. The
    /// peer takes `assembly` bytes in unfinished messages.
    pub(super) fn put_next(&mut self, chunk: usize, assembly: usize, outbox: &mut Outbox) -> Put {
        if let Some(next) = self.short.pop_front() {
            self.answers_left -= next.message.len();
            self.short_left -= next.message.len();
            outbox.put_message(next.head, &next.fields, &next.message);
            return Put::More;
        }
        self.begin_waiting(assembly, outbox);
        let mut job = match self.turns.pop_front() {
            None => return Put::Nothing,
            Some(Turn::Stream { id, index }) => return Put::Stream { id, index },
            Some(Turn::Message(job)) => job,
        };
        let mut room = job.left.min(chunk);
        job.left -= room;
        if job.is_answer {
            self.answers_left -= room;
        }
        outbox.put(|buffer| put_chunk(buffer, job.id, job.index, room));
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
            self.turns.push_back(Turn::Message(job));
            return Put::More;
        }
        self.totals -= job.total;
        Put::Finished { id: job.id, index: job.index }
    }

    fn begin_waiting(&mut self, assembly: usize, outbox: &mut Outbox) {
        while let Some(next) = self.long.front()
            && self.totals + next.message.len() <= assembly
            && let Some(next) = self.long.pop_front()
        {
            self.begin((next.id, next.index), next.head, &next.fields, &next.message, outbox, next.index == 0);
        }
    }

    fn begin(
        &mut self,
        (id, index): (u64, u16),
        head: Head,
        fields: &Fields,
        message: &Message,
        outbox: &mut Outbox,
        is_answer: bool,
    ) {
        outbox.put(|buffer| head.put(fields, 0, Some(message.len() as u32), buffer));
        self.totals += message.len();
        let tail = Bytes::copy_from_slice(message.tail());
        let segments = message.segments().iter().cloned().chain([tail]).collect();
        let len = message.len();
        self.turns.push_back(Turn::Message(Job { id, index, segments, total: len, left: len, is_answer }));
    }
}

/// The answer to a call, out of those that wait.
fn take(waiting: &mut VecDeque<Waiting>, id: u64) -> Option<Waiting> {
    let at = waiting.iter().position(|waiting| (waiting.id, waiting.index) == (id, 0))?;
    waiting.remove(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(sender: &mut Sender, outbox: &mut Outbox, id: u64, len: usize) {
        let message = vec![0; len].into();
        sender.begin_call(id, Head::Reply { id }, &Fields::default(), &message, outbox);
    }

    #[test]
    fn messages_take_turns() {
        let mut sender = Sender::default();
        let mut outbox = Outbox::default();
        begin(&mut sender, &mut outbox, 1, 10);
        begin(&mut sender, &mut outbox, 3, 5);
        outbox.take();
        assert!(!sender.has_room(1, 15));
        let turns: Vec<Put> = (0..5).map(|_| sender.put_next(4, 15, &mut outbox)).collect();
        let finished = |id| Put::Finished { id, index: 0 };
        assert_eq!(turns, [Put::More, Put::More, Put::More, finished(3), finished(1)]);
        assert!(sender.is_idle());
        let queue = outbox.take();
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
    }

    /// W-28: an answer waits for the peer's room and begins when there is some.
    #[test]
    fn an_answer_waits_for_room() {
        let mut sender = Sender::default();
        let mut outbox = Outbox::default();
        begin(&mut sender, &mut outbox, 1, 8);
        sender.queue(3, Head::Reply { id: 3 }, Fields::default(), vec![0; 8].into());
        assert_eq!(sender.put_next(4, 10, &mut outbox), Put::More);
        assert_eq!(sender.totals, 8);
        assert!(matches!(sender.put_next(4, 10, &mut outbox), Put::Finished { .. }));
        assert_eq!(sender.put_next(4, 10, &mut outbox), Put::More);
        assert_eq!(sender.totals, 8);
        assert!(matches!(sender.put_next(4, 10, &mut outbox), Put::Finished { .. }));
        assert!(sender.is_idle());
        assert_eq!(sender.answers_left(), 0);
    }

    #[test]
    fn short_answers_go_before_chunks() {
        let mut sender = Sender::default();
        let mut outbox = Outbox::default();
        begin(&mut sender, &mut outbox, 1, 8);
        sender.queue_short(3, Head::Reply { id: 3 }, Fields::default(), b"abc".to_vec().into());
        assert_eq!(sender.answers_left(), 3, "calls of this end do not count");
        outbox.take();
        assert_eq!(sender.put_next(8, 8, &mut outbox), Put::More);
        assert!(matches!(sender.put_next(8, 8, &mut outbox), Put::Finished { .. }));
        let queue = outbox.take();
        assert_eq!([queue.tail[8], queue.tail[16 + 2 + 3 + 8]], [3, 1]);
        assert!(sender.is_idle());
        assert_eq!(sender.answers_left(), 0);
    }

    #[test]
    fn a_forgotten_answer_that_waits_leaves_nothing() {
        let mut sender = Sender::default();
        sender.queue(1, Head::Reply { id: 1 }, Fields::default(), b"abc".to_vec().into());
        sender.queue_short(3, Head::Reply { id: 3 }, Fields::default(), b"abc".to_vec().into());
        assert!(sender.forget(1) && sender.forget(3) && !sender.forget(3));
        assert!(sender.is_idle());
        assert_eq!(sender.answers_left(), 0);
    }
}

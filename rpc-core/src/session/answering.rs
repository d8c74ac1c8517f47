//! How the calls of the peer are answered.

use std::time::Instant;

use super::streams::Final;
use super::work::Stage;
use super::{Answer, Message, Refusal, Session, Stop, Waits};
use crate::code::Code;
use crate::frame::{Breach, Fields, Head, Ran, put_done};
use crate::metadata::Metadata;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Answers a call; its slot is free. Does nothing for a call that has been answered. Gives back what would have
    /// stopped the handler.
    pub(crate) fn reply(&mut self, id: u64, answer: Answer) -> Option<H> {
        let Over { oneway, stopped, handler } = self.end_work(id)?;
        if oneway {
            self.done += 1;
        } else {
            self.put_reply(id, answer, stopped);
        }
        handler
    }

    #[inline]
    fn put_reply(&mut self, id: u64, answer: Answer, stopped: Option<Stop>) {
        if self.streams.get_mut(id).is_some() {
            return self.reply_behind_items(id, answer, stopped);
        }
        if let Answer::Reply { metadata: None, message } = &answer
            && let Some(message) = message.short()
            && self.outbox.backlog() < self.limits.write_queue
        {
            return self.outbox.put_plain(Head::Reply { id }, None, message);
        }
        let Final { head, fields, message } = self.answer_frame(id, answer, stopped);
        self.put_answer(id, head, fields, message);
    }

    /// The handler of a call has ended. The slot of one whose caller still sends is free when that has gone by (W-29).
    pub(super) fn end_work(&mut self, id: u64) -> Option<Over<H>> {
        if self.streams.is_empty() {
            return self.work.end(id).map(|entry| Over::new(entry.oneway, entry.stopped, entry.stage));
        }
        let is_reading = self.is_reading(id);
        let entry = self.work.get_mut(id).filter(|entry| !matches!(entry.stage, Stage::Answered))?;
        let stage = std::mem::replace(&mut entry.stage, Stage::Answered);
        let over = Over::new(entry.oneway, entry.stopped, stage);
        if is_reading {
            entry.deadline = None;
            self.read_over_streams(id);
        } else {
            self.work.end(id);
        }
        Some(over)
    }

    /// The frame that answers a call.
    fn answer_frame(&self, id: u64, answer: Answer, stopped: Option<Stop>) -> Final {
        let (head, fields, message) = match answer {
            Answer::Finished { metadata } => {
                let head = Head::End { id, index: 0, code: 0, ran: Ran::Yes, typed: false };
                (head, with(metadata), Message::default())
            }
            Answer::Reply { metadata, message } => {
                return self.value_frame(Head::Reply { id }, id, metadata, message, "result");
            }
            Answer::Typed { metadata, message } => {
                let head = Head::End { id, index: 0, code: Code::Unknown.number(), ran: Ran::Yes, typed: true };
                return self.value_frame(head, id, metadata, message, "error");
            }
            Answer::Status { code, message, metadata, push_back } => {
                (status(id, code, Ran::Yes), Fields { push_back, ..with(metadata) }, text(message))
            }
            Answer::Refused(refusal) => (status(id, refusal.code, Ran::No), Fields::default(), text(refusal.message)),
            Answer::Unknown(message) => (status(id, Code::Aborted, Ran::Unknown), Fields::default(), text(message)),
            Answer::Unbegun => {
                let Refusal { code, message } = Refusal::unbegun(stopped);
                (status(id, code, Ran::No), Fields::default(), text(message))
            }
            Answer::Stopped => {
                let (code, text) = Stop::told(stopped);
                (status(id, code, Ran::Yes), Fields::default(), text.into())
            }
        };
        Final { head, fields, message }
    }

    /// The frame that answers with a value, unless that is longer than the caller takes.
    fn value_frame(&self, head: Head, id: u64, metadata: Option<Box<Metadata>>, message: Message, what: &str) -> Final {
        let limit = self.longest_message();
        if message.len() <= limit {
            return Final { head, fields: with(metadata), message };
        }
        let text =
            format!("the {what} is {} bytes; the caller takes at most {limit} (its Limits::message)", message.len());
        let head = status(id, Code::ResourceExhausted, Ran::Yes);
        Final { head, fields: Fields::default(), message: text.into() }
    }

    /// Answers a call with streams: behind the items of the one that it reads.
    fn reply_behind_items(&mut self, id: u64, answer: Answer, stopped: Option<Stop>) {
        let mut answer = answer;
        if stopped == Some(Stop::Cancelled) {
            // Nobody wants the items any more. What cuts them off is no clean end, nor the one that was given.
            if self.has_items_before(id) {
                answer = Answer::Stopped;
            }
            self.stop_all_sent(id);
        }
        let last = self.answer_frame(id, answer, stopped);
        if self.has_items_before(id) {
            return self.end_sent(id, 1, last);
        }
        self.put_answer(id, last.head, last.fields, last.message);
        self.remove_answered(id);
    }

    /// Appends what a handler answered. It waits its turn where it is long, or much waits already: what the outbox
    /// holds beyond its limit is then what the peer caused without a call, which ends the connection (W-39).
    pub(super) fn put_answer(&mut self, id: u64, head: Head, fields: Fields, message: Message) {
        if head.overhead(&fields) + message.len() > self.peer_frame() {
            return self.sender.queue(id, head, fields, message);
        }
        if self.outbox.backlog() >= self.limits.write_queue {
            return self.sender.queue_short(id, head, fields, message);
        }
        self.outbox.put_message(head, &fields, &message);
    }

    pub(super) fn put_refusal(&mut self, id: u64, oneway: bool, refusal: &Refusal) {
        if oneway {
            self.done += 1;
            return;
        }
        let text = text(refusal.message.clone());
        self.outbox.put_message(status(id, refusal.code, Ran::No), &Fields::default(), &text);
    }

    /// Counts the one-way calls that have ended, in one frame.
    pub(super) fn put_done(&mut self) {
        if self.done > 0 {
            let done = std::mem::take(&mut self.done);
            self.outbox.put(|buffer| put_done(buffer, done));
        }
    }

    /// A CANCEL for a call that has been answered: an answer that is still being sent is cut off (W-30).
    pub(super) fn cut_off_reply(&mut self, id: u64, now: Instant) -> Result<(), Breach> {
        if !self.is_own(id) && self.cut_off(id) {
            return Ok(());
        }
        self.budget.spend(now)
    }

    pub(super) fn cut_off(&mut self, id: u64) -> bool {
        // Where no answer waits, it was given, also where the call is kept for what its caller still sends.
        let was_sending = self.sender.forget(id) || self.has_items_before(id);
        if was_sending {
            self.stop_all_sent(id);
            self.remove_answered(id);
            let text = "the caller has gone".to_owned().into();
            self.outbox.put_message(status(id, Code::Cancelled, Ran::Yes), &Fields::default(), &text);
        }
        was_sending
    }
}

/// What is left of a call whose handler has ended.
pub(super) struct Over<H> {
    pub(super) oneway: bool,
    /// Why the handler was told to stop, if it was.
    stopped: Option<Stop>,
    /// What stops it.
    handler: Option<H>,
}

impl<H> Over<H> {
    #[inline]
    fn new(oneway: bool, stopped: Option<Stop>, stage: Stage<H>) -> Self {
        let handler = if let Stage::Started(handler) = stage { handler } else { None };
        Self { oneway, stopped, handler }
    }
}

fn with(metadata: Option<Box<Metadata>>) -> Fields {
    Fields { metadata, ..Fields::default() }
}

/// The head of an END without a value.
fn status(id: u64, code: Code, ran: Ran) -> Head {
    Head::End { id, index: 0, code: code.number(), ran, typed: false }
}

/// A status says what is wrong in a line; longer texts are cut.
pub(super) fn text(mut text: String) -> Message {
    const LONGEST: usize = 8 * 1024;
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
    }
    text.into()
}

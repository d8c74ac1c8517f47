//! The answers of the peer to the calls that this end makes.

use std::time::Instant;

use super::calls::{Arriving, EndHead, Wire};
use super::{Ended, Outcome, Reply, Session, Ticket, Waits};
use crate::code::Code;
use crate::error::{Delivery, RpcError};
use crate::frame::{Body, Breach, End, Fields, Part, Ran, put_cancel};
use crate::metadata::Metadata;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    pub(super) fn handle_reply(
        &mut self,
        id: u64,
        fields: Fields,
        message: Part<'_>,
        now: Instant,
    ) -> Result<(), Breach> {
        if self.is_own(id) && self.streams.read(id, 1).is_some() {
            return Err(Breach::new(format!("a REPLY to call {id}, which is answered by a stream")));
        }
        self.handle_answer(id, None, fields, message, now)
    }

    pub(super) fn handle_end(&mut self, end: End<'_>, now: Instant) -> Result<(), Breach> {
        if end.code == 0 {
            if self.streams.read(end.id, 1).is_none() || !self.is_own(end.id) {
                return Err(Breach::new(format!("an END with code 0 for call {}, which is not a stream", end.id)));
            }
            return self.handle_answer(end.id, None, end.fields, end.message, now);
        }
        let head = EndHead { number: end.code, ran: end.ran, typed: end.typed, push_back: end.fields.push_back };
        self.handle_answer(end.id, Some(head), end.fields, end.message, now)
    }

    pub(super) fn handle_done(&mut self, count: u32, now: Instant) -> Result<(), Breach> {
        let count = count as usize;
        if count > self.oneways.len() {
            return Err(Breach::new(format!("DONE of {count} with {} one-way calls open", self.oneways.len())));
        }
        self.oneways.drain(..count);
        self.open -= count;
        self.send_queued(now);
        Ok(())
    }

    /// The message of an answer has come in full.
    pub(super) fn finish_answer(&mut self, id: u64, message: Body, now: Instant) {
        if let Some((ticket, entry)) = self.calls.open_mut(id)
            && let Some(arriving) = entry.answer.take()
        {
            let caller = self.close(ticket, id);
            self.give(caller, outcome(arriving.end, arriving.metadata, message));
            self.send_queued(now);
        }
    }

    /// The message of an answer that nobody wants has gone by.
    pub(super) fn finish_read_over_answer(&mut self, id: u64, now: Instant) {
        if let Some((ticket, _)) = self.calls.open_mut(id) {
            let error = RpcError::new(Code::Internal, "the answer was read over").with_delivery(Delivery::Executed);
            let caller = self.close(ticket, id);
            self.give(caller, Outcome::Failed(error));
            self.send_queued(now);
        }
    }

    /// Whether this end has cancelled a call, so that chunks of its answer are no fault of the peer.
    pub(super) fn is_cancelled(&mut self, id: u64) -> bool {
        self.calls.open_mut(id).is_some_and(|(_, entry)| matches!(entry.wire, Wire::Open { cancelled: true, .. }))
    }

    fn handle_answer(
        &mut self,
        id: u64,
        end: Option<EndHead>,
        fields: Fields,
        message: Part<'_>,
        now: Instant,
    ) -> Result<(), Breach> {
        // W-23: an answer is for a call that was sent.
        if !self.is_own(id) || id > self.last_sent {
            return Err(Breach::new(format!("an answer to call {id}, which was never sent")));
        }
        let (ticket, entry) = self.calls.open_mut(id).ok_or_else(|| answered_twice(id))?;
        let Wire::Open { cancelled, .. } = &mut entry.wire else {
            return Err(answered_twice(id));
        };
        if entry.answer.take().is_some() {
            // Once it was cancelled, an answer may be cut off (W-30); nothing else comes twice.
            let cuts_off = end.is_some_and(|end| end.code() == Code::Cancelled) && message.total.is_none();
            if !*cancelled || !cuts_off {
                return Err(answered_twice(id));
            }
            self.assembly.forget(id, 0);
        }
        if !self.sender.is_idle() && self.sender.forget(id) {
            // The answer came before the call's own message was complete; the peer must not wait for more (W-29).
            *cancelled = true;
            self.outbox.put(|buffer| put_cancel(buffer, id, 0));
        }
        if !self.streams.is_empty() {
            self.end_streams_of_answered(id, end, message.total.is_none())?;
        }
        let len = message.total.map_or(message.bytes.len(), |total| total as usize);
        let unreadable = self.unreadable(end, len, fields.unknown);
        if message.total.is_some() {
            return self.begin_answer(ticket, id, Arriving { end, metadata: fields.metadata }, &message, unreadable);
        }
        let has_streams = !self.streams.is_empty() && self.streams.get_mut(id).is_some();
        let caller = self.close(ticket, id);
        match (unreadable, end) {
            // Nobody looks at what came of its streams after this.
            (None, None) if !has_streams => {
                self.told.extend(caller.map(|caller| caller.tell(fields.metadata, message.bytes)));
            }
            (None, end) => self.give(caller, outcome(end, fields.metadata, message.bytes.into())),
            (Some(error), _) => self.give(caller, Outcome::Failed(error)),
        }
        if !self.line.is_empty() {
            self.send_queued(now);
        }
        Ok(())
    }

    /// The streams of a call of this end stop with its answer. The peer must not wait for more of them (W-29).
    #[inline(never)]
    fn end_streams_of_answered(&mut self, id: u64, end: Option<EndHead>, is_whole: bool) -> Result<(), Breach> {
        if self.assembly.has(id, 1) {
            if end.is_none() {
                return Err(Breach::new(format!("the stream of call {id} ended within an item")));
            }
            self.assembly.forget(id, 1);
        }
        if let Some(read) = self.streams.read(id, 1) {
            // The message of its end may take a while.
            read.is_over = true;
        }
        let unfinished: Vec<u16> = self.streams.sent_by(id).filter(|index| self.stop_sent(id, *index)).collect();
        let Some((_, entry)) = self.calls.open_mut(id) else {
            return Ok(());
        };
        let Wire::Open { cancelled, .. } = &mut entry.wire else {
            return Ok(());
        };
        if unfinished.is_empty() || *cancelled {
            return Ok(());
        }
        if is_whole {
            *cancelled = true;
            self.outbox.put(|buffer| put_cancel(buffer, id, 0));
            return Ok(());
        }
        // A CANCEL might cut off an answer that is not complete (W-30).
        for index in unfinished {
            self.put_stopped(id, index, "the call is answered");
        }
        Ok(())
    }

    #[inline(never)]
    fn begin_answer(
        &mut self,
        ticket: Ticket,
        id: u64,
        arriving: Arriving,
        message: &Part<'_>,
        failure: Option<RpcError>,
    ) -> Result<(), Breach> {
        if let Some(error) = failure {
            self.end_caller(ticket, Outcome::Failed(error));
        }
        let Some(entry) = self.calls.get_mut(ticket) else {
            return Ok(());
        };
        entry.answer = Some(Box::new(arriving));
        let wanted = entry.caller.is_some();
        self.assembly.begin(id, 0, message, wanted)
    }

    /// Why an answer cannot be taken in.
    #[inline]
    fn unreadable(&self, end: Option<EndHead>, len: usize, unknown: Option<u8>) -> Option<RpcError> {
        if unknown.is_none() && len <= self.limits.message {
            return None;
        }
        Some(self.why_unreadable(end, len, unknown))
    }

    #[cold]
    fn why_unreadable(&self, end: Option<EndHead>, len: usize, unknown: Option<u8>) -> RpcError {
        let ran = end.map_or(Ran::Yes, |end| end.ran);
        if let Some(tag) = unknown {
            let text = format!("the answer needs field {tag:#04x}, which this version does not know");
            // Perhaps the field takes back what the flag says.
            let delivery = if ran == Ran::Yes { Delivery::Executed } else { Delivery::Unknown };
            return RpcError::new(Code::Internal, text).with_delivery(delivery);
        }
        let limit = self.limits.message;
        let what = if end.is_none() { "result" } else { "error" };
        let text = format!("the {what} is {len} bytes; this end takes at most {limit} (its Limits::message)");
        RpcError::new(Code::ResourceExhausted, text).with_delivery(delivery(ran))
    }

    /// The peer has answered: the slot is free. Gives whoever still waits.
    fn close(&mut self, ticket: Ticket, id: u64) -> Option<C> {
        self.open -= 1;
        self.answered = true;
        if !self.streams.is_empty() {
            self.remove_streams(id);
        }
        self.calls.remove(ticket)
    }

    /// Leaves an outcome for whoever still waits.
    #[inline(never)]
    fn give(&mut self, caller: Option<C>, outcome: Outcome) {
        self.ended.extend(caller.map(|caller| Ended { caller, outcome }));
    }
}

#[cold]
fn answered_twice(id: u64) -> Breach {
    Breach::new(format!("call {id} was answered twice"))
}

fn outcome(end: Option<EndHead>, metadata: Option<Box<Metadata>>, body: Body) -> Outcome {
    match end {
        None => Outcome::Reply(Reply { metadata, body }),
        Some(end) => failure(end, metadata, body),
    }
}

/// The outcome that an END tells of.
#[inline(never)]
fn failure(end: EndHead, metadata: Option<Box<Metadata>>, body: Body) -> Outcome {
    if end.typed {
        return Outcome::Typed(Reply { metadata, body });
    }
    let text = String::from_utf8_lossy(&body);
    let error = match end.code() {
        // What this version does not know is passed on (W-25).
        Code::Unknown if end.number != Code::Unknown.number() => {
            RpcError::new(Code::Unknown, format!("{text} (code {})", end.number))
        }
        code => RpcError::new(code, text),
    };
    let error =
        error.with_all_metadata(metadata.map(|metadata| *metadata).unwrap_or_default()).with_push_back(end.push_back);
    Outcome::Failed(error.with_delivery(delivery(end.ran)))
}

fn delivery(ran: Ran) -> Delivery {
    match ran {
        Ran::Yes => Delivery::Executed,
        Ran::No => Delivery::NotExecuted,
        Ran::Unknown => Delivery::Unknown,
    }
}

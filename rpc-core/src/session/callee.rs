//! The calls that the peer makes: taken, refused, started, stopped.

use std::collections::VecDeque;
use std::time::Instant;

use super::outcome::{LONGEST_DEADLINE, weight};
use super::streams::{self, Read};
use super::work::{Entry, Stage};
use super::{Incoming, MOST_STREAMS, Refusal, Session, Stop, Waits};
use crate::code::Code;
use crate::error::RpcError;
use crate::frame::{Body, Breach, Call, Reason};
use crate::limits::INITIAL_CREDIT;

/// How much the driver may read before it starts what has come, in bytes.
const TURN: usize = 8 * 1024 * 1024;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    #[inline(never)]
    pub(super) fn handle_call(&mut self, call: Call<'_>, now: Instant) -> Result<(), Breach> {
        if self.is_own(call.id) || call.id <= self.last_seen {
            return Err(Breach::new(format!("call {} is not above call {} before it", call.id, self.last_seen)));
        }
        if call.oneway && (call.streams || call.reads) {
            return Err(Breach::new(format!("call {} is one-way, and has streams", call.id)));
        }
        if call.fields.request.is_some() && (call.oneway || call.streams || call.reads) {
            return Err(Breach::new(format!("call {} has a request id, and is one-way or has streams", call.id)));
        }
        self.last_seen = call.id;
        self.note_used(now);
        if self.closing.is_concluded() {
            // GOAWAY told the peer that this call is not taken (W-35); what comes of it is read over.
            if call.streams {
                self.keep_answered(&call)?;
            }
            return self.read_over(&call);
        }
        self.last_taken = call.id;
        if let Some(refusal) = self.refusal(&call) {
            return self.refuse_call(&call, &refusal);
        }
        self.budget.earn();
        let (id, oneway, streams) = (call.id, call.oneway, streams_of(&call));
        if streams > 0 || call.reads {
            self.make_streams(id, streams, call.reads);
        }
        let deadline = call.fields.deadline.map(|remaining| now + remaining.min(LONGEST_DEADLINE));
        let mut incoming = Incoming {
            id,
            codec: call.codec,
            service: call.service,
            method: call.method,
            streams,
            reads: call.reads,
            attempt: call.fields.attempt,
            deadline,
            request: call.fields.request,
            metadata: call.fields.metadata,
            body: Body::EMPTY,
        };
        let stage = if call.message.total.is_none() {
            incoming.body.put(call.message.bytes);
            self.make_ready(incoming);
            Stage::Ready
        } else {
            self.assembly.begin(id, 0, &call.message, true)?;
            Stage::Arriving(Box::new(incoming))
        };
        self.work.push(Entry { id, stage, oneway, deadline, stopped: None });
        self.note_deadline(deadline);
        Ok(())
    }

    /// Makes what the streams of a call of the peer need.
    #[inline(never)]
    fn make_streams(&mut self, id: u64, streams: u16, reads: bool) {
        self.budget.earn_more();
        let sent = if reads { vec![self.new_sent()] } else { Vec::new() };
        let read = (0..streams).map(|_| Read::new(INITIAL_CREDIT)).collect();
        self.streams.insert(streams::Entry { id, handle: None, sent, read });
    }

    /// The message of a call has come in full.
    pub(super) fn finish_call(&mut self, id: u64, message: Body) {
        let Some(entry) = self.work.get_mut(id).filter(|entry| matches!(entry.stage, Stage::Arriving(_))) else {
            return;
        };
        if let Stage::Arriving(incoming) = std::mem::replace(&mut entry.stage, Stage::Ready) {
            self.make_ready(Incoming { body: message, ..*incoming });
        }
    }

    /// All that was still to come of a call that was answered may have gone by: its slot is free then.
    pub(super) fn finish_read_over_call(&mut self, id: u64) {
        if self.assembly.has(id, 0) || self.is_reading(id) {
            return;
        }
        if self.work.get_mut(id).is_none_or(|entry| !matches!(entry.stage, Stage::Answered)) {
            return;
        }
        if !self.has_items_before(id) {
            // Otherwise the answer is still to come, behind them.
            self.remove_streams(id);
        }
        // An END was sent when the call was refused. A DONE names no call: the caller would take the slot for free.
        if self.work.end(id).is_some_and(|entry| entry.oneway) {
            self.done += 1;
        }
    }

    pub(super) fn handle_cancel(&mut self, id: u64, now: Instant) -> Result<(), Breach> {
        if self.work.get_mut(id).is_none() {
            self.assembly.forget(id, 0);
            return self.cut_off_reply(id, now);
        }
        if !self.streams.is_empty() {
            let error = RpcError::new(Code::Cancelled, "the caller has cancelled the call");
            self.end_all_read(id, &error);
        }
        let Some(entry) = self.work.get_mut(id) else {
            return Ok(());
        };
        match &mut entry.stage {
            Stage::Arriving(_) | Stage::Ready => {
                self.assembly.forget(id, 0);
                self.refuse(id, &Refusal::new(Code::Cancelled, "cancelled before it was started"));
            }
            Stage::Answered => {
                self.assembly.forget(id, 0);
                let is_cut_off = self.cut_off(id);
                self.finish_read_over_call(id);
                if is_cut_off {
                    return Ok(());
                }
            }
            Stage::Started(_) if entry.stopped.is_some() => return self.budget.spend(now),
            Stage::Started(handler) => {
                entry.stopped = Some(Stop::Cancelled);
                self.stopping.extend(handler.clone().map(|handler| (handler, Stop::Cancelled)));
            }
            Stage::Over => {}
        }
        Ok(())
    }

    /// Whether a call waits to be started and may be.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty() && self.may_start()
    }

    /// The calls to be started next, `most` at most, unless so much waits to be written that no more work is taken on.
    pub(crate) fn poll_calls(&mut self, into: &mut VecDeque<Incoming>, most: usize, now: Instant) {
        if self.ready.is_empty() {
            if into.capacity() == 0 {
                // Room that was lent goes back.
                std::mem::swap(into, &mut self.ready);
            }
            return;
        }
        if !into.is_empty() || !self.may_start() {
            return;
        }
        if self.ready.len() <= most {
            std::mem::swap(into, &mut self.ready);
        } else {
            into.extend(self.ready.drain(..most));
        }
        let mut has_late = false;
        for incoming in &*into {
            self.ready_bytes -= incoming.weight();
            if incoming.is_late(now) {
                has_late = true;
            } else if let Some(Entry { stage: stage @ Stage::Ready, .. }) = self.work.get_mut(incoming.id) {
                *stage = Stage::Started(None);
            }
        }
        if has_late {
            self.refuse_late(into, now);
            self.poll_calls(into, most, now);
        }
    }

    /// Takes those out whose deadline was over before they could be started.
    #[cold]
    fn refuse_late(&mut self, calls: &mut VecDeque<Incoming>, now: Instant) {
        calls.retain(|incoming| {
            let is_late = incoming.is_late(now);
            if is_late {
                self.end_unstarted(incoming.id, &late());
            }
            !is_late
        });
    }

    /// The next call to be started.
    #[cfg(test)]
    pub(crate) fn poll_call(&mut self, now: Instant) -> Option<Incoming> {
        let mut calls = VecDeque::new();
        self.poll_calls(&mut calls, 1, now);
        calls.pop_front()
    }

    /// Keeps what stops the handler of a started call. Gives it back at once, with the reason, where it must stop.
    pub(crate) fn attach(&mut self, id: u64, handler: H) -> Option<(H, Stop)> {
        let Some(entry) = self.work.get_mut(id).filter(|entry| !matches!(entry.stage, Stage::Answered)) else {
            // It has ended already, unless all have.
            return self.closing.is_lost().then_some((handler, Stop::Lost));
        };
        // One that is told to stop may go on; it is kept for when it must not.
        entry.stage = Stage::Started(Some(handler.clone()));
        entry.stopped.map(|stop| (handler, stop))
    }

    /// What stops the handlers that run.
    pub(crate) fn handlers(&self) -> impl Iterator<Item = &H> {
        self.work.iter().filter_map(|entry| match &entry.stage {
            Stage::Started(handler) => handler.as_ref(),
            Stage::Arriving(_) | Stage::Answered | Stage::Ready | Stage::Over => None,
        })
    }

    /// Tells every handler that runs to stop, and refuses what has not been started.
    pub(crate) fn stop_all(&mut self, stop: Stop) {
        let mut unstarted = Vec::new();
        for entry in self.work.iter_mut() {
            match &mut entry.stage {
                Stage::Started(handler) => {
                    // One that was told before is told again only where it may no longer go on.
                    if entry.stopped.is_none() || stop == Stop::Forced {
                        self.stopping.extend(handler.take().map(|handler| (handler, stop)));
                    }
                    entry.stopped.get_or_insert(stop);
                }
                Stage::Arriving(_) | Stage::Ready => unstarted.push(entry.id),
                Stage::Answered | Stage::Over => {}
            }
        }
        for id in unstarted {
            self.refuse_unstarted(id, &Refusal::new(Code::Unavailable, "the server is closing"));
        }
    }

    pub(super) fn expire_work(&mut self, now: Instant) {
        let mut late_calls = Vec::new();
        for entry in self.work.iter_mut() {
            if entry.stopped.is_some() || entry.deadline.is_none_or(|deadline| deadline > now) {
                continue;
            }
            match &mut entry.stage {
                Stage::Started(handler) => {
                    entry.stopped = Some(Stop::DeadlineExceeded);
                    self.stopping.extend(handler.clone().map(|handler| (handler, Stop::DeadlineExceeded)));
                }
                Stage::Arriving(_) | Stage::Ready => late_calls.push(entry.id),
                Stage::Answered | Stage::Over => {}
            }
        }
        for id in late_calls {
            self.refuse_unstarted(id, &late());
        }
    }

    /// Whether little enough waits to be written. Long answers take turns with everything else, so they hold up no other
    /// call; what they take of the memory is bounded apart.
    fn may_start(&self) -> bool {
        self.outbox.backlog() + self.sender.short_left() < self.limits.write_queue
            && self.sender.answers_left() < self.limits.assembly
    }

    fn refusal(&self, call: &Call<'_>) -> Option<Refusal> {
        let len = call.message.total.map_or(call.message.bytes.len(), |total| total as usize);
        let limits = &self.limits;
        if self.work.open() >= limits.calls {
            let text = format!("{} calls are open on this connection (the server's Limits::calls)", limits.calls);
            return Some(Refusal::new(Code::Unavailable, text));
        }
        if streams_of(call) > MOST_STREAMS {
            let text = format!("the call sends {} streams; it may send {MOST_STREAMS}", streams_of(call));
            return Some(Refusal::new(Code::ResourceExhausted, text));
        }
        if let Some(tag) = call.fields.unknown {
            let text = format!("the call needs field {tag:#04x}, which this version does not know");
            return Some(Refusal::new(Code::Unimplemented, text));
        }
        if len > limits.message {
            let text = format!(
                "the arguments are {len} bytes; the server takes at most {} (its Limits::message)",
                limits.message
            );
            return Some(Refusal::new(Code::ResourceExhausted, text));
        }
        // Where work is started, these are only what the driver has read since it last did so.
        let most = limits.assembly + if self.may_start() { TURN } else { 0 };
        if self.ready_bytes + weight(len, call.fields.metadata.as_deref()) > most {
            let text =
                format!("calls of {} bytes wait to be started (the server's Limits::assembly)", self.ready_bytes);
            return Some(Refusal::new(Code::Unavailable, text));
        }
        None
    }

    /// Answers a call that is not taken. One whose message still comes keeps its slot until that has gone by (W-29).
    #[cold]
    fn refuse_call(&mut self, call: &Call<'_>, refusal: &Refusal) -> Result<(), Breach> {
        if call.message.total.is_none() && !call.streams {
            self.put_refusal(call.id, call.oneway, refusal);
            return Ok(());
        }
        self.keep_answered(call)?;
        if !call.oneway {
            self.put_refusal(call.id, false, refusal);
        }
        self.read_over(call)
    }

    /// Keeps a call that is answered and of which more will come.
    #[cold]
    fn keep_answered(&mut self, call: &Call<'_>) -> Result<(), Breach> {
        let Call { id, oneway, .. } = *call;
        let most = 2 * self.limits.calls;
        if call.streams {
            if self.work.open() >= most {
                return Err(Breach::because(Reason::Flood, format!("more than {most} calls whose streams go on")));
            }
            let unread = || Read { is_unread: true, ..Read::new(INITIAL_CREDIT) };
            let read = (0..streams_of(call)).map(|_| unread()).collect();
            self.streams.insert(streams::Entry { id, handle: None, sent: Vec::new(), read });
        }
        self.work.push(Entry { id, stage: Stage::Answered, oneway, deadline: None, stopped: None });
        Ok(())
    }

    /// Lets the message of a call that is not taken go by.
    #[cold]
    fn read_over(&mut self, call: &Call<'_>) -> Result<(), Breach> {
        if call.message.total.is_none() {
            return Ok(());
        }
        // Answers that arrive are bounded by the calls of this end, and calls that are taken by their slots.
        let most = 2 * self.limits.calls;
        if self.assembly.len() >= most + self.open {
            return Err(Breach::because(Reason::Flood, format!("more than {most} unfinished messages")));
        }
        self.assembly.begin(call.id, 0, &call.message, false)
    }

    fn make_ready(&mut self, incoming: Incoming) {
        self.ready_bytes += incoming.weight();
        if self.ready.back().is_none_or(|last| last.id < incoming.id) {
            return self.ready.push_back(incoming);
        }
        // Its message came in chunks, which later calls have passed.
        let at = self.ready.partition_point(|other| other.id < incoming.id);
        self.ready.insert(at, incoming);
    }

    /// Ends a call that was not started, and whose message has come or will not come.
    fn refuse(&mut self, id: u64, refusal: &Refusal) {
        let is_ready = self.work.get_mut(id).is_some_and(|entry| matches!(entry.stage, Stage::Ready));
        if is_ready
            && let Ok(at) = self.ready.binary_search_by_key(&id, |incoming| incoming.id)
            && let Some(incoming) = self.ready.remove(at)
        {
            self.ready_bytes -= incoming.weight();
        }
        self.end_unstarted(id, refusal);
    }

    fn end_unstarted(&mut self, id: u64, refusal: &Refusal) {
        if let Some(over) = self.end_work(id) {
            self.put_refusal(id, over.oneway, refusal);
            self.remove_answered(id);
        }
    }

    /// Refuses a call that was not started. The message of one that is still arriving goes on coming: its slot is free
    /// when that has gone by.
    fn refuse_unstarted(&mut self, id: u64, refusal: &Refusal) {
        let Some(entry) = self.work.get_mut(id).filter(|entry| matches!(entry.stage, Stage::Arriving(_))) else {
            return self.refuse(id, refusal);
        };
        entry.stage = Stage::Answered;
        entry.deadline = None;
        let oneway = entry.oneway;
        self.assembly.read_over(id, 0);
        self.read_over_streams(id);
        if !oneway {
            self.put_refusal(id, false, refusal);
        }
    }
}

/// How many streams a call sends (W-32).
fn streams_of(call: &Call<'_>) -> u16 {
    if call.streams { u16::from(call.fields.streams).max(1) } else { 0 }
}

fn late() -> Refusal {
    Refusal::new(Code::DeadlineExceeded, "the deadline was over before the handler was started")
}

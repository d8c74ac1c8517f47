//! The calls that this end makes: started, answered, given up.

use std::time::Instant;

use bytes::Bytes;

use super::calls::{Arriving, Caller, EndHead, Wire, id_of};
use super::{EARLY_BYTES, EARLY_CALLS, Outcome, Outgoing, Reply, Session, Ticket};
use crate::code::Code;
use crate::error::{Delivery, Phase, RpcError};
use crate::frame::{Breach, End, Fields, HEADER, Head, Part, put_cancel};
use crate::metadata::Metadata;

impl<C, H> Session<C, H> {
    /// Starts a call: sends it, or queues it until there is a slot. `caller` is given back by
    /// [`poll_woken`](Self::poll_woken) once the outcome is there. What is sent stays with whoever calls; it is copied
    /// only where it has to wait.
    ///
    /// # Errors
    ///
    /// When the call can never be sent; none of it has been.
    pub(crate) fn start(&mut self, outgoing: &Outgoing, caller: C, now: Instant) -> Result<Ticket, RpcError> {
        self.check_start(outgoing, now)
            .map_err(|error| error.with_phase(Phase::Send).with_delivery(Delivery::NotSent))?;
        let deadline = outgoing.deadline;
        let full = || {
            RpcError::new(Code::ResourceExhausted, "more than a million calls wait on this connection")
                .with_phase(Phase::Send)
                .with_delivery(Delivery::NotSent)
        };
        if !self.queued.is_empty() || !self.may_send(outgoing, now) {
            let wire = Wire::Queued(Box::new(outgoing.clone()));
            let ticket = self.calls.insert(wire, Caller::Waiting(caller), deadline).ok_or_else(full)?;
            self.enqueue(ticket);
            self.note_deadline(deadline);
            return Ok(ticket);
        }
        if outgoing.oneway {
            let ticket = self.calls.insert(Wire::Closed, Caller::Ended(Outcome::Sent), None).ok_or_else(full)?;
            self.transmit(ticket, outgoing, now);
            return Ok(ticket);
        }
        let ticket = self.calls.insert(Wire::Closed, Caller::Waiting(caller), deadline).ok_or_else(full)?;
        let wire = self.transmit(ticket, outgoing, now);
        if let Some(entry) = self.calls.get_mut(ticket) {
            entry.wire = wire;
        }
        self.note_deadline(deadline);
        Ok(ticket)
    }

    /// Takes the outcome of a call, once it is there.
    pub(crate) fn take_outcome(&mut self, ticket: Ticket) -> Option<Outcome> {
        let entry = self.calls.get_mut(ticket)?;
        if !matches!(entry.caller, Caller::Ended(_)) {
            return None;
        }
        let Caller::Ended(outcome) = std::mem::replace(&mut entry.caller, Caller::Gone) else {
            return None;
        };
        self.calls.remove_if_over(ticket);
        Some(outcome)
    }

    /// Whether the outcome of a call is there to be taken.
    pub(crate) fn has_outcome(&mut self, ticket: Ticket) -> bool {
        self.calls.get_mut(ticket).is_some_and(|entry| matches!(entry.caller, Caller::Ended(_)))
    }

    /// Who waits for a call, to be exchanged for another.
    pub(crate) fn caller_mut(&mut self, ticket: Ticket) -> Option<&mut C> {
        match &mut self.calls.get_mut(ticket)?.caller {
            Caller::Waiting(caller) => Some(caller),
            _ => None,
        }
    }

    /// Nobody waits for this call any more. What was not sent is not sent; what is open is cancelled, and keeps its
    /// slot until it is answered.
    pub(crate) fn abandon(&mut self, ticket: Ticket) {
        let Some(entry) = self.calls.get_mut(ticket) else {
            return;
        };
        let waited = matches!(std::mem::replace(&mut entry.caller, Caller::Gone), Caller::Waiting(_));
        if waited && let Wire::Open { id, .. } = entry.wire {
            self.cancel(id);
        }
        self.calls.remove_if_over(ticket);
    }

    fn enqueue(&mut self, ticket: Ticket) {
        // Calls that were given up while they waited must not pile up behind one that cannot be sent.
        if self.queued.len() >= self.sweep_at {
            let calls = &mut self.calls;
            self.queued.retain(|ticket| calls.get_mut(*ticket).is_some());
            self.sweep_at = 2 * self.queued.len() + 64;
        }
        self.queued.push_back(ticket);
    }

    /// Sends what waits, while it may.
    pub(super) fn send_queued(&mut self, now: Instant) {
        while let Some(&ticket) = self.queued.front() {
            let Some(entry) = self.calls.get_mut(ticket) else {
                self.queued.pop_front();
                continue;
            };
            let Wire::Queued(outgoing) = std::mem::replace(&mut entry.wire, Wire::Closed) else {
                self.queued.pop_front();
                continue;
            };
            // The peer's limits may have been unknown when the call was queued.
            if let Err(error) = self.check_start(&outgoing, now) {
                self.queued.pop_front();
                let error = error.with_phase(Phase::Send).with_delivery(Delivery::NotSent);
                self.end_caller(ticket, Outcome::Failed(error));
                continue;
            }
            if !self.may_send(&outgoing, now) {
                if let Some(entry) = self.calls.get_mut(ticket) {
                    entry.wire = Wire::Queued(outgoing);
                }
                return;
            }
            self.queued.pop_front();
            let wire = self.transmit(ticket, &outgoing, now);
            if outgoing.oneway {
                self.end_caller(ticket, Outcome::Sent);
                continue;
            }
            if let Some(entry) = self.calls.get_mut(ticket) {
                entry.wire = wire;
            }
        }
    }

    pub(super) fn handle_reply(&mut self, id: u64, fields: Fields, message: Part, now: Instant) -> Result<(), Breach> {
        self.handle_answer(id, None, fields, message, now)
    }

    pub(super) fn handle_end(&mut self, end: End, now: Instant) -> Result<(), Breach> {
        let Some(code) = Code::from_number(end.code) else {
            return Err(Breach::new(format!("an END with code 0 for call {}, which is not a stream", end.id)));
        };
        let head = EndHead { code, not_executed: end.not_executed, typed: end.typed };
        self.handle_answer(end.id, Some(head), end.fields, end.message, now)
    }

    pub(super) fn handle_done(&mut self, count: u32, now: Instant) -> Result<(), Breach> {
        let mut count = count as usize;
        if self.closing.is_ending() {
            // One-way calls past GOAWAY's last were given up already.
            count = count.min(self.open_oneway);
        }
        if count > self.open_oneway {
            return Err(Breach::new(format!("DONE of {count} with {} one-way calls open", self.open_oneway)));
        }
        self.open_oneway -= count;
        self.open -= count;
        self.send_queued(now);
        Ok(())
    }

    /// The message of an answer has come in full.
    pub(super) fn finish_answer(&mut self, id: u64, message: Bytes, now: Instant) -> Result<(), Breach> {
        let Some((ticket, entry)) = self.calls.open_mut(id) else {
            return Ok(());
        };
        let Some(arriving) = entry.answer.take() else {
            return Err(Breach::new(format!("a CHUNK for call {id}, which has no answer")));
        };
        self.close(ticket, outcome(arriving.end, arriving.metadata, message), now);
        Ok(())
    }

    /// The message of an answer that nobody wants has gone by.
    pub(super) fn finish_read_over_answer(&mut self, id: u64, now: Instant) {
        if let Some((ticket, _)) = self.calls.open_mut(id) {
            let error = RpcError::new(Code::Internal, "the answer was read over").with_delivery(Delivery::Executed);
            self.close(ticket, Outcome::Failed(error), now);
        }
    }

    pub(super) fn expire_calls(&mut self, now: Instant) {
        for ticket in self.calls.expired(now) {
            let Some(entry) = self.calls.get_mut(ticket) else {
                continue;
            };
            let (open, delivery, phase) = match &entry.wire {
                Wire::Open { id, .. } => (Some(*id), Delivery::Unknown, Phase::Wait),
                _ => (None, Delivery::NotSent, Phase::Send),
            };
            if open.is_none() {
                entry.wire = Wire::Closed;
            }
            let waited = if open.is_some() { "no answer came" } else { "no slot was free" };
            let error = RpcError::new(Code::DeadlineExceeded, format!("{waited} before the deadline"));
            if let Some(id) = open {
                self.cancel(id);
            }
            self.end_caller(ticket, Outcome::Failed(error.with_delivery(delivery).with_phase(phase)));
        }
    }

    /// Gives a caller its outcome, unless it has gone or has one.
    pub(super) fn end_caller(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(entry) = self.calls.get_mut(ticket) else {
            return;
        };
        if matches!(entry.caller, Caller::Waiting(_))
            && let Caller::Waiting(caller) = std::mem::replace(&mut entry.caller, Caller::Ended(outcome))
        {
            self.woken.push(caller);
        }
        self.calls.remove_if_over(ticket);
    }

    fn check_start(&self, outgoing: &Outgoing, now: Instant) -> Result<(), RpcError> {
        self.closing.check_start()?;
        if outgoing.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(RpcError::new(Code::DeadlineExceeded, "the deadline was over before the call was sent"));
        }
        let limit = self.peer.as_ref().map_or(usize::MAX, |peer| peer.message as usize);
        if outgoing.message.len() > limit {
            return Err(RpcError::new(
                Code::ResourceExhausted,
                format!(
                    "the arguments are {} bytes; the server takes at most {limit} (its Limits::message)",
                    outgoing.message.len()
                ),
            ));
        }
        Ok(())
    }

    /// Whether the peer and the write queue have room for this call now.
    fn may_send(&self, outgoing: &Outgoing, now: Instant) -> bool {
        let len = outgoing.message.len();
        let Some(peer) = &self.peer else {
            let frame = HEADER + head(0, outgoing).overhead(&outgoing.fields(now)) + len;
            return self.early.calls < EARLY_CALLS && self.early.bytes + frame <= EARLY_BYTES;
        };
        self.open < peer.calls as usize
            && self.outbox.backlog() < self.limits.write_queue
            && (len < self.peer_frame() / 2 || self.sender.has_room(len, peer.assembly as usize))
    }

    /// Appends a call for which there is room, and counts it.
    fn transmit(&mut self, ticket: Ticket, outgoing: &Outgoing, now: Instant) -> Wire {
        self.sequence += 1;
        let id = id_of(self.sequence, ticket.slot, self.role.parity());
        self.last_sent = id;
        let position = self.outbox.position();
        let head = head(id, outgoing);
        let fields = outgoing.fields(now);
        if head.overhead(&fields) + outgoing.message.len() <= self.peer_frame() {
            self.outbox.put_message(head, &fields, &outgoing.message);
        } else {
            self.sender.begin(id, head, &fields, &outgoing.message, &mut self.outbox);
        }
        if self.peer.is_none() {
            self.early.calls += 1;
            self.early.bytes += (self.outbox.position() - position) as usize;
        }
        self.open += 1;
        if outgoing.oneway {
            self.open_oneway += 1;
            return Wire::Closed;
        }
        Wire::Open { id, position }
    }

    /// Tells the peer to stop, and sends no more of the call's message (W-30).
    fn cancel(&mut self, id: u64) {
        self.sender.forget(id);
        self.assembly.read_over(id, 0);
        self.outbox.put(|buffer| put_cancel(buffer, id, 0));
    }

    fn handle_answer(
        &mut self,
        id: u64,
        end: Option<EndHead>,
        fields: Fields,
        message: Part,
        now: Instant,
    ) -> Result<(), Breach> {
        self.check_answer(id)?;
        let Some((ticket, entry)) = self.calls.open_mut(id) else {
            return Err(Breach::new(format!("call {id} was answered twice")));
        };
        if entry.answer.is_some() || self.assembly.is_arriving(id, 0) {
            // An END may cut off a REPLY whose message is unfinished (W-30); nothing else comes twice.
            if end.is_none() || message.total.is_some() {
                return Err(Breach::new(format!("call {id} was answered twice")));
            }
            self.assembly.forget(id, 0);
        }
        if self.sender.forget(id) {
            // The answer came before the call's own message was complete; the peer must not wait for more (W-29).
            self.outbox.put(|buffer| put_cancel(buffer, id, 0));
        }
        let Some(total) = message.total else {
            let outcome = match fields.unknown {
                Some(tag) => Outcome::Failed(unknown_field(tag)),
                None => outcome(end, fields.metadata, message.bytes),
            };
            self.close(ticket, outcome, now);
            return Ok(());
        };
        self.begin_answer(
            ticket,
            id,
            total as usize,
            Arriving { end, metadata: fields.metadata },
            &message,
            fields.unknown,
        )
    }

    fn begin_answer(
        &mut self,
        ticket: Ticket,
        id: u64,
        total: usize,
        arriving: Arriving,
        message: &Part,
        unknown: Option<u8>,
    ) -> Result<(), Breach> {
        let limit = self.limits.message;
        let error = unknown.map(unknown_field).or_else(|| {
            (total > limit).then(|| {
                RpcError::new(
                    Code::ResourceExhausted,
                    format!("the result is {total} bytes; this end takes at most {limit} (its Limits::message)"),
                )
                .with_delivery(Delivery::Executed)
            })
        });
        let failed = error.is_some();
        if let Some(error) = error {
            self.end_caller(ticket, Outcome::Failed(error));
        }
        let waits = self.calls.get_mut(ticket).is_some_and(|entry| matches!(entry.caller, Caller::Waiting(_)));
        self.assembly.begin(id, 0, message, waits && !failed)?;
        if let Some(entry) = self.calls.get_mut(ticket) {
            entry.answer = Some(Box::new(arriving));
        }
        Ok(())
    }

    /// W-23: an answer is for a call that was sent.
    fn check_answer(&self, id: u64) -> Result<(), Breach> {
        if self.is_own(id) && id <= self.last_sent {
            return Ok(());
        }
        Err(Breach::new(format!("an answer to call {id}, which was never sent")))
    }

    /// The peer has answered: the slot is free, and the caller has its outcome.
    fn close(&mut self, ticket: Ticket, outcome: Outcome, now: Instant) {
        if let Some(entry) = self.calls.get_mut(ticket) {
            entry.wire = Wire::Closed;
            entry.answer = None;
        }
        self.open -= 1;
        self.end_caller(ticket, outcome);
        if !self.queued.is_empty() {
            self.send_queued(now);
        }
    }

    /// What is known of a call when the connection is lost.
    pub(super) fn delivery_when_lost(&self, wire: &Wire) -> Delivery {
        match wire {
            Wire::Open { id, .. } if self.closing.is_past_last(*id) => Delivery::NotExecuted,
            Wire::Open { position, .. } if !self.outbox.is_unwritten(*position) => Delivery::Unknown,
            _ => Delivery::NotSent,
        }
    }
}

fn head(id: u64, outgoing: &Outgoing) -> Head {
    Head::Call {
        id,
        codec: outgoing.codec,
        service: outgoing.service,
        method: outgoing.method,
        oneway: outgoing.oneway,
        streams: false,
    }
}

fn outcome(end: Option<EndHead>, metadata: Option<Box<Metadata>>, body: Bytes) -> Outcome {
    let Some(end) = end else {
        return Outcome::Reply(Reply { metadata, body });
    };
    if end.typed {
        return Outcome::Typed(Reply { metadata, body });
    }
    let delivery = if end.not_executed { Delivery::NotExecuted } else { Delivery::Executed };
    let error = RpcError::new(end.code, String::from_utf8_lossy(&body))
        .with_all_metadata(metadata.map(|metadata| *metadata).unwrap_or_default());
    Outcome::Failed(error.with_delivery(delivery))
}

fn unknown_field(tag: u8) -> RpcError {
    RpcError::new(Code::Internal, format!("the answer needs field {tag:#04x}, which this version does not know"))
        .with_delivery(Delivery::Executed)
}

//! The calls that this end makes: started, sent, given up.

use std::time::Instant;

use super::calls::{LAST_SEQUENCE, PLACES, Wire, id_of};
use super::line::Obstacle;
use super::streams::{Entry, Read};
use super::{EARLY_BYTES, EARLY_CALLS, Ended, Outcome, Outgoing, Session, Ticket, Waits};
use crate::code::Code;
use crate::error::{Delivery, Phase, RpcError};
use crate::frame::{HEADER, Head, put_cancel};
use crate::limits::INITIAL_CREDIT;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Starts a call: sends it, or queues it until there is a slot. `caller` is [told](Waits::tell) of a reply, and given
    /// back with any other outcome by [`poll_ended`](Self::poll_ended); there is nothing to wait for (`None`) where a one-way call is on its way at
    /// once. What is sent stays with whoever calls; it is copied only where it has to wait.
    ///
    /// # Errors
    ///
    /// When the call can never be sent; none of it has been.
    pub(crate) fn start(&mut self, outgoing: &Outgoing, caller: C, now: Instant) -> Result<Option<Ticket>, RpcError> {
        self.check_live()
            .and_then(|()| self.check_fits(outgoing, now))
            .map_err(|error| error.with_phase(Phase::Send).with_delivery(Delivery::NotSent))?;
        let deadline = outgoing.deadline;
        let obstacle = match self.line.front(Obstacle::Slot) {
            Some(_) => Some(Obstacle::Slot),
            None => self.obstacle(outgoing, Obstacle::Slot, now),
        };
        if let Some(obstacle) = obstacle {
            return self.queue(outgoing, caller, obstacle).map(Some);
        }
        let slot = self.calls.vacant().ok_or_else(full)?;
        let (id, position) = self.transmit(slot, outgoing, now);
        if outgoing.oneway {
            return Ok(None);
        }
        let wire = Wire::Open { id, position, cancelled: false };
        let ticket = self.calls.insert(slot, wire, caller, deadline);
        if outgoing.has_streams() {
            self.open_streams(ticket, id, outgoing);
        }
        self.note_deadline(deadline);
        Ok(Some(ticket))
    }

    /// Has a call wait, with a copy of what it sends.
    #[inline(never)]
    fn queue(&mut self, outgoing: &Outgoing, caller: C, obstacle: Obstacle) -> Result<Ticket, RpcError> {
        let slot = self.calls.vacant().ok_or_else(full)?;
        let wire = Wire::Queued(Box::new(outgoing.clone()));
        let ticket = self.calls.insert(slot, wire, caller, outgoing.deadline);
        if self.line.is_long() {
            let calls = &mut self.calls;
            self.line.sweep(|ticket| calls.get_mut(ticket).is_some());
        }
        self.line.push(ticket, obstacle);
        self.note_deadline(outgoing.deadline);
        Ok(ticket)
    }

    #[cfg(test)]
    pub(super) fn is_waiting(&mut self, ticket: Ticket) -> bool {
        self.calls.get_mut(ticket).is_some_and(|entry| entry.caller.is_some())
    }

    /// Nobody waits for this call any more. What was not sent is not sent; what is open is cancelled, and keeps its
    /// slot until it is answered. Gives back who waited.
    pub(crate) fn abandon(&mut self, ticket: Ticket) -> Option<C> {
        let caller = self.calls.get_mut(ticket)?.caller.take()?;
        self.cancel(ticket);
        self.calls.remove_if_over(ticket);
        Some(caller)
    }

    /// Whether calls can be started here.
    pub(crate) fn is_live(&self) -> bool {
        self.closing.is_live() && self.sequence < LAST_SEQUENCE
    }

    /// Why calls cannot be started here, if that is so.
    pub(crate) fn check_live(&self) -> Result<(), RpcError> {
        self.closing.check_start()?;
        self.check_ids()
    }

    /// Whether a call of this end was answered, or one of the peer taken.
    pub(crate) fn was_useful(&self) -> bool {
        self.answered || self.last_taken > 0
    }

    fn check_ids(&self) -> Result<(), RpcError> {
        if self.sequence >= LAST_SEQUENCE {
            return Err(RpcError::new(Code::Unavailable, "the connection has used up its call ids"));
        }
        Ok(())
    }

    /// Sends what waits, while it may. Those that waited for room longest go first.
    pub(super) fn send_queued(&mut self, now: Instant) {
        if self.send_line(Obstacle::Room, now) != Some(Obstacle::Slot) {
            self.send_line(Obstacle::Slot, now);
        }
    }

    /// Sends what waits for something, and says what it was that the first of the rest still waits for.
    fn send_line(&mut self, waits_for: Obstacle, now: Instant) -> Option<Obstacle> {
        while let Some(ticket) = self.line.front(waits_for) {
            let Some(entry) = self.calls.get_mut(ticket) else {
                self.line.pop(waits_for);
                continue;
            };
            let Wire::Queued(outgoing) = std::mem::replace(&mut entry.wire, Wire::Closed) else {
                self.line.pop(waits_for);
                continue;
            };
            // The peer's limits may have been unknown when the call was queued.
            if let Err(error) = self.check_ids().and_then(|()| self.check_fits(&outgoing, now)) {
                self.line.pop(waits_for);
                let error = error.with_phase(Phase::Send).with_delivery(Delivery::NotSent);
                self.end_caller(ticket, Outcome::Failed(error));
                continue;
            }
            if let Some(obstacle) = self.obstacle(&outgoing, waits_for, now) {
                if let Some(entry) = self.calls.get_mut(ticket) {
                    entry.wire = Wire::Queued(outgoing);
                }
                if obstacle == waits_for || obstacle == Obstacle::Slot {
                    return Some(obstacle);
                }
                self.line.pop(waits_for);
                self.line.push(ticket, obstacle);
                continue;
            }
            self.line.pop(waits_for);
            let (id, position) = self.transmit(ticket.slot, &outgoing, now);
            if outgoing.oneway {
                self.end_caller(ticket, Outcome::Sent);
                continue;
            }
            if let Some(entry) = self.calls.get_mut(ticket) {
                entry.wire = Wire::Open { id, position, cancelled: false };
            }
            if outgoing.has_streams() {
                self.open_streams(ticket, id, &outgoing);
            }
        }
        None
    }

    pub(super) fn expire_calls(&mut self, now: Instant) {
        for ticket in self.calls.expired(now) {
            let Some(entry) = self.calls.get_mut(ticket) else {
                continue;
            };
            let (waited, delivery, phase) = match entry.wire {
                Wire::Open { .. } => ("no answer came", Delivery::Unknown, Phase::Wait),
                _ => ("no slot was free", Delivery::NotSent, Phase::Send),
            };
            if matches!(entry.wire, Wire::Queued(_)) {
                entry.wire = Wire::Closed;
            }
            self.cancel(ticket);
            let error = RpcError::new(Code::DeadlineExceeded, format!("{waited} before the deadline"));
            self.end_caller(ticket, Outcome::Failed(error.with_delivery(delivery).with_phase(phase)));
        }
    }

    /// Gives a caller its outcome, unless it has gone or has one.
    pub(super) fn end_caller(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(entry) = self.calls.get_mut(ticket) else {
            return;
        };
        if let Some(caller) = entry.caller.take() {
            self.ended.push(Ended { caller, outcome });
        }
        self.calls.remove_if_over(ticket);
    }

    /// What is known of a call when the connection is lost.
    pub(super) fn delivery_when_lost(&self, wire: &Wire) -> Delivery {
        match wire {
            Wire::Open { id, .. } if self.closing.is_past_last(*id) => Delivery::NotExecuted,
            Wire::Open { position, .. } if !self.outbox.is_unsent(*position) => Delivery::Unknown,
            _ => Delivery::NotSent,
        }
    }

    fn check_fits(&self, outgoing: &Outgoing, now: Instant) -> Result<(), RpcError> {
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

    /// What a call has to wait for when it is the first of those that wait for `first_of`.
    fn obstacle(&self, outgoing: &Outgoing, first_of: Obstacle, now: Instant) -> Option<Obstacle> {
        let Some(peer) = &self.peer else {
            let fits = self.early.calls < EARLY_CALLS && self.early.bytes + early_cost(outgoing, now) <= EARLY_BYTES;
            return (!fits).then_some(Obstacle::Slot);
        };
        // However many calls a peer says it takes, the table has only so many places.
        if self.open >= (peer.calls as usize).min(PLACES) || self.outbox.backlog() >= self.limits.write_queue {
            return Some(Obstacle::Slot);
        }
        let is_behind = first_of == Obstacle::Slot && self.line.front(Obstacle::Room).is_some();
        let has_room = !is_behind && self.sender.has_room(outgoing.message.len(), peer.assembly as usize);
        (self.needs_room(outgoing) && !has_room).then_some(Obstacle::Room)
    }

    /// Whether a call may be one that travels in chunks.
    fn needs_room(&self, outgoing: &Outgoing) -> bool {
        outgoing.message.len() >= self.peer_frame() / 2
    }

    /// Appends a call for which there is room, and counts it. Gives its id, and its place in the stream of bytes.
    fn transmit(&mut self, slot: u32, outgoing: &Outgoing, now: Instant) -> (u64, u64) {
        self.sequence += 1;
        let id = id_of(self.sequence, slot, self.role.parity());
        self.last_sent = id;
        let position = self.outbox.position();
        self.append(id, outgoing, now);
        if self.peer.is_none() {
            self.early.calls += 1;
            self.early.bytes += early_cost(outgoing, now);
        }
        self.open += 1;
        if outgoing.oneway {
            self.oneways.push_back(id);
        }
        (id, position)
    }

    /// Makes what a call's streams need; the application is told that they may begin.
    #[inline(never)]
    fn open_streams(&mut self, ticket: Ticket, id: u64, outgoing: &Outgoing) {
        let sent = (0..outgoing.streams).map(|_| self.new_sent()).collect();
        let read = if outgoing.reads { vec![Read::new(INITIAL_CREDIT)] } else { Vec::new() };
        self.streams.insert(Entry { id, handle: None, sent, read });
        self.widen(id, outgoing.window);
        if let Some(caller) = self.calls.get_mut(ticket).and_then(|entry| entry.caller.clone()) {
            self.news.get_or_insert_default().opened.push((caller, id));
        }
    }

    /// Appends a call, or the beginning of one that is long.
    #[inline]
    fn append(&mut self, id: u64, outgoing: &Outgoing, now: Instant) {
        if let Some(message) = outgoing.message.short()
            && outgoing.metadata.is_none()
            && outgoing.request.is_none()
            && outgoing.streams < 2
            && outgoing.attempt == 0
        {
            return self.outbox.put_plain(head(id, outgoing), outgoing.remaining(now), message);
        }
        self.append_any(id, outgoing, now);
    }

    #[inline(never)]
    fn append_any(&mut self, id: u64, outgoing: &Outgoing, now: Instant) {
        let head = head(id, outgoing);
        let fields = outgoing.fields(now);
        if head.overhead(&fields) + outgoing.message.len() <= self.peer_frame() {
            self.outbox.put_message(head, &fields, &outgoing.message);
        } else {
            self.sender.begin_call(id, head, &fields, &outgoing.message, &mut self.outbox);
        }
    }

    /// Tells the peer to stop, once, and sends no more of the call's message (W-30).
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        if let Some(entry) = self.calls.get_mut(ticket)
            && let Wire::Open { id, cancelled, .. } = &mut entry.wire
            && !std::mem::replace(cancelled, true)
        {
            let id = *id;
            self.sender.forget(id);
            self.assembly.read_over(id, 0);
            self.stop_all_sent(id);
            self.read_over_items(id);
            self.outbox.put(|buffer| put_cancel(buffer, id, 0));
        }
    }
}

#[cold]
fn full() -> RpcError {
    RpcError::new(Code::ResourceExhausted, "more than a million calls wait on this connection")
        .with_phase(Phase::Send)
        .with_delivery(Delivery::NotSent)
}

#[inline(always)]
fn head(id: u64, outgoing: &Outgoing) -> Head {
    Head::Call {
        id,
        codec: outgoing.codec,
        service: outgoing.service,
        method: outgoing.method,
        oneway: outgoing.oneway,
        streams: outgoing.streams > 0,
        reads: outgoing.reads,
    }
}

/// What a call takes of the bytes that may go before the peer's HELLO: its frame, credit for its answer, and a CANCEL
/// (W-14).
fn early_cost(outgoing: &Outgoing, now: Instant) -> usize {
    let frame = HEADER + head(0, outgoing).overhead(&outgoing.fields(now)) + outgoing.message.len();
    let credit = if outgoing.reads && outgoing.window > INITIAL_CREDIT { HEADER + 4 } else { 0 };
    if outgoing.oneway { frame } else { frame + credit + HEADER }
}

//! How a connection ends: announced, concluded, broken off or lost.

use std::time::Instant;

use super::calls::Wire;
use super::{Outcome, Session, Stop, Waits};
use crate::code::Code;
use crate::error::{Delivery, Phase, RpcError};
use crate::frame::{ANNOUNCED, Breach, Reason, put_cancel, put_goaway, put_ping};

/// The token of the PING that follows an announcement: when it is back, no call is on its way any more (W-36).
const CROSSED: [u8; 8] = *b"goaway\0\0";

/// How far the end has come, in both directions.
#[derive(Debug, Default)]
pub(super) struct Closing {
    announced: bool,
    concluded: bool,
    /// This end starts no further calls, and has no use for the connection when those that are open have ended.
    retired: bool,
    /// What the peer's GOAWAY said.
    peer: Option<Goaway>,
    /// Why no call can be made any more.
    lost: Option<RpcError>,
}

#[derive(Debug)]
struct Goaway {
    last: u64,
    reason: Reason,
    text: String,
}

impl Closing {
    pub(super) fn is_concluded(&self) -> bool {
        self.concluded
    }

    /// Whether this end closes the connection as soon as no call is open.
    pub(super) fn is_over_when_idle(&self) -> bool {
        self.concluded || self.retired
    }

    /// Whether no further call can be made, and this end has not said that it takes none.
    pub(super) fn is_to_be_concluded(&self) -> bool {
        let refuses = self.peer.as_ref().is_some_and(|goaway| goaway.last != ANNOUNCED);
        (refuses || self.retired) && !self.concluded && self.lost.is_none()
    }

    /// Whether calls may still be made.
    pub(super) fn is_live(&self) -> bool {
        self.lost.is_none() && self.peer.is_none() && !self.retired
    }

    /// Whether the peer has said that it did not take this call.
    pub(super) fn is_past_last(&self, id: u64) -> bool {
        self.peer.as_ref().is_some_and(|goaway| id > goaway.last)
    }

    /// Whether the connection is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// Why no call may be made any more, if that is so.
    pub(super) fn check_start(&self) -> Result<(), RpcError> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        match &self.peer {
            Some(goaway) => Err(goaway.error()),
            None if self.retired => Err(RpcError::new(Code::Unavailable, "the connection is being closed")),
            None => Ok(()),
        }
    }
}

impl Goaway {
    fn error(&self) -> RpcError {
        let text = match (self.reason, self.text.as_str()) {
            (Reason::Shutdown, "") => "the peer is closing the connection".to_owned(),
            (reason, "") => format!("the peer closed the connection: {reason}"),
            (_, text) => format!("the peer closed the connection: {text}"),
        };
        let code = match self.reason {
            Reason::Version => Code::Unimplemented,
            Reason::Refused => Code::Unauthenticated,
            _ => Code::Unavailable,
        };
        RpcError::new(code, text)
    }
}

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Begins a graceful end: the peer starts no further calls, those on their way are still taken.
    pub(crate) fn shut_down(&mut self) {
        if self.closing.announced || self.closing.concluded {
            return;
        }
        self.closing.announced = true;
        self.outbox.put(|buffer| {
            put_goaway(buffer, ANNOUNCED, Reason::Shutdown, "");
            put_ping(buffer, CROSSED);
        });
    }

    /// Starts no further calls, and ends the connection when those that are open, in either direction, have ended.
    pub(crate) fn retire(&mut self) {
        self.closing.retired = true;
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.closing.retired
    }

    /// Takes no further calls: whatever comes now was not executed.
    pub(crate) fn conclude(&mut self, reason: Reason, text: &str) {
        if self.closing.concluded {
            return;
        }
        self.closing.concluded = true;
        let last = self.last_taken;
        self.outbox.put(|buffer| put_goaway(buffer, last, reason, text));
    }

    /// Ends the connection because of what the peer did.
    pub(crate) fn break_off(&mut self, breach: &Breach) {
        self.conclude(breach.reason(), breach.text());
    }

    /// The transport takes no more: what it has not taken by now is not sent, and [`poll_transmit`] gives nothing
    /// further. Called before [`handle_lost`](Self::handle_lost), it proves which calls were not sent; without it, what
    /// was queued may still be written as last words.
    ///
    /// [`poll_transmit`]: Self::poll_transmit
    pub(crate) fn handle_unwritable(&mut self) {
        self.outbox.close();
    }

    /// The connection is gone, or given up: every call ends, every handler must stop.
    pub(crate) fn handle_lost(&mut self, error: RpcError) {
        if self.closing.lost.is_some() {
            return;
        }
        // What the peer said before it closed explains more than the end of the stream.
        let error = match &self.closing.peer {
            Some(goaway) => goaway.error(),
            None => error,
        };
        for ticket in self.calls.tickets() {
            let Some(entry) = self.calls.get_mut(ticket) else {
                continue;
            };
            let waits = entry.caller.is_some();
            let wire = std::mem::replace(&mut entry.wire, Wire::Closed);
            if waits {
                let delivery = self.delivery_when_lost(&wire);
                let phase = if matches!(wire, Wire::Queued(_)) { Phase::Send } else { Phase::Wait };
                let error = error.clone().with_delivery(delivery).with_phase(phase);
                self.end_caller(ticket, Outcome::Failed(error));
            }
            self.calls.remove_if_over(ticket);
        }
        self.line.clear();
        self.open = 0;
        self.oneways.clear();
        self.stop_all(Stop::Lost);
        self.lose_streams(&error);
        self.work = super::Work::default();
        self.ready.clear();
        self.ready_bytes = 0;
        self.sender = super::Sender::default();
        self.assembly = super::Assembly::new(self.limits.assembly);
        self.done = 0;
        self.next_deadline = None;
        self.closing.lost = Some(error.with_delivery(Delivery::NotSent));
    }

    /// Whether this end has said that it takes no further calls, and nothing is left to do but to write what is queued.
    pub(crate) fn is_finished(&self) -> bool {
        self.closing.concluded && self.is_idle()
    }

    /// Why no call can be made any more, once the connection is gone.
    pub(crate) fn lost(&self) -> Option<RpcError> {
        self.closing.lost.clone()
    }

    pub(super) fn handle_pong(&mut self, token: [u8; 8], now: Instant) -> Result<(), Breach> {
        if token == CROSSED && self.closing.announced && !self.closing.concluded {
            self.conclude(Reason::Shutdown, "");
            return Ok(());
        }
        self.budget.spend(now)
    }

    pub(super) fn handle_goaway(
        &mut self,
        last: u64,
        reason: Reason,
        text: String,
        now: Instant,
    ) -> Result<(), Breach> {
        if let Some(goaway) = &self.closing.peer {
            if last > goaway.last {
                return Err(Breach::new(format!("GOAWAY grew from {} to {last}", goaway.last)));
            }
            // Each looks at all open calls, and one that takes back only a little costs its sender no more.
            self.budget.spend(now)?;
        }
        let goaway = Goaway { last, reason, text };
        let error = goaway.error();
        self.closing.peer = Some(goaway);
        for ticket in self.calls.tickets() {
            let Some(entry) = self.calls.get_mut(ticket) else {
                continue;
            };
            let (delivery, open) = match entry.wire {
                Wire::Queued(_) => (Delivery::NotSent, None),
                Wire::Open { id, .. } if id > last => (Delivery::NotExecuted, Some(id)),
                _ => continue,
            };
            entry.wire = Wire::Closed;
            entry.answer = None;
            if let Some(id) = open {
                self.assembly.forget(id, 0);
                self.give_up(id);
            }
            let error = error.clone().with_delivery(delivery).with_phase(Phase::Send);
            self.end_caller(ticket, Outcome::Failed(error));
            self.calls.remove_if_over(ticket);
        }
        self.line.clear();
        // No DONE will come for one-way calls above `last`.
        while let Some(id) = self.oneways.back().copied().filter(|id| *id > last) {
            self.oneways.pop_back();
            self.give_up(id);
        }
        Ok(())
    }

    /// The peer has not taken this call: no more of it is sent, and the peer does not wait for more (W-30).
    fn give_up(&mut self, id: u64) {
        self.open -= 1;
        let is_sending = self.stop_all_sent(id);
        self.remove_streams(id);
        if self.sender.forget(id) || is_sending {
            self.outbox.put(|buffer| put_cancel(buffer, id, 0));
        }
    }
}

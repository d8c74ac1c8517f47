use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Flow;
use crate::error::RpcError;
use crate::session::{Outcome, Outgoing, Ticket};

/// A call that has been made, as its caller and the driver share it.
///
/// It has a lock of its own, so that callers meet the driver, and each other, nowhere else.
#[derive(Debug)]
pub(crate) struct Pending {
    /// What was sent, or will be; it may have to be sent again.
    outgoing: Outgoing,
    flow: Option<Arc<Flow>>,
    entry: Entry,
    state: Mutex<State>,
}

/// What the session has of a call. It is looked at and changed only by who has the connection's lock.
#[derive(Debug, Default)]
struct Entry {
    /// The ticket's number, once there is one; none is 0.
    number: AtomicU64,
    slot: AtomicU32,
    /// Nobody wants the call any more.
    is_given_up: AtomicBool,
}

#[derive(Debug)]
enum State {
    Waiting(Waker),
    Ended(Outcome),
    /// The outcome was taken, or nobody wants it.
    Over,
}

impl Pending {
    pub(super) fn new(outgoing: Outgoing, flow: Option<Arc<Flow>>, waker: Waker) -> Self {
        Self { outgoing, flow, entry: Entry::default(), state: Mutex::new(State::Waiting(waker)) }
    }

    /// What was sent, or will be.
    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    /// The call's streams, if it has any.
    pub(crate) fn flow(&self) -> Option<&Arc<Flow>> {
        self.flow.as_ref()
    }

    /// The outcome, once it is there; `cx` is woken then.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Outcome> {
        let mut state = self.lock();
        match &*state {
            State::Waiting(waker) if waker.will_wake(cx.waker()) => return Poll::Pending,
            State::Waiting(_) => {}
            State::Ended(_) | State::Over => return state.take(),
        }
        drop(state);
        // Wakers are foreign code: they are cloned and dropped without the lock.
        let mut new = cx.waker().clone();
        let mut state = self.lock();
        let polled = match &mut *state {
            State::Waiting(waker) => {
                std::mem::swap(waker, &mut new);
                Poll::Pending
            }
            State::Ended(_) | State::Over => state.take(),
        };
        drop(state);
        polled
    }

    /// Hands the call to a session, unless nobody wants it any more. Gives the outcome where it has ended at once. Only
    /// under the connection's lock.
    pub(super) fn start(&self, start: impl FnOnce(&Outgoing) -> Result<Option<Ticket>, RpcError>) -> Option<Outcome> {
        if self.entry.is_given_up.load(Ordering::Relaxed) {
            return None;
        }
        match start(&self.outgoing) {
            Ok(Some(ticket)) => {
                self.entry.set(ticket);
                None
            }
            Ok(None) => Some(Outcome::Sent),
            Err(error) => Some(Outcome::Failed(error)),
        }
    }

    /// What the session calls it, once it has it. Only under the connection's lock.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.entry.ticket()
    }

    /// Keeps the outcome for the caller. Gives back what wakes it.
    #[must_use]
    pub(super) fn end(&self, outcome: Outcome) -> Option<Waker> {
        let mut state = self.lock();
        if !matches!(*state, State::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut *state, State::Ended(outcome)) {
            State::Waiting(waker) => Some(waker),
            State::Ended(_) | State::Over => None,
        }
    }

    /// Nobody wants the outcome any more. Gives back what would have woken the caller, to be dropped without any lock,
    /// and what the session calls a call that has not ended. Only under the connection's lock.
    pub(super) fn give_up(&self) -> (Option<Waker>, Option<Ticket>) {
        self.entry.is_given_up.store(true, Ordering::Relaxed);
        let given_up = std::mem::replace(&mut *self.lock(), State::Over);
        match given_up {
            State::Waiting(waker) => (Some(waker), self.entry.ticket()),
            State::Ended(_) | State::Over => (None, None),
        }
    }

    /// Whether the outcome is there, or has been.
    pub(super) fn has_ended(&self) -> bool {
        !matches!(*self.lock(), State::Waiting(_))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn set(&self, ticket: Ticket) {
        self.slot.store(ticket.slot(), Ordering::Relaxed);
        self.number.store(ticket.number(), Ordering::Relaxed);
    }

    fn ticket(&self) -> Option<Ticket> {
        let number = self.number.load(Ordering::Relaxed);
        (number > 0).then(|| Ticket::new(self.slot.load(Ordering::Relaxed), number))
    }
}

impl State {
    fn take(&mut self) -> Poll<Outcome> {
        match std::mem::replace(self, Self::Over) {
            Self::Ended(outcome) => Poll::Ready(outcome),
            over => {
                *self = over;
                Poll::Pending
            }
        }
    }
}

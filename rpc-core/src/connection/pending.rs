use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Flow;
use crate::error::RpcError;
use crate::frame::{Body, Piece};
use crate::metadata::Metadata;
use crate::session::{Outcome, Outgoing, Reply, Ticket, Waits};

/// A call that has been made, as its caller and the driver share it.
///
/// It has a lock of its own, so that callers meet the driver, and each other, nowhere else.
#[derive(Debug)]
pub(crate) struct Pending {
    /// What was sent, or will be; it may have to be sent again.
    outgoing: Outgoing,
    flow: Option<Arc<Flow>>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Waiting {
        waker: Waker,
        /// What the session calls it, once it has it.
        ticket: Option<Ticket>,
    },
    Ended(Outcome),
    /// The outcome was taken, or nobody wants it.
    Over,
}

impl Pending {
    pub(super) fn new(outgoing: Outgoing, flow: Option<Arc<Flow>>, waker: Waker) -> Self {
        Self { outgoing, flow, state: Mutex::new(State::Waiting { waker, ticket: None }) }
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
            State::Waiting { waker, .. } if waker.will_wake(cx.waker()) => return Poll::Pending,
            State::Waiting { .. } => {}
            State::Ended(_) | State::Over => return state.take(),
        }
        drop(state);
        // Wakers are foreign code: they are cloned and dropped without the lock.
        let mut new = cx.waker().clone();
        let mut state = self.lock();
        let polled = match &mut *state {
            State::Waiting { waker, .. } => {
                std::mem::swap(waker, &mut new);
                Poll::Pending
            }
            State::Ended(_) | State::Over => state.take(),
        };
        drop(state);
        polled
    }

    /// Hands the call to a session, unless nobody wants it any more. Gives the outcome where it has ended at once.
    pub(super) fn start(&self, start: impl FnOnce(&Outgoing) -> Result<Option<Ticket>, RpcError>) -> Option<Outcome> {
        match &mut *self.lock() {
            State::Waiting { ticket, .. } => match start(&self.outgoing) {
                Ok(Some(started)) => {
                    *ticket = Some(started);
                    None
                }
                Ok(None) => Some(Outcome::Sent),
                Err(error) => Some(Outcome::Failed(error)),
            },
            State::Ended(_) | State::Over => None,
        }
    }

    /// Keeps the outcome for the caller. Gives back what wakes it.
    #[must_use]
    pub(super) fn end(&self, outcome: Outcome) -> Option<Waker> {
        self.end_with(outcome, |_| {})
    }

    /// The same for an outcome that is completed where it stays.
    #[inline(always)]
    fn end_with(&self, outcome: Outcome, complete: impl FnOnce(&mut Outcome)) -> Option<Waker> {
        let mut state = self.lock();
        if !matches!(*state, State::Waiting { .. }) {
            return None;
        }
        let waiting = std::mem::replace(&mut *state, State::Ended(outcome));
        if let State::Ended(outcome) = &mut *state {
            complete(outcome);
        }
        match waiting {
            State::Waiting { waker, .. } => Some(waker),
            State::Ended(_) | State::Over => None,
        }
    }

    /// Nobody wants the outcome any more. Gives back what would have woken the caller, to be dropped without any lock,
    /// and what the session calls a call that has not ended.
    pub(super) fn give_up(&self) -> (Option<Waker>, Option<Ticket>) {
        let given_up = std::mem::replace(&mut *self.lock(), State::Over);
        match given_up {
            State::Waiting { waker, ticket } => (Some(waker), ticket),
            State::Ended(_) | State::Over => (None, None),
        }
    }

    /// Whether the outcome is there, or has been.
    pub(super) fn has_ended(&self) -> bool {
        !matches!(*self.lock(), State::Waiting { .. })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call without streams that has its reply. Its caller is woken without any lock, and what it holds on to, some of
/// which is foreign, goes without one.
#[derive(Debug)]
pub(crate) struct Told {
    pub(super) call: Arc<Pending>,
    pub(super) waker: Option<Waker>,
}

impl Waits for Arc<Pending> {
    type Told = Told;

    fn tell(self, metadata: Option<Box<Metadata>>, message: Piece<'_>) -> Told {
        let reply = Outcome::Reply(Reply { metadata, body: Body::EMPTY });
        let waker = self.end_with(reply, |outcome| {
            if let Outcome::Reply(reply) = outcome {
                reply.body.put(message);
            }
        });
        Told { call: self, waker }
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

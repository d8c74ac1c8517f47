use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::Notify;

use super::driver::Driver;
use super::serving::Handler;
use super::{Serve, Writer};
use crate::context::now;
use crate::error::RpcError;
use crate::limits::Limits;
use crate::session::{Answer, Identity, Outcome, Outgoing, Role, Session, Ticket};
use crate::transport::Io;

/// A connection that is open, or is opening, or is over. When the last handle is dropped it is closed.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    handle: Arc<Handle>,
}

/// Closes the connection when nobody can call on it any more.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.wish(Wish::Close);
    }
}

/// How a connection should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// Not at all.
    Live,
    /// When all calls that were taken are answered.
    Drain,
    /// At once; handlers that still run are stopped, and answered as such.
    Force,
    /// At once.
    Close,
    /// At once, because too many are open.
    Crowded,
}

/// What the driver shares with callers and handlers.
pub(super) struct Shared {
    core: Mutex<Core>,
    /// Woken at HELLO and at the end.
    pub(super) changed: Notify,
    pub(super) peer: Arc<str>,
}

pub(super) struct Core {
    pub(super) session: Session<Waker, Handler>,
    /// Not here while the driver is writing.
    pub(super) writer: Option<Writer>,
    /// Wakes the driver; set when it has run for the first time.
    pub(super) driver: Option<Waker>,
    /// The driver has been asked to write.
    pub(super) flush: bool,
    /// When the driver's timer fires.
    pub(super) timer: Option<Instant>,
    pub(super) wish: Wish,
    /// Why the connection is over; `Some(None)` for a good end.
    pub(super) over: Option<Option<RpcError>>,
}

impl Connection {
    /// Begins a connection on an open stream, and spawns its driver.
    pub(crate) fn open(io: Io, role: Role, limits: Limits, identity: Identity, serve: Box<dyn Serve>) -> Self {
        let session = Session::new(role, limits.clone(), identity);
        let shared = Arc::new(Shared {
            core: Mutex::new(Core {
                session,
                writer: Some(Writer::new(io.writer)),
                driver: None,
                flush: true,
                timer: None,
                wish: Wish::Live,
                over: None,
            }),
            changed: Notify::new(),
            peer: io.peer,
        });
        tokio::spawn(Driver::new(Arc::clone(&shared), io.reader, limits.within_protocol(), serve));
        Self { handle: Arc::new(Handle { shared }) }
    }

    /// Waits for the peer's HELLO.
    pub(crate) async fn ready(&self) -> Result<(), RpcError> {
        let look = |core: &Core| {
            if let Some(over) = &core.over {
                // A peer that said goodbye in good order said why.
                let said = || core.session.lost().unwrap_or_else(closed);
                return Some(Err(over.clone().unwrap_or_else(said)));
            }
            core.session.peer().is_some().then(|| core.session.check_live())
        };
        self.handle.shared.wait_for(look).await
    }

    /// The names of the codecs in the peer's HELLO.
    pub(crate) fn peer_codecs(&self) -> Vec<Box<str>> {
        self.handle.shared.lock().session.peer().map(|hello| hello.codecs.clone()).unwrap_or_default()
    }

    /// Waits until the connection is over.
    pub(crate) async fn closed(&self) {
        self.handle.shared.wait_for(|core| core.over.is_some().then_some(())).await;
    }

    /// How many calls of the peer are not answered.
    pub(crate) fn serving(&self) -> usize {
        self.handle.shared.lock().session.serving()
    }

    pub(crate) fn end(&self, wish: Wish) {
        self.handle.shared.wish(wish);
    }

    /// Starts a call; `waker` is woken when its outcome is there. Says whether it is there already.
    pub(crate) fn start(&self, outgoing: &Outgoing, waker: &Waker, now: Instant) -> Result<(Ticket, bool), RpcError> {
        let waker = waker.clone();
        let mut core = self.handle.shared.lock();
        let ticket = core.session.start(outgoing, waker, now)?;
        let ended = core.session.has_outcome(ticket);
        let alone = core.session.is_alone();
        let driver = core.write_soon(alone, now);
        drop(core);
        wake(driver);
        Ok((ticket, ended))
    }

    /// The outcome of a call.
    pub(crate) fn poll_outcome(&self, ticket: Ticket, cx: &Context<'_>) -> Poll<Outcome> {
        let mut core = self.handle.shared.lock();
        if let Some(outcome) = core.session.take_outcome(ticket) {
            return Poll::Ready(outcome);
        }
        if core.session.caller_mut(ticket).is_none_or(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        drop(core);
        // The call has moved to another task. Wakers are foreign code: they are cloned and dropped without the lock.
        let mut waker = cx.waker().clone();
        let mut core = self.handle.shared.lock();
        if let Some(outcome) = core.session.take_outcome(ticket) {
            return Poll::Ready(outcome);
        }
        if let Some(place) = core.session.caller_mut(ticket) {
            std::mem::swap(place, &mut waker);
        }
        drop(core);
        Poll::Pending
    }

    /// Nobody waits for a call any more.
    pub(crate) fn abandon(&self, ticket: Ticket) {
        let mut core = self.handle.shared.lock();
        let waker = core.session.abandon(ticket);
        let driver = core.write_soon(false, now());
        drop(core);
        drop(waker);
        wake(driver);
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `look` sees what it looks for.
    async fn wait_for<T>(&self, look: impl Fn(&Core) -> Option<T>) -> T {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Registered before looking: what happens in between is noticed.
            changed.as_mut().enable();
            if let Some(seen) = look(&self.lock()) {
                return seen;
            }
            changed.await;
        }
    }

    /// Answers a call of the peer.
    pub(super) fn reply(&self, id: u64, answer: Answer) {
        let mut core = self.lock();
        core.session.reply(id, answer);
        let alone = core.session.serving() == 0;
        let driver = core.write_soon(alone, now());
        drop(core);
        wake(driver);
    }

    fn wish(&self, wish: Wish) {
        let mut core = self.lock();
        if core.wish >= wish {
            return;
        }
        core.wish = wish;
        let driver = core.driver.clone();
        drop(core);
        wake(driver);
    }
}

impl Core {
    /// Sees to it that what was appended is written. Gives back the driver where it must be woken, after the lock is
    /// released.
    ///
    /// Where nothing else is going on (`alone`) the bytes are written here and now: a hop to the driver's task would
    /// only add to the latency. Otherwise the driver gathers what others append, and writes it all at once.
    #[must_use]
    fn write_soon(&mut self, alone: bool, now: Instant) -> Option<Waker> {
        if self.flush {
            return None;
        }
        if alone && self.write_now(now) && !self.is_timer_late() {
            // What was written may have been the last thing that the connection was open for.
            return self.session.is_finished().then(|| self.driver.clone()).flatten();
        }
        if !self.session.has_output() && !self.is_timer_late() && self.writer.as_ref().is_some_and(Writer::is_empty) {
            return None;
        }
        self.flush = true;
        self.driver.clone()
    }

    /// Writes all there is, if the transport takes it at once.
    fn write_now(&mut self, now: Instant) -> bool {
        let Some(writer) = self.writer.as_mut().filter(|writer| writer.is_empty()) else {
            return false;
        };
        writer.refill(|empty| self.session.poll_transmit(empty, now));
        let done = writer.poll_write(&mut Context::from_waker(Waker::noop()));
        self.session.handle_written(writer.written(), now);
        // An error is found again by the driver.
        matches!(done, Poll::Ready(Ok(()))) && !self.session.has_output()
    }

    fn is_timer_late(&self) -> bool {
        match (self.session.poll_timeout(), self.timer) {
            (Some(due), Some(timer)) => due < timer,
            (due, None) => due.is_some(),
            (None, _) => false,
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn closed() -> RpcError {
    RpcError::new(crate::code::Code::Unavailable, "the connection is closed")
}

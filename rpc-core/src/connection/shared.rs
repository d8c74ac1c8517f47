use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::io::AsyncWrite;
use tokio::sync::Notify;

use super::serving::Handler;
use super::{Flow, Inbox, Pending, Writer};
use crate::context::now;
use crate::error::RpcError;
use crate::session::{Answer, Outcome, Session};
use crate::stripe::Padded;

/// How a connection should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// Not at all.
    Live,
    /// When all calls that are open have ended; no further ones are made on it.
    Retire,
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
    pub(super) inbox: Inbox,
    /// What every call looks at. It seldom changes, so it has a cache line to itself.
    signs: Padded<Signs>,
    /// Wakes the driver's task; set when it has run for the first time.
    driver: OnceLock<Waker>,
    /// Woken at HELLO, when no further call can be made, and at the end.
    pub(super) changed: Notify,
    pub(super) peer: Arc<str>,
}

/// What the driver last saw.
struct Signs {
    /// At most one call was open: whoever calls writes at once, and by itself.
    quiet: AtomicBool,
    /// Calls may be made.
    is_open: AtomicBool,
}

/// A session as the driver has it.
pub(super) type OpenSession = Session<Arc<Pending>, Handler, Arc<Flow>>;

pub(super) struct Core {
    pub(super) session: OpenSession,
    /// Not here while the driver is writing.
    pub(super) writer: Option<Writer>,
    /// When the driver's timer fires.
    pub(super) timer: Option<Instant>,
    pub(super) wish: Wish,
    /// Why the connection is over; `Some(None)` for a good end.
    pub(super) over: Option<Option<RpcError>>,
}

impl Shared {
    pub(super) fn new(session: OpenSession, writer: Box<dyn AsyncWrite + Send + Unpin>, peer: Arc<str>) -> Self {
        let writer = Some(Writer::new(writer));
        Self {
            core: Mutex::new(Core { session, writer, timer: None, wish: Wish::Live, over: None }),
            inbox: Inbox::default(),
            signs: Padded(Signs { quiet: AtomicBool::new(true), is_open: AtomicBool::new(true) }),
            driver: OnceLock::new(),
            changed: Notify::new(),
            peer,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `look` sees what it looks for.
    pub(super) async fn wait_for<T>(&self, look: impl Fn(&Core) -> Option<T>) -> T {
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

    /// The lock, where nothing else is going on: no other call is open, and nobody else has left anything.
    pub(super) fn lock_if_quiet(&self) -> Option<MutexGuard<'_, Core>> {
        if !self.signs.0.quiet.load(Ordering::Relaxed) || self.inbox.is_rung() {
            return None;
        }
        let core = self.core.try_lock().ok()?;
        if core.session.is_quiet() {
            return Some(core);
        }
        self.note_quiet(false);
        None
    }

    /// Whether callers may write by themselves, as the driver sees it.
    pub(super) fn note_quiet(&self, quiet: bool) {
        // It is read for every call, and seldom changes.
        if self.signs.0.quiet.load(Ordering::Relaxed) != quiet {
            self.signs.0.quiet.store(quiet, Ordering::Relaxed);
        }
    }

    /// Whether calls may be made, as far as has been said.
    pub(super) fn is_open(&self) -> bool {
        self.signs.0.is_open.load(Ordering::Relaxed)
    }

    /// Whether it is still to be said that no further calls can be made. That is said without the lock, and before callers
    /// are told: they would try it here again.
    pub(super) fn has_closed(&self, core: &Core) -> bool {
        self.is_open() && !core.session.is_live()
    }

    /// No further calls are made here.
    #[cold]
    pub(super) fn note_closed(&self) {
        self.signs.0.is_open.store(false, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Starts a call without the driver.
    pub(super) fn start_here(
        &self,
        mut core: MutexGuard<'_, Core>,
        call: Arc<Pending>,
        alone: bool,
        now: Instant,
    ) -> Result<Arc<Pending>, Arc<Pending>> {
        let outcome = core.start(&call, now);
        let has_closed = outcome.is_some() && self.has_closed(&core);
        self.write_or_ring(core, alone, now);
        let Some(outcome) = outcome else {
            return Ok(call);
        };
        if has_closed {
            // The driver has not come to say so.
            self.note_closed();
        }
        // Nobody waits yet.
        drop(call.end(outcome));
        Err(call)
    }

    /// Answers a call of the peer.
    pub(super) fn reply(&self, id: u64, answer: Answer) {
        let Some(mut core) = self.lock_if_quiet() else {
            self.inbox.leave_answer(id, answer);
            return self.ring();
        };
        core.session.reply(id, answer);
        self.write_or_ring(core, true, now());
    }

    /// Has the driver look at the streams of a call.
    pub(super) fn leave_flow(&self, flow: &Arc<Flow>) {
        self.inbox.leave_flow(flow);
        self.ring();
    }

    /// Sees to it that what was appended is written.
    ///
    /// Where nothing else is going on (`alone`) the bytes are written here and now: a hop to the driver's task would
    /// only add to the latency. Otherwise the driver gathers what others append, and writes it all at once.
    pub(super) fn write_or_ring(&self, mut core: MutexGuard<'_, Core>, alone: bool, now: Instant) {
        let is_written = if alone { core.write_now(now) } else { core.is_written() };
        // What was written may have been the last thing that the connection was open for.
        let is_done = is_written && !core.is_timer_late() && !core.session.is_finished() && !core.session.has_news();
        drop(core);
        if !is_done {
            self.ring();
        }
    }

    /// Has the driver look into the inbox, and write.
    pub(super) fn ring(&self) {
        if self.inbox.ring() {
            self.wake_driver();
        }
    }

    fn wake_driver(&self) {
        if let Some(driver) = self.driver.get() {
            driver.wake_by_ref();
        }
    }

    /// Keeps what wakes the driver: its task stays the same.
    pub(super) fn set_driver(&self, waker: &Waker) {
        self.driver.get_or_init(|| waker.clone());
    }

    pub(super) fn wish(&self, wish: Wish) {
        let mut core = self.lock();
        if core.wish >= wish {
            return;
        }
        core.wish = wish;
        drop(core);
        self.wake_driver();
    }
}

impl Core {
    /// Hands a call to the session. Gives the outcome where it has ended at once.
    pub(super) fn start(&mut self, call: &Arc<Pending>, now: Instant) -> Option<Outcome> {
        let outcome = call.start(|outgoing| self.session.start(outgoing, Arc::clone(call), now));
        self.attach_opened();
        outcome
    }

    /// Ties calls that have been sent to their streams.
    pub(super) fn attach_opened(&mut self) {
        while let Some((call, id)) = self.session.poll_opened() {
            if let Some(flow) = call.flow() {
                flow.open(id, self.session.longest_message());
                self.session.attach_streams(id, Arc::clone(flow));
            }
        }
    }

    /// Whether the transport has taken everything.
    pub(super) fn is_written(&self) -> bool {
        !self.session.has_output() && self.writer.as_ref().is_some_and(Writer::is_empty)
    }

    /// Writes all there is, if the transport takes it at once.
    fn write_now(&mut self, now: Instant) -> bool {
        let Some(writer) = self.writer.as_mut().filter(|writer| writer.is_empty()) else {
            return false;
        };
        writer.refill(|written| self.session.poll_transmit(written, now));
        let done = writer.poll_write(&mut Context::from_waker(Waker::noop()));
        self.session.handle_written(writer.written(), now);
        // An error is found again by the driver.
        matches!(done, Poll::Ready(Ok(()))) && !self.session.has_output()
    }

    /// Whether there is something for the driver to see to.
    pub(super) fn has_work(&self) -> bool {
        let session = &self.session;
        session.has_output() || session.has_ready() || session.has_news() || self.wish != Wish::Live
    }

    fn is_timer_late(&self) -> bool {
        match (self.session.poll_timeout_before(self.timer), self.timer) {
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

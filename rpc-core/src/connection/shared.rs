use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::Notify;

use super::driver::Driver;
use super::serving::Handler;
use super::{Flow, Inbox, Pending, Serve, Writer};
use crate::context::{Context as CallContext, now};
use crate::error::RpcError;
use crate::limits::Limits;
use crate::session::{Answer, Identity, Outcome, Outgoing, Role, Session};
use crate::stripe::Padded;
use crate::transport::Io;

/// A connection that is open, or is opening, or is over. When the last handle is dropped it is closed; those of a
/// [`Line`] do not count.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    /// The connection is closed when nobody can call on it any more.
    closes: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.closes {
            self.shared.wish(Wish::Close);
        }
    }
}

/// A connection that others keep open.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    shared: Weak<Shared>,
}

impl Line {
    /// The connection, which this does not keep open. `None` when it is gone.
    pub(crate) fn connection(&self) -> Option<Connection> {
        let shared = self.shared.upgrade()?;
        Some(Connection { handle: Arc::new(Handle { shared, closes: false }) })
    }
}

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
    pub(super) signs: Padded<Signs>,
    /// Wakes the driver's task; set when it has run for the first time.
    driver: OnceLock<Waker>,
    /// Woken at HELLO, when no further call can be made, and at the end.
    pub(super) changed: Notify,
    pub(super) peer: Arc<str>,
}

/// What the driver last saw.
pub(super) struct Signs {
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

impl Connection {
    /// Begins a connection on an open stream, and spawns its driver. `serve` makes what answers the calls that come.
    pub(crate) fn open(
        io: Io,
        role: Role,
        limits: Arc<Limits>,
        identity: Identity,
        serve: impl FnOnce(Line) -> Box<dyn Serve>,
    ) -> Self {
        let session = Session::new(role, Arc::clone(&limits), identity);
        let shared = Arc::new(Shared {
            core: Mutex::new(Core {
                session,
                writer: Some(Writer::new(io.writer)),
                timer: None,
                wish: Wish::Live,
                over: None,
            }),
            inbox: Inbox::default(),
            signs: Padded(Signs { quiet: AtomicBool::new(true), is_open: AtomicBool::new(true) }),
            driver: OnceLock::new(),
            changed: Notify::new(),
            peer: io.peer,
        });
        let serve = serve(Line { shared: Arc::downgrade(&shared) });
        tokio::spawn(Driver::new(Arc::clone(&shared), io.reader, limits, serve));
        Self { handle: Arc::new(Handle { shared, closes: true }) }
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

    /// Whether calls may be made on it: neither end has said that it is about to close.
    pub(crate) fn is_open(&self) -> bool {
        self.handle.shared.signs.0.is_open.load(Ordering::Relaxed)
    }

    /// Waits until no further call can be made on it.
    pub(crate) async fn unusable(&self) {
        self.handle.shared.wait_for(|core| (core.over.is_some() || !core.session.is_live()).then_some(())).await;
    }

    /// Why it is over, if it is; `Some(None)` where it ended in good order.
    pub(crate) fn over(&self) -> Option<Option<RpcError>> {
        self.handle.shared.lock().over.clone()
    }

    /// Whether no call is open, in either direction.
    pub(crate) fn is_idle(&self) -> bool {
        self.handle.shared.lock().session.is_idle()
    }

    /// Whether this end has no further use for it, of itself.
    pub(crate) fn is_retired(&self) -> bool {
        self.handle.shared.lock().session.is_retired()
    }

    /// What the peer calls itself, once it has.
    pub(crate) fn peer_instance(&self) -> Option<[u8; 16]> {
        self.handle.shared.lock().session.peer().map(|hello| hello.instance)
    }

    /// Whether a call was answered on it.
    pub(crate) fn was_useful(&self) -> bool {
        self.handle.shared.lock().session.was_useful()
    }

    pub(crate) fn peer(&self) -> &Arc<str> {
        &self.handle.shared.peer
    }

    /// The same connection, which this handle does not keep open.
    pub(crate) fn watcher(&self) -> Self {
        Self { handle: Arc::new(Handle { shared: Arc::clone(&self.handle.shared), closes: false }) }
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

    /// The calls of the peer whose handlers have left the connection's task and have not ended.
    pub(crate) fn running(&self) -> Vec<CallContext> {
        self.handle.shared.lock().session.handlers().map(|handler| handler.context().clone()).collect()
    }

    pub(crate) fn end(&self, wish: Wish) {
        self.handle.shared.wish(wish);
    }

    /// Makes a call; `waker` is woken when its outcome is there.
    ///
    /// # Errors
    ///
    /// The call, where its outcome is there already.
    pub(crate) fn start(&self, outgoing: Outgoing, waker: &Waker, now: Instant) -> Result<Arc<Pending>, Arc<Pending>> {
        let shared = &*self.handle.shared;
        let oneway = outgoing.oneway;
        let has_streams = outgoing.streams > 0 || outgoing.reads;
        let flow = has_streams.then(|| Flow::new(&self.handle.shared, 0, u16::from(outgoing.reads), outgoing.streams));
        let call = Arc::new(Pending::new(outgoing, flow, waker.clone()));
        // A one-way call is over when it is on its way: nobody would wait for the driver.
        if !oneway {
            if let Some(core) = shared.lock_if_quiet() {
                return shared.start_here(core, call, true, now);
            }
            if shared.inbox.leave_call(&call) {
                shared.ring();
                return Ok(call);
            }
        }
        shared.start_here(shared.lock(), call, false, now)
    }

    /// Nobody waits for a call any more.
    pub(crate) fn abandon(&self, call: &Pending) {
        if call.has_ended() {
            return;
        }
        let shared = &*self.handle.shared;
        let mut core = shared.lock();
        let (waker, ticket) = call.give_up();
        // The session's half is no foreign code: the caller still has the other.
        drop(ticket.and_then(|ticket| core.session.abandon(ticket)));
        shared.write_or_ring(core, false, now());
        if let Some(flow) = call.flow() {
            flow.stop_producers();
        }
        drop(waker);
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

    /// The lock, where nothing else is going on: no other call is open, and nobody else has left anything.
    fn lock_if_quiet(&self) -> Option<MutexGuard<'_, Core>> {
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

    /// No further calls are made here.
    pub(super) fn note_closed(&self) {
        self.signs.0.is_open.store(false, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Starts a call without the driver.
    fn start_here(
        &self,
        mut core: MutexGuard<'_, Core>,
        call: Arc<Pending>,
        alone: bool,
        now: Instant,
    ) -> Result<Arc<Pending>, Arc<Pending>> {
        let outcome = core.start(&call, now);
        let has_closed = outcome.is_some() && !core.session.is_live();
        self.write_or_ring(core, alone, now);
        let Some(outcome) = outcome else {
            return Ok(call);
        };
        if has_closed {
            // The driver may not have come to say so; the caller would try it here again.
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
    fn write_or_ring(&self, mut core: MutexGuard<'_, Core>, alone: bool, now: Instant) {
        let is_written = if alone { core.write_now(now) } else { core.is_written() };
        // What was written may have been the last thing that the connection was open for.
        let is_done = is_written && !core.is_timer_late() && !core.session.is_finished() && !core.session.has_news();
        drop(core);
        if !is_done {
            self.ring();
        }
    }

    /// Has the driver look into the inbox, and write.
    fn ring(&self) {
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

    fn wish(&self, wish: Wish) {
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
        writer.refill(|empty| self.session.poll_transmit(empty, now));
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

fn closed() -> RpcError {
    RpcError::new(crate::code::Code::Unavailable, "the connection is closed")
}

use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Instant;

use super::driver::Driver;
use super::shared::{Core, Shared, Wish};
use super::{Flow, Pending, Serve};
use crate::code::Code;
use crate::context::{Context, now};
use crate::error::RpcError;
use crate::limits::Limits;
use crate::session::{Identity, Outgoing, Role, Session};
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
        let shared = Arc::new(Shared::new(session, io.writer, io.peer));
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
        self.handle.shared.is_open()
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

    /// The calls of the peer whose handlers were not done at once and have not ended.
    pub(crate) fn running(&self) -> Vec<Context> {
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
        let flow = outgoing
            .has_streams()
            .then(|| Flow::new(&self.handle.shared, 0, u16::from(outgoing.reads), outgoing.streams));
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

fn closed() -> RpcError {
    RpcError::new(Code::Unavailable, "the connection is closed")
}

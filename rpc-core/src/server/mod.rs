//! The server: services behind an address, and the connections that call them.

mod gate;
mod pace;
mod registry;
pub(crate) use registry::Registry;
mod dispatch;
mod handler;
mod kept;
mod left;
mod once;
mod services;
pub(crate) use dispatch::{Back, Dispatch, Shared};

mod readiness;
pub(crate) use readiness::Readiness;
pub use readiness::Serving;

mod builder;
pub use builder::ServerBuilder;

mod report;
pub use report::ShutdownReport;

mod connections;
use connections::Connections;

mod accept;
use accept::accept_until;

mod in_process;
pub(crate) use in_process::in_process_pipe;

mod handle;
use handle::CloseOnDrop;
pub use handle::ServerHandle;

use std::fmt;
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use futures::future::select;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::context::now;
use crate::error::RpcError;
use crate::transport::{Address, Io, Listener};

/// Services bound to an address, ready to be served.
///
/// Connections wait in the system's queue until one of [`serve`](Self::serve), [`serve_until`](Self::serve_until) and
/// [`spawn`](Self::spawn) is called.
pub struct Server {
    listener: Listener,
    drain_delay: Duration,
    handle: ServerHandle,
    /// What was attached is closed when the server goes.
    guard: CloseOnDrop,
}

impl Server {
    /// Begins with a server without services and with the default limits.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The address it listens at, with the port that was really taken.
    pub fn local_addr(&self) -> &Address {
        self.handle.local_addr()
    }

    /// A hold on the server, to be taken before it serves: for what watches it, changes its services, or ends it.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Serves until [`ServerHandle::shutdown`] has shut it down; without a handle, for ever.
    ///
    /// # Errors
    ///
    /// None at present: errors of single connections, and of accepting them, are survived.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the listener and all connections at once; prefer [`ServerHandle::shutdown`] or
    /// [`serve_until`](Self::serve_until).
    pub async fn serve(self) -> Result<(), RpcError> {
        self.serve_until(pending::<()>()).await.map(drop)
    }

    /// Serves until `stop` is ready, whatever its output, or [`ServerHandle::shutdown`] is asked for; then shuts down
    /// gracefully:
    ///
    /// 1. The [health service](ServerBuilder::health) says that nothing is ready any more, and ends the streams of
    ///    those who watch it.
    /// 2. For [`ServerBuilder::drain_delay`] all goes on as before, so that whoever chooses among servers can notice.
    /// 3. It accepts no further connections, and tells the clients, who make no further calls on those that are open.
    /// 4. The calls that were taken are finished.
    /// 5. After [`ServerBuilder::grace`] what is left is cut off; the report says what that was.
    ///
    /// # Errors
    ///
    /// None at present.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the listener and all connections at once.
    pub async fn serve_until<F: Future>(self, stop: F) -> Result<ShutdownReport, RpcError> {
        let Self { mut listener, drain_delay, handle, mut guard } = self;
        let (stop, asked) = (pin!(stop), handle.asked());
        accept_until(&mut listener, &guard.connections, select(stop, pin!(asked))).await;
        let began = now();
        handle.readiness().drain();
        if !drain_delay.is_zero() {
            accept_until(&mut listener, &guard.connections, tokio::time::sleep(drain_delay)).await;
        }
        drop(listener);
        let report = guard.connections.shut_down(began).await;
        guard.report = Some(report.clone());
        Ok(report)
    }

    /// Serves in a task of its own. The server goes on when the handle is dropped.
    pub fn spawn(self) -> ServerHandle {
        let handle = self.handle();
        tokio::spawn(self.serve());
        handle
    }

    /// Serves one more connection on an open stream of bytes, whatever it is. `peer` names it in errors.
    ///
    /// # Panics
    ///
    /// Outside of a tokio run time.
    pub fn attach<S: AsyncRead + AsyncWrite + Send + 'static>(&self, stream: S, peer: &str) {
        self.guard.connections.open(Io::new(stream, peer.into()));
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", self.local_addr()).finish_non_exhaustive()
    }
}

//! The server: services behind an address, and the connections that call them.

mod gate;
mod pace;
mod registry;
pub(crate) use registry::Registry;
mod dispatch;
mod kept;
mod once;
pub(crate) use dispatch::{Back, Dispatch, Shared};

mod builder;
pub use builder::ServerBuilder;

mod connections;
use connections::{CloseOnDrop, Connections};

mod accept;

mod in_process;
pub(crate) use in_process::in_process_pipe;

mod handle;
pub use handle::{ServerHandle, ShutdownReport};

use std::fmt;
use std::future::{Future, pending};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::RpcError;
use crate::transport::{Address, Io, Listener};

/// Services bound to an address, ready to be served.
///
/// Connections wait in the system's queue until one of [`serve`](Self::serve), [`serve_until`](Self::serve_until) and
/// [`spawn`](Self::spawn) is called.
pub struct Server {
    address: Address,
    listener: Listener,
    connections: Arc<Connections>,
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
        &self.address
    }

    /// Serves for ever.
    ///
    /// # Errors
    ///
    /// None at present: errors of single connections, and of accepting them, are survived.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the listener and all connections at once; prefer [`serve_until`](Self::serve_until).
    pub async fn serve(self) -> Result<(), RpcError> {
        self.serve_until(pending::<()>()).await.map(drop)
    }

    /// Serves until `stop` is ready, whatever its output, then shuts down gracefully: it accepts no connections, tells
    /// the clients, finishes the calls that were taken, and after the grace period
    /// ([`ServerBuilder::grace`]) cuts off what is left.
    ///
    /// # Errors
    ///
    /// None at present.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the listener and all connections at once.
    pub async fn serve_until<F: Future>(self, stop: F) -> Result<ShutdownReport, RpcError> {
        let Self { listener, connections, guard, .. } = self;
        accept::accept_until(listener, &connections, stop).await;
        let report = connections.shut_down().await;
        drop(guard);
        Ok(report)
    }

    /// Serves in a task of its own. The server goes on when the handle is dropped.
    pub fn spawn(self) -> ServerHandle {
        ServerHandle::spawn(self)
    }

    /// Serves one more connection on an open stream of bytes, whatever it is. `peer` names it in errors.
    pub fn attach<S: AsyncRead + AsyncWrite + Send + 'static>(&self, stream: S, peer: &str) {
        self.connections.open(Io::new(stream, peer.into()));
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

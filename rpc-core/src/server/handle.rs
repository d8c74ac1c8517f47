use std::fmt;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

use super::{Connections, Server};
use crate::transport::{Address, Io};

/// A server that runs in a task of its own; see [`Server::spawn`].
#[derive(Debug)]
pub struct ServerHandle {
    address: Address,
    connections: Arc<Connections>,
    stop: oneshot::Sender<()>,
    done: oneshot::Receiver<ShutdownReport>,
}

/// What a shutdown came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many connections were open when it began.
    pub connections: usize,
    /// How many of them had not ended when the grace period was over.
    pub cut_connections: usize,
    /// How many calls were cut off with them.
    pub cut_calls: usize,
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, cut_connections, cut_calls } = self;
        write!(f, "connections open: {connections}, cut off: {cut_connections}, calls cut off: {cut_calls}")
    }
}

impl ServerHandle {
    pub(super) fn spawn(server: Server) -> Self {
        let address = server.address.clone();
        let connections = Arc::clone(&server.connections);
        let (stop, stopped) = oneshot::channel();
        let (report, done) = oneshot::channel();
        // A handle that was dropped asks for nothing: the server goes on.
        let stopped = async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::spawn(async move {
            // Nobody may be waiting for the report.
            let _ = report.send(server.serve_until(stopped).await.unwrap_or_default());
        });
        Self { address, connections, stop, done }
    }

    /// The address it listens at, with the port that was really taken.
    pub fn local_addr(&self) -> &Address {
        &self.address
    }

    /// Serves one more connection on an open stream of bytes, whatever it is. `peer` names it in errors.
    pub fn attach<S: AsyncRead + AsyncWrite + Send + 'static>(&self, stream: S, peer: &str) {
        self.connections.open(Io::new(stream, peer.into()));
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.connections.count()
    }

    /// How many calls are running or waiting to run.
    pub fn calls(&self) -> usize {
        self.connections.serving()
    }

    /// Shuts the server down gracefully, as [`Server::serve_until`] does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the shutdown.
    pub async fn shutdown(self) -> ShutdownReport {
        // The server may have ended with its run time.
        let _ = self.stop.send(());
        self.done.await.unwrap_or_default()
    }
}

use std::sync::{Arc, Weak};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::{Connections, Readiness, ShutdownReport};
use crate::code::Code;
use crate::connection::Wish;
use crate::error::RpcError;
use crate::service::Service;
use crate::transport::{Address, Io};

/// A hold on a server, before it serves and while it does; see [`Server::handle`] and [`Server::spawn`].
///
/// It is cheap to clone. A handle that is dropped asks for nothing: the server goes on. One that is kept keeps nothing:
/// when the server is over, its services go.
///
/// [`Server::handle`]: super::Server::handle
/// [`Server::spawn`]: super::Server::spawn
#[derive(Debug, Clone)]
pub struct ServerHandle {
    control: Arc<Control>,
}

#[derive(Debug)]
struct Control {
    address: Address,
    /// Gone when the server is over.
    connections: Weak<Connections>,
    readiness: Arc<Readiness>,
    /// Whether anybody has asked for a shutdown.
    asked: watch::Sender<bool>,
    /// What the shutdown came to, once it is over.
    report: watch::Sender<Option<ShutdownReport>>,
}

impl ServerHandle {
    pub(super) fn new(address: Address, connections: &Arc<Connections>, readiness: Arc<Readiness>) -> Self {
        let (asked, report) = (watch::Sender::new(false), watch::Sender::new(None));
        Self {
            control: Arc::new(Control { address, connections: Arc::downgrade(connections), readiness, asked, report }),
        }
    }

    /// The address it listens at, with the port that was really taken.
    pub fn local_addr(&self) -> &Address {
        &self.control.address
    }

    /// Serves one more connection on an open stream of bytes, whatever it is. `peer` names it in errors. When the
    /// server is over, the stream is dropped.
    ///
    /// # Panics
    ///
    /// Outside of a tokio run time.
    pub fn attach<S: AsyncRead + AsyncWrite + Send + 'static>(&self, stream: S, peer: &str) {
        if let Some(connections) = self.server() {
            connections.open(Io::new(stream, peer.into()));
        }
    }

    /// Adds a service, for the calls that come from now on.
    ///
    /// # Errors
    ///
    /// [`Code::AlreadyExists`] when its name is taken, [`Code::Unavailable`] when the server is over.
    pub fn add(&self, service: impl Service) -> Result<(), RpcError> {
        let connections = self.server().ok_or_else(|| over(self.local_addr()))?;
        let snapshot = connections.services().add(Arc::new(service))?;
        self.control.readiness.follow(snapshot.version, snapshot.registry.names());
        Ok(())
    }

    /// Takes out the service with this wire name. Calls that come when this has returned are refused with
    /// [`Code::Unimplemented`]; those that run go on to their end. Gives `false` where there is no such service.
    ///
    /// Each connection lets go of the service with its next call, or when it ends.
    pub fn remove(&self, name: &str) -> bool {
        let Some(snapshot) = self.server().and_then(|server| server.services().remove(name)) else {
            return false;
        };
        self.control.readiness.follow(snapshot.version, snapshot.registry.names());
        true
    }

    /// Says whether the service with this wire name is ready to be called, or the server as a whole where the name is
    /// empty. At first all are. The [health service](crate::ServerBuilder::health) tells those who ask; calls are
    /// answered all the same. Gives `false` where there is no such service.
    pub fn set_serving(&self, name: &str, serving: bool) -> bool {
        self.control.readiness.set(name, serving)
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.server().map_or(0, |connections| connections.count())
    }

    /// How many calls are running or waiting to run.
    pub fn calls(&self) -> usize {
        self.server().map_or(0, |connections| connections.serving())
    }

    /// Shuts the server down gracefully, as [`Server::serve_until`] does, and waits until that is over. Everybody who
    /// asks gets the report, also afterwards; that of a server that was dropped says what went with it.
    ///
    /// A server that does not serve yet has nothing to wait for when it begins to; until then, this waits.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the shutdown. It begins when the future is first polled.
    ///
    /// [`Server::serve_until`]: super::Server::serve_until
    pub fn shutdown(&self) -> impl Future<Output = ShutdownReport> + Send + use<> {
        let control = Arc::clone(&self.control);
        async move {
            control.asked.send_replace(true);
            let mut report = control.report.subscribe();
            // The sender is in `control`, so there is always a report in the end.
            let report = report.wait_for(Option::is_some).await;
            report.ok().and_then(|report| report.clone()).unwrap_or_default()
        }
    }

    /// Waits until somebody asks for a shutdown.
    pub(super) async fn asked(&self) {
        // The sender is in `self`.
        let _ = self.control.asked.subscribe().wait_for(|asked| *asked).await;
    }

    pub(super) fn readiness(&self) -> &Readiness {
        &self.control.readiness
    }

    fn server(&self) -> Option<Arc<Connections>> {
        self.control.connections.upgrade()
    }
}

/// Keeps a server's connections for as long as it is there. They are closed when this goes, and whoever waits for the
/// report gets it.
pub(super) struct CloseOnDrop {
    pub(super) connections: Arc<Connections>,
    pub(super) handle: ServerHandle,
    /// `None` for a server that is dropped instead of shut down.
    pub(super) report: Option<ShutdownReport>,
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let report = self.report.take().unwrap_or_else(|| self.connections.cut());
        self.connections.end_all(Wish::Close);
        self.handle.control.report.send_replace(Some(report));
    }
}

fn over(address: &Address) -> RpcError {
    RpcError::new(Code::Unavailable, format!("the server at {address} is over; services are added to one that serves"))
}

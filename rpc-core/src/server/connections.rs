use std::collections::HashMap;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc_codec::Codec as _;
use tokio::sync::Notify;

use super::{Dispatch, Shared, ShutdownReport};
use crate::caught::caught;
use crate::code::Code;
use crate::connection::{Connection, Wish};
use crate::error::RpcError;
use crate::limits::Limits;
use crate::session::{Identity, Role};
use crate::transport::Io;

/// How long a connection that was cut off may take for its last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Tells the operator what went wrong with a connection.
pub(super) type OnError = Arc<dyn Fn(&RpcError) + Send + Sync>;

/// The connections of a server.
pub(super) struct Connections {
    shared: Arc<Shared>,
    limits: Arc<Limits>,
    most: usize,
    grace: Duration,
    on_error: Option<OnError>,
    open: Mutex<Open>,
    /// Woken when a connection has gone.
    gone: Notify,
}

#[derive(Default)]
struct Open {
    connections: HashMap<u64, Connection>,
    /// How many have been opened ever; names the next one.
    opened: u64,
}

impl Connections {
    pub(super) fn new(
        shared: Arc<Shared>,
        limits: Limits,
        most: usize,
        grace: Duration,
        on_error: Option<OnError>,
    ) -> Self {
        let limits = limits.within_protocol();
        Self { shared, limits, most, grace, on_error, open: Mutex::default(), gone: Notify::new() }
    }

    /// Begins to serve a connection.
    pub(super) fn open(self: &Arc<Self>, io: Io) {
        let mut open = self.lock();
        open.opened += 1;
        let number = open.opened;
        let crowded = open.connections.len() >= self.most;
        let connections = Arc::clone(self);
        let on_close = Box::new(move |error: Option<&RpcError>| connections.handle_closed(number, error));
        let codecs = self.shared.codecs.iter().map(|codec| codec.name().into()).collect();
        let identity = Identity { instance: self.shared.once.instance(), codecs };
        let address = Arc::clone(&io.peer);
        let dispatch = |line| Box::new(Dispatch::new(Arc::clone(&self.shared), address, line, on_close)) as _;
        let connection = Connection::open(io, Role::Server, Arc::clone(&self.limits), identity, dispatch);
        if crowded {
            // Dropping it says goodbye.
            connection.end(Wish::Crowded);
            drop(open);
            self.report(&RpcError::new(
                Code::ResourceExhausted,
                format!("{} connections are open, as many as may be (ServerBuilder::max_connections)", self.most),
            ));
            return;
        }
        open.connections.insert(number, connection);
    }

    /// Ends all connections in good order, as far as the grace period allows.
    pub(super) async fn shut_down(&self) -> ShutdownReport {
        let connections = self.count();
        self.end_all(Wish::Drain);
        if tokio::time::timeout(self.grace, self.all_gone()).await.is_ok() {
            return ShutdownReport { connections, cut_connections: 0, cut_calls: 0 };
        }
        let left: Vec<Connection> = self.lock().connections.values().cloned().collect();
        let report = ShutdownReport {
            connections,
            cut_connections: left.len(),
            cut_calls: left.iter().map(Connection::serving).sum(),
        };
        drop(left);
        self.end_all(Wish::Force);
        if tokio::time::timeout(LAST_WORDS, self.all_gone()).await.is_err() {
            self.end_all(Wish::Close);
        }
        report
    }

    pub(super) fn count(&self) -> usize {
        self.lock().connections.len()
    }

    /// How many calls are running or waiting.
    pub(super) fn serving(&self) -> usize {
        let connections: Vec<Connection> = self.lock().connections.values().cloned().collect();
        connections.iter().map(Connection::serving).sum()
    }

    /// Something went wrong that concerns one connection, or one that could not be.
    pub(super) fn report(&self, error: &RpcError) {
        if let Some(on_error) = &self.on_error {
            // A hook that panics is its own affair.
            caught(|| on_error(error));
        }
    }

    /// Closes what is open when the guard goes.
    pub(super) fn close_on_drop(self: &Arc<Self>) -> CloseOnDrop {
        CloseOnDrop(Arc::clone(self))
    }

    fn handle_closed(&self, number: u64, error: Option<&RpcError>) {
        let gone = self.lock().connections.remove(&number);
        drop(gone);
        self.gone.notify_waiters();
        if let Some(error) = error {
            self.report(error);
        }
    }

    fn end_all(&self, wish: Wish) {
        let connections: Vec<Connection> = self.lock().connections.values().cloned().collect();
        for connection in connections {
            connection.end(wish);
        }
    }

    async fn all_gone(&self) {
        let mut gone = pin!(self.gone.notified());
        loop {
            // Registered before looking: whoever goes in between is noticed.
            gone.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            gone.as_mut().await;
            gone.set(self.gone.notified());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct CloseOnDrop(Arc<Connections>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.end_all(Wish::Close);
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("open", &self.count()).finish_non_exhaustive()
    }
}

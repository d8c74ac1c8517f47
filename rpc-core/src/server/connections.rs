use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rpc_codec::Codec as _;
use tokio::sync::Notify;

use super::dispatch::OnClose;
use super::services::Services;
use super::{Dispatch, Shared, ShutdownReport};
use crate::code::Code;
use crate::connection::{Connection, Wish};
use crate::context::now;
use crate::error::RpcError;
use crate::limits::Limits;
use crate::session::{Identity, Role};
use crate::transport::Io;

/// How long a connection that was cut off may take for its last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The connections of a server.
pub(super) struct Connections {
    shared: Arc<Shared>,
    limits: Arc<Limits>,
    most: usize,
    grace: Duration,
    open: Mutex<Open>,
    /// Woken when a connection has gone.
    gone: Notify,
}

struct Open {
    /// `None` is a place that is taken for a connection that is about to be there.
    connections: BTreeMap<u64, Option<Connection>>,
    /// How many have been opened ever; names the next one.
    opened: u64,
    /// How all of them should end, those too that come later.
    wish: Wish,
}

impl Connections {
    pub(super) fn new(shared: Arc<Shared>, limits: Limits, most: usize, grace: Duration) -> Self {
        let limits = limits.within_protocol();
        let open = Mutex::new(Open { connections: BTreeMap::new(), opened: 0, wish: Wish::Live });
        Self { shared, limits, most, grace, open, gone: Notify::new() }
    }

    /// Begins to serve a connection.
    ///
    /// # Panics
    ///
    /// Outside of a tokio run time.
    pub(super) fn open(self: &Arc<Self>, io: Io) {
        // Found out before a place is taken.
        let _run_time = tokio::runtime::Handle::current();
        let Some(number) = self.take_place() else {
            return self.turn_away(io);
        };
        let (connections, peer) = (Arc::clone(self), Arc::clone(&io.peer));
        // Before the connection is there: it may end at any time from then on.
        self.shared.hooks.handle_connected(&peer);
        let on_close = move |error: Option<&RpcError>| connections.handle_closed(number, &peer, error);
        let connection = self.serve(io, Box::new(on_close));
        let mut open = self.lock();
        let wish = open.wish;
        // Nobody has its place any more when it has ended already.
        if let Some(place) = open.connections.get_mut(&number) {
            *place = Some(connection.clone());
        }
        drop(open);
        connection.end(wish);
    }

    /// Ends all connections in good order, as far as the grace period allows. The shutdown `began` before.
    pub(super) async fn shut_down(&self, began: Instant) -> ShutdownReport {
        let connections = self.count();
        self.end_all(Wish::Drain);
        let mut report = ShutdownReport::default();
        if tokio::time::timeout(self.grace, self.all_done()).await.is_err() {
            report = self.cut();
            self.end_all(Wish::Force);
            self.shared.left.stop();
            if tokio::time::timeout(LAST_WORDS, self.all_gone()).await.is_err() {
                self.end_all(Wish::Close);
            }
        }
        ShutdownReport { connections, took: now().duration_since(began), ..report }
    }

    /// What is lost when all connections end now.
    pub(super) fn cut(&self) -> ShutdownReport {
        let connections = self.all();
        let left = self.shared.left.running();
        let mut methods: BTreeMap<String, usize> = BTreeMap::new();
        for call in connections.iter().flat_map(Connection::running).chain(left.iter().cloned()) {
            *methods.entry(format!("{}.{}", call.service(), call.method())).or_default() += 1;
        }
        let mut cut_methods: Vec<(String, usize)> = methods.into_iter().collect();
        cut_methods.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
        ShutdownReport {
            connections: connections.len(),
            cut_connections: connections.len(),
            cut_calls: connections.iter().map(Connection::serving).sum::<usize>() + left.len(),
            cut_methods,
            took: Duration::ZERO,
        }
    }

    pub(super) fn end_all(&self, wish: Wish) {
        let mut open = self.lock();
        open.wish = open.wish.max(wish);
        drop(open);
        for connection in self.all() {
            connection.end(wish);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.lock().connections.len()
    }

    /// How many calls are running or waiting.
    pub(super) fn serving(&self) -> usize {
        self.all().iter().map(Connection::serving).sum()
    }

    pub(super) fn services(&self) -> &Services {
        &self.shared.services
    }

    /// Something went wrong that concerns one connection, or one that could not be.
    pub(super) fn report(&self, error: &RpcError) {
        self.shared.hooks.report(error);
    }

    /// A number for a further connection, where there may be one.
    fn take_place(&self) -> Option<u64> {
        let mut open = self.lock();
        if open.connections.len() >= self.most {
            return None;
        }
        open.opened += 1;
        let number = open.opened;
        open.connections.insert(number, None);
        Some(number)
    }

    /// One too many.
    fn turn_away(self: &Arc<Self>, io: Io) {
        let connections = Arc::clone(self);
        let on_close = move |error: Option<&RpcError>| error.into_iter().for_each(|error| connections.report(error));
        // Dropping it says goodbye.
        self.serve(io, Box::new(on_close)).end(Wish::Crowded);
        self.report(&RpcError::new(
            Code::ResourceExhausted,
            format!("{} connections are open, as many as may be (ServerBuilder::max_connections)", self.most),
        ));
    }

    fn serve(&self, io: Io, on_close: OnClose) -> Connection {
        let codecs = self.shared.codecs.iter().map(|codec| codec.name().into()).collect();
        let identity = Identity { instance: self.shared.once.instance(), codecs };
        let address = Arc::clone(&io.peer);
        let dispatch = |line| Box::new(Dispatch::new(Arc::clone(&self.shared), address, line, on_close)) as _;
        Connection::open(io, Role::Server, Arc::clone(&self.limits), identity, dispatch)
    }

    fn handle_closed(&self, number: u64, peer: &str, error: Option<&RpcError>) {
        // Told first: when a shutdown is over, so are the hooks.
        error.into_iter().for_each(|error| self.report(error));
        self.shared.hooks.handle_disconnected(peer, error);
        let gone = self.lock().connections.remove(&number);
        drop(gone);
        self.gone.notify_waiters();
    }

    /// The connections that are there.
    fn all(&self) -> Vec<Connection> {
        self.lock().connections.values().flatten().cloned().collect()
    }

    /// Waits until no connection is open, and no handler runs.
    async fn all_done(&self) {
        self.all_gone().await;
        self.shared.gate.empty().await;
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

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("open", &self.count()).finish_non_exhaustive()
    }
}

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Target;
use crate::connection::Connection;
use crate::error::{Delivery, Phase, RpcError};

/// The connection of a channel: made at the first call, or before.
pub(super) struct Link {
    shared: Arc<Shared>,
}

struct Shared {
    target: Target,
    connection: OnceLock<Result<Connection, RpcError>>,
    opening: Mutex<Opening>,
}

#[derive(Default)]
struct Opening {
    begun: bool,
    watchers: Vec<Waker>,
}

impl Link {
    pub(super) fn new(target: Target) -> Self {
        let shared = Shared { target, connection: OnceLock::new(), opening: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    pub(super) fn peer(&self) -> &Arc<str> {
        &self.shared.target.peer
    }

    /// The connection, once its stream is open. Begins to open it, where nobody has.
    pub(super) fn poll_connection(&self, cx: &Context<'_>) -> Poll<Result<&Connection, RpcError>> {
        if let Some(connection) = self.shared.connection.get() {
            return Poll::Ready(connection.as_ref().map_err(Clone::clone));
        }
        let mut opening = self.shared.opening.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have come while the lock was taken.
        if let Some(connection) = self.shared.connection.get() {
            return Poll::Ready(connection.as_ref().map_err(Clone::clone));
        }
        if !opening.watchers.iter().any(|watcher| watcher.will_wake(cx.waker())) {
            opening.watchers.push(cx.waker().clone());
        }
        if !std::mem::replace(&mut opening.begun, true) {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move { shared.open().await });
        }
        Poll::Pending
    }

    /// Opens the connection now and waits for the peer's HELLO.
    pub(super) async fn connect(&self) -> Result<(), RpcError> {
        let decorate = |error: RpcError| {
            let error = if error.peer().is_some() { error } else { error.with_peer(Arc::clone(self.peer())) };
            let error = if error.phase().is_some() { error } else { error.with_phase(Phase::Handshake) };
            error.with_delivery(Delivery::NotSent)
        };
        let connection = self.shared.target.open().await.map_err(decorate)?;
        connection.ready().await.map_err(decorate)?;
        self.shared.target.check(&connection)?;
        self.shared.settle(Ok(connection));
        Ok(())
    }

    pub(super) async fn closed(&self) {
        if let Ok(connection) = std::future::poll_fn(|cx| self.poll_connection(cx)).await {
            connection.closed().await;
        }
    }
}

impl Shared {
    async fn open(&self) {
        let connection = self.target.open().await;
        self.settle(connection);
    }

    fn settle(&self, connection: Result<Connection, RpcError>) {
        let mut opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        opening.begun = true;
        // Nobody else settles: whoever set `begun` is the only one.
        let _ = self.connection.set(connection);
        let watchers = std::mem::take(&mut opening.watchers);
        drop(opening);
        watchers.into_iter().for_each(Waker::wake);
    }
}

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Target;
use crate::code::Code;
use crate::connection::Connection;
use crate::error::{Delivery, Phase, RpcError};

/// The connection of a channel: made before, or at the first call. Where that fails, the next call tries again; once
/// there was one, the channel is over with it.
pub(super) struct Link {
    shared: Arc<Shared>,
}

struct Shared {
    target: Target,
    connection: OnceLock<Connection>,
    /// The attempt that is going on.
    attempt: Mutex<Option<Arc<Attempt>>>,
}

/// One attempt to open the connection, which all calls of its time wait for.
#[derive(Default)]
pub(super) struct Attempt {
    state: Mutex<AttemptState>,
}

#[derive(Default)]
struct AttemptState {
    /// How it ended, when it has.
    ended: Option<Result<(), RpcError>>,
    watchers: Vec<Waker>,
}

impl Link {
    pub(super) fn new(target: Target) -> Self {
        Self { shared: Arc::new(Shared { target, connection: OnceLock::new(), attempt: Mutex::default() }) }
    }

    /// A link whose connection is there, or was.
    pub(super) fn back(target: Target, connection: Option<Connection>) -> Self {
        let link = Self::new(target);
        if let Some(connection) = connection {
            // Nobody else has the link yet.
            let _ = link.shared.connection.set(connection);
        }
        link
    }

    pub(super) fn peer(&self) -> &Arc<str> {
        &self.shared.target.peer
    }

    /// The connection, where its stream is open.
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.shared.connection.get()
    }

    /// The connection, once its stream is open. Begins to open it, where nobody has; `attempt` keeps what the caller
    /// waits for.
    pub(super) fn poll_connection(
        &self,
        cx: &Context<'_>,
        attempt: &mut Option<Arc<Attempt>>,
    ) -> Poll<Result<&Connection, RpcError>> {
        if let Some(connection) = self.shared.connection.get() {
            return Poll::Ready(Ok(connection));
        }
        let attempt = match attempt {
            Some(attempt) => attempt,
            None => attempt.insert(self.shared.attempt()?),
        };
        match attempt.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => Poll::Ready(self.shared.connection.get().ok_or_else(gone)),
        }
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
        // Nobody else has the channel yet.
        let _ = self.shared.connection.set(connection);
        Ok(())
    }

    pub(super) async fn closed(&self) {
        let mut attempt = None;
        if let Ok(connection) = std::future::poll_fn(|cx| self.poll_connection(cx, &mut attempt)).await {
            connection.closed().await;
        }
    }
}

impl Shared {
    /// The attempt that is going on, or a new one.
    fn attempt(self: &Arc<Self>) -> Result<Arc<Attempt>, RpcError> {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            let text = "the first call on a channel must be made within a tokio run time, which connects it";
            return Err(RpcError::new(Code::FailedPrecondition, text)
                .with_phase(Phase::Connect)
                .with_delivery(Delivery::NotSent));
        };
        let mut current = lock(&self.attempt);
        if let Some(attempt) = &*current {
            return Ok(Arc::clone(attempt));
        }
        let attempt = Arc::new(Attempt::default());
        *current = Some(Arc::clone(&attempt));
        drop(current);
        let opening = Opening { shared: Arc::clone(self), attempt: Arc::clone(&attempt) };
        runtime.spawn(async move {
            let opened = opening.shared.target.open().await;
            let ended = opened.map(|connection| drop(opening.shared.connection.set(connection)));
            opening.end(ended);
        });
        Ok(attempt)
    }
}

/// The duty to end an attempt, also when its run time goes.
struct Opening {
    shared: Arc<Shared>,
    attempt: Arc<Attempt>,
}

impl Opening {
    fn end(&self, ended: Result<(), RpcError>) {
        let mut state = lock(&self.attempt.state);
        if state.ended.is_some() {
            return;
        }
        state.ended = Some(ended);
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        lock(&self.shared.attempt).take();
        watchers.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.end(Err(gone()));
    }
}

impl Attempt {
    fn poll(&self, cx: &Context<'_>) -> Poll<Result<(), RpcError>> {
        let mut state = lock(&self.state);
        if let Some(ended) = &state.ended {
            return Poll::Ready(ended.clone());
        }
        if !state.watchers.iter().any(|watcher| watcher.will_wake(cx.waker())) {
            state.watchers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone() -> RpcError {
    RpcError::new(Code::Unavailable, "the run time that was connecting was shut down")
        .with_phase(Phase::Connect)
        .with_delivery(Delivery::NotSent)
}

//! The task that keeps a connection: opens it, waits until it is of no more use, and opens another.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};

use super::link::Shared;
use super::member::Condition;
use crate::connection::{Connection, Wish};
use crate::context::now;
use crate::error::{Delivery, Phase, RpcError};
use crate::jitter::{around, within};

/// A connection that lasted so long was of use, though nothing was called.
const LASTING: Duration = Duration::from_secs(30);

/// The duty to keep a member's connection, also to say so when the run time goes.
pub(super) struct Keeping {
    shared: Arc<Shared>,
    member: usize,
}

/// How a connection came to its end.
enum Over {
    /// Nobody needed it.
    Idle,
    /// It was used for as long as it may be.
    Old,
    /// The peer is about to close it.
    Drained,
    /// It is gone; the error says why, unless it was in good order.
    Lost(Option<RpcError>),
}

impl Keeping {
    pub(super) fn new(shared: Arc<Shared>, member: usize) -> Self {
        Self { shared, member }
    }

    fn set(&self, condition: Condition) {
        self.shared.change(self.member, |stage| {
            stage.condition = condition;
            None
        });
    }

    /// Opens a connection and waits for the peer's HELLO. The first one may be used before that has come.
    async fn connect(&self, address: usize, is_early: bool) -> Result<Connection, RpcError> {
        let Self { shared, member } = self;
        let connection = shared.target.open(address).await?;
        if is_early {
            let usable = connection.clone();
            shared.change(*member, |stage| stage.connection.replace(usable));
        }
        let greeted = match connection.ready().await {
            Ok(()) => shared.target.check(&connection),
            Err(error) => Err(error),
        };
        match greeted {
            Ok(()) => Ok(connection),
            Err(error) => {
                shared.change(*member, |stage| stage.connection.take());
                let error = if error.phase().is_some() { error } else { error.with_phase(Phase::Handshake) };
                let error = if error.peer().is_some() { error } else { error.with_peer(Arc::clone(connection.peer())) };
                Err(error.with_delivery(Delivery::NotSent))
            }
        }
    }

    /// Lets calls be made on a connection for as long as that goes.
    async fn keep(&self, connection: Connection) -> Over {
        let Self { shared, member } = self;
        let watcher = connection.watcher();
        shared.hooks.connected(watcher.peer());
        shared.change(*member, |stage| {
            stage.condition = Condition::Ready;
            stage.failed = None;
            stage.connection.replace(connection)
        });
        let over = self.watch(&watcher).await;
        if shared.target.is_reopened() {
            // Calls that were sent keep it until they have ended.
            shared.change(*member, |stage| stage.connection.take());
        }
        let error = match &over {
            Over::Lost(error) => error.as_ref(),
            Over::Idle | Over::Old | Over::Drained => None,
        };
        shared.hooks.disconnected(watcher.peer(), error);
        over
    }

    async fn watch(&self, connection: &Connection) -> Over {
        let target = &self.shared.target;
        if !target.is_reopened() {
            connection.closed().await;
            return Over::Lost(connection.over().flatten());
        }
        let aged = async {
            match target.limits.max_age {
                Some(age) => tokio::time::sleep(around(age, 0.1)).await,
                None => std::future::pending().await,
            }
        };
        if let Either::Right(_) = select(pin!(connection.unusable()), pin!(aged)).await {
            connection.end(Wish::Retire);
            return Over::Old;
        }
        match connection.over() {
            _ if connection.is_retired() => Over::Idle,
            Some(error) => Over::Lost(error),
            None => Over::Drained,
        }
    }

    /// Waits before the next attempt. Says whether there is still somebody who wants a connection.
    async fn pause(&self, pause: Duration) -> bool {
        let Some(member) = self.shared.members.get(self.member) else {
            return false;
        };
        let _ = tokio::time::timeout(pause, member.hurry.notified()).await;
        let idle = self.shared.target.limits.idle;
        let asked = member.lock().asked;
        asked.is_none_or(|asked| now().saturating_duration_since(asked) < idle)
    }
}

/// Opens a connection, and another when that is of no more use, until nobody wants one.
pub(super) async fn keep(keeping: Keeping) {
    let shared = &*keeping.shared;
    let addresses = shared.target.addresses();
    let mut address = keeping.member;
    // How many attempts have failed since the last pause, and how many times all addresses have since the last
    // connection of use.
    let (mut tried, mut failures) = (0, 0);
    loop {
        keeping.set(Condition::Connecting);
        let error = match keeping.connect(address, shared.is_early && failures == 0).await {
            Ok(connection) => {
                let watcher = connection.watcher();
                let opened = now();
                let over = keeping.keep(connection).await;
                let lasted = now().saturating_duration_since(opened) >= LASTING;
                let was_useful = lasted || watcher.was_useful();
                if was_useful {
                    (tried, failures) = (0, 0);
                }
                match over {
                    Over::Idle => return keeping.set(Condition::Idle),
                    Over::Old => continue,
                    Over::Drained if was_useful => {
                        address += 1;
                        continue;
                    }
                    Over::Lost(_) if was_useful && shared.target.is_reopened() => {
                        // All clients of a server lose it at once.
                        tokio::time::sleep(within(shared.backoff.first)).await;
                        continue;
                    }
                    Over::Drained => shared.target.drained(),
                    Over::Lost(Some(error)) => error.with_phase(Phase::Connect).with_delivery(Delivery::NotSent),
                    Over::Lost(None) => shared.target.over(),
                }
            }
            Err(error) => error,
        };
        if !shared.target.is_reopened() {
            return keeping.set(Condition::Closed(error));
        }
        address += 1;
        tried += 1;
        if tried < addresses {
            continue;
        }
        tried = 0;
        failures += 1;
        shared.change(keeping.member, |stage| {
            stage.fail(error);
            None
        });
        if !keeping.pause(shared.backoff.pause(failures)).await {
            return keeping.set(Condition::Idle);
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        let target = &self.shared.target;
        self.shared.change(self.member, |stage| {
            stage.keeper = None;
            match stage.condition {
                Condition::Closed(_) => None,
                // The run time has gone. Whoever calls in another one connects there.
                _ if target.is_reopened() => {
                    stage.condition = Condition::Idle;
                    stage.connection.take()
                }
                _ => {
                    stage.condition = Condition::Closed(target.over());
                    None
                }
            }
        });
    }
}

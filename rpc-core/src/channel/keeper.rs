//! The task that keeps a connection: opens it, waits until it is of no more use, and opens another.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::time::timeout;

use super::link::Shared;
use super::member::{Condition, Member};
use crate::connection::{Connection, Wish};
use crate::context::now;
use crate::error::{Delivery, Phase, RpcError};
use crate::hooks::Hooks;
use crate::jitter::{around, within};

/// A connection that lasted so long was of use, though nothing was called.
const LASTING: Duration = Duration::from_secs(30);

/// The duty to keep a member's connection, also to say so when the run time goes.
pub(super) struct Keeping {
    shared: Arc<Shared>,
    member: usize,
    /// It has said how it ends. Another keeper may be at work by now.
    has_ended: bool,
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
        Self { shared, member, has_ended: false }
    }

    /// Says whether there is still somebody to connect for.
    fn set(&self, condition: Condition) -> bool {
        self.shared.change(self.member, |stage| {
            stage.condition = condition;
            None
        })
    }

    /// Keeps no longer. Said in one breath: who finds the condition set may begin anew at once.
    fn end(mut self, condition: Condition) {
        self.has_ended = true;
        self.shared.change(self.member, |stage| {
            stage.keeper = None;
            stage.condition = condition;
            None
        });
    }

    /// Opens a connection and waits for the peer's HELLO. The first one may be used before that has come.
    async fn connect(&self, address: usize, is_early: bool) -> Result<Connection, RpcError> {
        let Self { shared, member, .. } = self;
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
        let Self { shared, member, .. } = self;
        let watcher = connection.watcher();
        let mut told = Told::new(&shared.hooks, watcher.peer());
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
        if let Over::Lost(error) = &over {
            told.why.clone_from(error);
        }
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
            let is_used = !connection.is_idle() || target.services.is_some();
            connection.end(Wish::Retire);
            return if is_used { Over::Old } else { Over::Idle };
        }
        match connection.over() {
            _ if connection.is_retired() => Over::Idle,
            Some(error) => Over::Lost(error),
            None => Over::Drained,
        }
    }

    /// Whether somebody wanted a connection not long ago.
    fn is_wanted(&self) -> bool {
        let idle = self.shared.target.limits.idle;
        let asked = self.shared.members.get(self.member).and_then(|member| member.lock().asked);
        asked.is_some_and(|asked| now().saturating_duration_since(asked) < idle)
    }
}

/// Opens a connection, and another when that is of no more use, until nobody wants one.
pub(super) async fn keep(keeping: Keeping) {
    let shared = Arc::clone(&keeping.shared);
    let Some(Member { hurry, .. }) = shared.members.get(keeping.member) else {
        return;
    };
    let addresses = shared.target.addresses();
    let mut address = keeping.member;
    // How many attempts have failed since the last pause, and how many times all addresses have since the last
    // connection of use.
    let (mut tried, mut failures) = (0, 0);
    while keeping.set(Condition::Connecting) {
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
                    Over::Idle => return keeping.end(Condition::Idle),
                    Over::Old => continue,
                    Over::Drained if was_useful => {
                        address += 1;
                        continue;
                    }
                    Over::Lost(_) if was_useful && shared.target.is_reopened() => {
                        let hurried = hurry.notified();
                        keeping.set(Condition::Connecting);
                        // All clients of a server lose it at once.
                        let _ = timeout(within(shared.backoff.first.min(shared.backoff.longest)), hurried).await;
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
            return keeping.end(Condition::Closed(error));
        }
        address += 1;
        tried += 1;
        if tried < addresses {
            continue;
        }
        tried = 0;
        failures += 1;
        // Listened to before the failure is told: who hears of that may end the pause at once.
        let hurried = hurry.notified();
        shared.change(keeping.member, |stage| {
            stage.fail(error);
            None
        });
        let _ = timeout(shared.backoff.pause(failures), hurried).await;
        if !keeping.is_wanted() {
            return keeping.end(Condition::Idle);
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let target = &self.shared.target;
        self.shared.change(self.member, |stage| {
            stage.keeper = None;
            if !target.is_reopened() {
                stage.condition = Condition::Closed(target.over());
                return None;
            }
            // The run time has gone. Whoever calls in another one connects there.
            stage.condition = Condition::Idle;
            stage.connection.take()
        });
    }
}

/// What the hooks are told of a connection: that it is here, and in any case that it takes no further calls, also where
/// the channel is closed and its keeper with it.
struct Told<'a> {
    hooks: &'a Hooks,
    peer: &'a str,
    why: Option<RpcError>,
}

impl<'a> Told<'a> {
    fn new(hooks: &'a Hooks, peer: &'a str) -> Self {
        hooks.handle_connected(peer);
        Self { hooks, peer, why: None }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.hooks.handle_disconnected(self.peer, self.why.as_ref());
    }
}

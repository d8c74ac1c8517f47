use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::select;
use tokio::sync::watch;

use super::backoff::Backoff;
use super::keeper::{Keeping, keep};
use super::member::{Condition, Member, Place, Stage};
use super::{ChannelState, Target};
use crate::code::Code;
use crate::connection::{Connection, Wish};
use crate::context::now;
use crate::error::{Delivery, Phase, RpcError};
use crate::hooks::Hooks;

/// The connections of a channel: opened when they are needed, and again when they are lost. They are closed with it.
pub(super) struct Link {
    shared: Arc<Shared>,
}

/// What the link shares with the tasks that keep its connections.
pub(super) struct Shared {
    pub(super) target: Target,
    pub(super) backoff: Backoff,
    /// The first call goes out before the peer has said HELLO.
    pub(super) is_early: bool,
    pub(super) hooks: Hooks,
    pub(super) members: Box<[Member]>,
    state: watch::Sender<ChannelState>,
}

impl Link {
    pub(super) fn new(target: Target, connections: usize, backoff: Backoff, is_early: bool, hooks: Hooks) -> Self {
        let members = (0..connections).map(|_| Member::default()).collect();
        let state = watch::Sender::new(ChannelState::Idle);
        Self { shared: Arc::new(Shared { target, backoff, is_early, hooks, members, state }) }
    }

    /// A link to a peer that made the connection, which is there, or was.
    pub(super) fn back(target: Target, connection: Option<Connection>) -> Self {
        let link = Self::new(target, 1, Backoff::default(), false, Hooks::default());
        link.shared.change(0, |stage| {
            stage.condition = match connection {
                Some(_) => Condition::Ready,
                None => Condition::Closed(link.shared.target.over()),
            };
            stage.connection = connection;
            None
        });
        link
    }

    pub(super) fn peer(&self) -> &Arc<str> {
        &self.shared.target.peer
    }

    /// Whether another attempt may meet another connection.
    pub(super) fn is_reopened(&self) -> bool {
        self.shared.target.is_reopened()
    }

    /// The member with the fewest calls, among those that have a connection if any has.
    /// Where there is more than one call, all of them are opened.
    pub(super) fn least_loaded(&self) -> usize {
        let rated = self.shared.members.iter().map(|member| (!member.lock().is_open(), member.load()));
        let Some((at, (_, load))) = rated.enumerate().min_by_key(|(_, rate)| *rate) else {
            return 0;
        };
        if load > 0 {
            // Outside of a run time nobody can; the call is told so where it needs one.
            let _ = self.shared.open_idle();
        }
        at
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.shared.members
    }

    /// The connection of a member, where calls can be made on it.
    pub(super) fn connection(&self, member: usize) -> Option<Connection> {
        self.shared.members.get(member)?.lock().usable(&self.shared.target)
    }

    /// How the last attempt of a member to connect failed, where it did.
    pub(super) fn failure(&self, member: usize) -> Option<RpcError> {
        self.shared.members.get(member)?.lock().failed.clone()
    }

    /// The connection of a member, once there is one. Begins to open it, where nobody has; `place` keeps where the call
    /// waits. Unless `waits`, it fails where the last attempt did.
    pub(super) fn poll_connection(
        &self,
        member: usize,
        waits: bool,
        cx: &Context<'_>,
        place: &mut Option<Place>,
    ) -> Poll<Result<Connection, RpcError>> {
        self.poll_stage(member, cx, place, |stage, target, place| match &stage.condition {
            Condition::Closed(error) => Some(Err(error.clone())),
            Condition::Failing(error) if !waits => Some(Err(error.clone())),
            _ => {
                let missed = || if waits { None } else { stage.failure_since(place).cloned().map(Err) };
                stage.usable(target).map(Ok).or_else(missed)
            }
        })
    }

    /// A call that waited has gone.
    pub(super) fn leave(&self, member: usize, place: Place) {
        if let Some(member) = self.shared.members.get(member) {
            let waker = member.lock().leave(place);
            drop(waker);
        }
    }

    /// Opens all connections, and waits for the HELLO of the first one's peer, or for its failure.
    pub(super) async fn connect(&self) -> Result<(), RpcError> {
        let mut place = None;
        let opened = std::future::poll_fn(|cx| {
            self.poll_stage(0, cx, &mut place, |stage, _, place| match &stage.condition {
                Condition::Ready => Some(Ok(())),
                Condition::Failing(error) | Condition::Closed(error) => Some(Err(error.clone())),
                Condition::Idle | Condition::Connecting => stage.failure_since(place).cloned().map(Err),
            })
        });
        opened.await?;
        self.shared.open_idle()
    }

    pub(super) fn state(&self) -> ChannelState {
        match self.lent() {
            Some(connection) if connection.is_open() => ChannelState::Ready,
            Some(_) => ChannelState::Closed,
            None => *self.shared.state.borrow(),
        }
    }

    /// Waits until the state is another one.
    pub(super) async fn changed(&self, from: ChannelState) -> ChannelState {
        if let Some(connection) = self.lent() {
            if self.state() == from {
                select(pin!(connection.unusable()), pin!(self.told_closed())).await;
            }
            return self.state();
        }
        let mut states = self.shared.state.subscribe();
        // The sender is here.
        states.wait_for(|state| *state != from).await.map_or(ChannelState::Closed, |state| *state)
    }

    /// Waits until there is no connection, and will be none.
    pub(super) async fn closed(&self) {
        if let Some(connection) = self.lent() {
            select(pin!(connection.closed()), pin!(self.told_closed())).await;
            return;
        }
        self.told_closed().await;
    }

    /// Waits until this end says so.
    async fn told_closed(&self) {
        let mut states = self.shared.state.subscribe();
        // The sender is here.
        let _ = states.wait_for(|state| *state == ChannelState::Closed).await;
    }

    /// The connection that the peer made: no task of this channel's keeps it.
    fn lent(&self) -> Option<Connection> {
        if !self.shared.target.is_lent() {
            return None;
        }
        self.shared.members.first()?.lock().connection.clone()
    }

    /// Makes no further calls; those that were sent go on. Ends the pauses between attempts.
    pub(super) fn close(&self) {
        self.shared.close();
    }

    /// Tries at once what waits for its next attempt.
    pub(super) fn hurry(&self) {
        self.shared.members.iter().for_each(|member| member.hurry.notify_waiters());
    }

    fn poll_stage<T>(
        &self,
        member: usize,
        cx: &Context<'_>,
        place: &mut Option<Place>,
        look: impl Fn(&Stage, &Target, Option<Place>) -> Option<Result<T, RpcError>>,
    ) -> Poll<Result<T, RpcError>> {
        let Some(kept) = self.shared.members.get(member) else {
            return Poll::Pending;
        };
        // Wakers are foreign code: they are cloned and dropped without the lock.
        let waker = cx.waker().clone();
        let mut stage = kept.lock();
        // A call that fails at once wanted a connection too.
        stage.asked = Some(now());
        if let Some(seen) = look(&stage, &self.shared.target, *place) {
            drop(stage);
            return Poll::Ready(seen);
        }
        let replaced = stage.wait(waker, place);
        let keeper = stage.begin();
        drop(stage);
        drop(replaced);
        if let Some(keeper) = keeper {
            self.shared.open(member, keeper)?;
        }
        Poll::Pending
    }
}

impl Stage {
    /// The number of the keeper that must open a connection, where nobody does yet.
    fn begin(&mut self) -> Option<u64> {
        if !matches!(self.condition, Condition::Idle) {
            return None;
        }
        self.condition = Condition::Connecting;
        self.asked = Some(now());
        self.keepers += 1;
        Some(self.keepers)
    }

    fn is_open(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_open)
    }

    /// The connection, where calls can be made on it. One that cannot be replaced says itself why they cannot.
    fn usable(&self, target: &Target) -> Option<Connection> {
        self.connection.clone().filter(|connection| connection.is_open() || !target.is_reopened())
    }
}

impl Shared {
    /// Opens all connections that nobody opens yet.
    fn open_idle(self: &Arc<Self>) -> Result<(), RpcError> {
        for (at, member) in self.members.iter().enumerate() {
            let keeper = member.lock().begin();
            if let Some(keeper) = keeper {
                self.open(at, keeper)?;
            }
        }
        Ok(())
    }

    /// Has a task open the connection of a member that has begun to connect.
    fn open(self: &Arc<Self>, member: usize, number: u64) -> Result<(), RpcError> {
        // It ends the beginning where it cannot be spawned.
        let keeping = Keeping::new(Arc::clone(self), member);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            let text = "the first call on a channel must be made within a tokio run time, which connects it";
            return Err(RpcError::new(Code::FailedPrecondition, text)
                .with_phase(Phase::Connect)
                .with_delivery(Delivery::NotSent));
        };
        let keeper = runtime.spawn(keep(keeping)).abort_handle();
        if let Some(member) = self.members.get(member) {
            let mut stage = member.lock();
            if matches!(stage.condition, Condition::Closed(_)) {
                drop(stage);
                keeper.abort();
            } else if stage.keepers == number {
                // Otherwise it has ended by now, and another is at work.
                stage.keeper = Some(keeper);
            }
        }
        Ok(())
    }

    /// Changes a member, and tells those who wait; says whether it was open to change.
    pub(super) fn change(&self, member: usize, change: impl FnOnce(&mut Stage) -> Option<Connection>) -> bool {
        let changes = self.members.get(member).is_some_and(|member| member.change(change));
        if changes {
            self.publish();
        }
        changes
    }

    /// Tells the state of all members together.
    fn publish(&self) {
        self.state.send_if_modified(|told| {
            let states = self.members.iter().map(|member| member.lock().condition.state());
            let state = states.min_by_key(|state| rank(*state)).unwrap_or(ChannelState::Closed);
            std::mem::replace(told, state) != state
        });
    }

    fn close(&self) {
        for at in 0..self.members.len() {
            self.change(at, |stage| {
                if let Some(keeper) = stage.keeper.take() {
                    keeper.abort();
                }
                let error = RpcError::new(Code::Unavailable, "the channel was closed");
                stage.condition = Condition::Closed(error.with_phase(Phase::Send).with_delivery(Delivery::NotSent));
                if let Some(connection) = stage.connection.as_ref().filter(|_| !self.target.is_lent()) {
                    connection.end(Wish::Retire);
                }
                stage.connection.take()
            });
        }
    }
}

/// A channel is as well off as the best of its connections.
fn rank(state: ChannelState) -> u8 {
    match state {
        ChannelState::Ready => 0,
        ChannelState::Connecting => 1,
        ChannelState::Failing => 2,
        ChannelState::Idle => 3,
        ChannelState::Closed => 4,
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.close();
    }
}

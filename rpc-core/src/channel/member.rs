use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::ChannelState;
use crate::caught::wake;
use crate::connection::Connection;
use crate::error::RpcError;

/// One connection of a channel, whether it is there or not.
#[derive(Debug, Default)]
pub(super) struct Member {
    stage: Mutex<Stage>,
    /// How many calls are on it; counted where there are several to choose from.
    load: AtomicUsize,
    /// Ends a pause.
    pub(super) hurry: Notify,
}

/// How far it has come.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) condition: Condition,
    pub(super) connection: Option<Connection>,
    /// The task that keeps it.
    pub(super) keeper: Option<AbortHandle>,
    /// How many keepers there have been.
    pub(super) keepers: u64,
    /// When a call last found no connection.
    pub(super) asked: Option<Instant>,
    /// How often all addresses have failed, and how the last time, unless there was a connection since.
    failures: u64,
    pub(super) failed: Option<RpcError>,
    /// Those who wait; `None` for one that has gone.
    waiters: Vec<Option<Waker>>,
    /// Counts how often those who wait were woken.
    round: u64,
}

#[derive(Debug, Default, Clone)]
pub(super) enum Condition {
    #[default]
    Idle,
    Connecting,
    Ready,
    Failing(RpcError),
    Closed(RpcError),
}

/// Where a call waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    round: u64,
    at: usize,
    /// How many failures there had been when it began to wait.
    failures: u64,
}

impl Member {
    pub(super) fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it, and wakes those who wait for it. What is closed stays so, whatever its keeper was about to do; says
    /// whether it was not. What is not needed any more is dropped without the lock.
    pub(super) fn change(&self, change: impl FnOnce(&mut Stage) -> Option<Connection>) -> bool {
        let mut stage = self.lock();
        if matches!(stage.condition, Condition::Closed(_)) {
            return false;
        }
        // An error's source may be foreign code: the last of it must not go under the lock.
        let errors = (stage.condition.clone(), stage.failed.clone());
        let gone = change(&mut stage);
        stage.round += 1;
        let waiters = std::mem::take(&mut stage.waiters);
        drop(stage);
        drop((gone, errors));
        waiters.into_iter().for_each(wake);
        true
    }

    pub(super) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    pub(super) fn add_load(&self) {
        self.load.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove_load(&self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stage {
    /// Has a waker woken at the next change. `place` is where it waited before.
    pub(super) fn wait(&mut self, waker: Waker, place: &mut Option<Place>) -> Option<Waker> {
        if let Some(place) = place
            && place.round == self.round
            && let Some(waiter) = self.waiters.get_mut(place.at)
        {
            return waiter.replace(waker);
        }
        let failures = place.map_or(self.failures, |place| place.failures);
        *place = Some(Place { round: self.round, at: self.waiters.len(), failures });
        self.waiters.push(Some(waker));
        None
    }

    /// Nobody waits at this place any more. Gives back what would have been woken, to be dropped without the lock.
    pub(super) fn leave(&mut self, place: Place) -> Option<Waker> {
        self.waiters.get_mut(place.at).filter(|_| place.round == self.round)?.take()
    }

    /// All addresses have failed once more.
    pub(super) fn fail(&mut self, error: RpcError) {
        self.failures += 1;
        self.failed = Some(error.clone());
        self.condition = Condition::Failing(error);
    }

    /// What failed since somebody began to wait, also where there is another attempt by now.
    pub(super) fn failure_since(&self, place: Option<Place>) -> Option<&RpcError> {
        self.failed.as_ref().filter(|_| place.is_some_and(|place| self.failures > place.failures))
    }
}

impl Condition {
    pub(super) fn state(&self) -> ChannelState {
        match self {
            Self::Idle => ChannelState::Idle,
            Self::Connecting => ChannelState::Connecting,
            Self::Ready => ChannelState::Ready,
            Self::Failing(_) => ChannelState::Failing,
            Self::Closed(_) => ChannelState::Closed,
        }
    }
}

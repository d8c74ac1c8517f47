use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// Bounds how many handlers run at once in all of a server, and how many calls wait for their turn.
#[derive(Debug)]
pub(super) struct Gate {
    running: AtomicUsize,
    limit: usize,
    waiting: AtomicUsize,
    most_waiting: usize,
    longest: Duration,
    left: Notify,
    /// Somebody waits until no handler runs.
    is_awaited: AtomicBool,
    emptied: Notify,
}

/// The right of one handler to run; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
}

impl Gate {
    pub(super) fn new(limit: usize, most_waiting: usize, longest: Duration) -> Self {
        Self {
            running: AtomicUsize::new(0),
            limit,
            waiting: AtomicUsize::new(0),
            most_waiting,
            longest,
            left: Notify::new(),
            is_awaited: AtomicBool::new(false),
            emptied: Notify::new(),
        }
    }

    /// Waits until no handler runs.
    pub(super) async fn empty(&self) {
        // Written by those who wait, and read by each that leaves: the last of them is not missed.
        self.is_awaited.store(true, Ordering::SeqCst);
        let mut emptied = pin!(self.emptied.notified());
        loop {
            emptied.as_mut().enable();
            if self.running.load(Ordering::SeqCst) == 0 {
                return;
            }
            emptied.as_mut().await;
            emptied.set(self.emptied.notified());
        }
    }

    /// Lets a handler run, if there is room now.
    pub(super) fn try_enter(self: &Arc<Self>) -> Option<Pass> {
        // Never above the limit, not even for a moment: whoever had to take such a step back would have to wake those
        // who wait, and a call that waits would wake itself for ever.
        let enter = |running: usize| (running < self.limit).then_some(running + 1);
        self.running.fetch_update(Ordering::SeqCst, Ordering::SeqCst, enter).ok()?;
        Some(Pass { gate: Arc::clone(self) })
    }

    /// Takes a place among those who wait, if there is one.
    pub(super) fn try_wait(self: &Arc<Self>) -> Option<Waiting> {
        if self.waiting.fetch_add(1, Ordering::SeqCst) < self.most_waiting {
            return Some(Waiting { gate: Arc::clone(self) });
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        None
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    fn leave(&self) {
        let running = self.running.fetch_sub(1, Ordering::SeqCst);
        if running == 1 && self.is_awaited.load(Ordering::SeqCst) {
            self.emptied.notify_waiters();
        }
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.left.notify_one();
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.leave();
    }
}

/// A place among those who wait.
#[derive(Debug)]
pub(super) struct Waiting {
    gate: Arc<Gate>,
}

impl Waiting {
    /// Waits for room, up to the longest time.
    pub(super) async fn enter(self) -> Option<Pass> {
        let enter = async {
            loop {
                let mut left = pin!(self.gate.left.notified());
                // Registered before looking: whoever leaves in between is noticed.
                left.as_mut().enable();
                if let Some(pass) = self.gate.try_enter() {
                    return pass;
                }
                left.await;
            }
        };
        tokio::time::timeout(self.gate.longest, enter).await.ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.gate.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn as_many_as_the_limit_run_and_as_many_wait_as_may() {
        let gate = Arc::new(Gate::new(1, 1, Duration::from_secs(1)));
        let first = gate.try_enter().unwrap();
        assert!(gate.try_enter().is_none());
        let waiting = gate.try_wait().unwrap();
        assert!(gate.try_wait().is_none());
        let second = tokio::spawn(waiting.enter());
        tokio::task::yield_now().await;
        drop(first);
        let second = second.await.unwrap().unwrap();
        let late = gate.try_wait().unwrap().enter().await;
        assert!(late.is_none(), "the wait is bounded");
        drop(second);
        assert!(gate.try_enter().is_some());
    }
}

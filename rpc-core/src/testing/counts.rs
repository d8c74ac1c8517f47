use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::Direction;

/// What a proxy has seen so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    opened: AtomicU64,
    open: AtomicUsize,
    to_server: AtomicU64,
    to_client: AtomicU64,
}

/// A connection that is counted as open.
#[derive(Debug)]
pub(super) struct Counted {
    counts: Arc<Counts>,
    /// How many were opened before it.
    pub(super) number: u64,
}

impl Counts {
    pub(super) fn open_one(self: &Arc<Self>) -> Counted {
        self.open.fetch_add(1, Ordering::Relaxed);
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        Counted { counts: Arc::clone(self), number }
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    pub(super) fn passed(&self, direction: Direction) -> u64 {
        self.bytes(direction).load(Ordering::Relaxed)
    }

    fn bytes(&self, direction: Direction) -> &AtomicU64 {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

impl Counted {
    pub(super) fn pass(&self, direction: Direction, bytes: u64) {
        self.counts.bytes(direction).fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
    }
}

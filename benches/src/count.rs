//! How much has been done: one task counts, the one that measures reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A counter. Its clones are the same one; only one task at a time may add to it.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<Line>);

/// On a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicU64);

impl Count {
    /// Counts one more. With only one that adds, this needs no locked instruction.
    pub(crate) fn add(&self) {
        self.0.0.store(self.get() + 1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }
}

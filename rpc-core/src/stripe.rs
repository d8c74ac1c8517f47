//! Copies of what many threads would otherwise write to at once: each thread uses its own.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many copies there are; more threads than that share some.
pub(crate) const STRIPES: usize = 4;

/// A copy on cache lines of its own: processors fetch two at a time.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// The copy that this thread uses.
pub(crate) fn own<T>(copies: &[T; STRIPES]) -> &T {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES;
    }
    let [first, ..] = copies;
    // While a thread ends, any will do.
    OWN.try_with(|own| copies.get(*own)).ok().flatten().unwrap_or(first)
}

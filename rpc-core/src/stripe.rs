//! Copies of what many threads would otherwise write to at once: each thread uses its own.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
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

/// A value that threads take hold of and let go of for every call. Each counts its own holds: one count for all would
/// go from processor to processor with every call.
pub struct Striped<T> {
    copies: Arc<[Arc<Padded<Arc<T>>>; STRIPES]>,
}

/// A hold on a [`Striped`] value, which keeps it alive.
pub struct Held<T> {
    copy: Arc<Padded<Arc<T>>>,
}

impl<T> Striped<T> {
    /// Shares a value that others may have as well.
    pub fn new(value: Arc<T>) -> Self {
        Self { copies: Arc::new(std::array::from_fn(|_| Arc::new(Padded(Arc::clone(&value))))) }
    }

    /// Takes hold of the value.
    pub fn hold(&self) -> Held<T> {
        Held { copy: Arc::clone(own(&self.copies)) }
    }
}

impl<T> Clone for Striped<T> {
    fn clone(&self) -> Self {
        Self { copies: Arc::clone(&self.copies) }
    }
}

impl<T> Deref for Striped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        let [first, ..] = &*self.copies;
        &first.0
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.copy.0
    }
}

impl<T> fmt::Debug for Striped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Striped(..)")
    }
}

impl<T> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_value_outlives_its_owners() {
        let value = Arc::new(7);
        let striped = Striped::new(Arc::clone(&value));
        let held = striped.clone().hold();
        drop(striped);
        assert_eq!((*held, Arc::strong_count(&value)), (7, 2));
        drop(held);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn a_thread_uses_the_same_copy_every_time() {
        let copies = [0, 1, 2, 3];
        assert_eq!(own(&copies), own(&copies));
        let others: Vec<i32> =
            (0..STRIPES).map(|_| std::thread::spawn(|| *own(&[0, 1, 2, 3])).join().unwrap()).collect();
        assert!(others.iter().any(|other| *other != others[0]), "{others:?}");
    }
}

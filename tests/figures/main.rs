//! What connections are held to, in figures: `cargo test --release -p tests --test figures -- --nocapture --test-threads 1`.
//!
//! Each prints what it has measured. Nothing else should run meanwhile, so a debug build leaves them out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests assert by panicking"
)]

mod cancels;
mod deadlines;
mod losses;
mod restarts;
mod soak;
mod storm;

use std::time::Duration;

/// Measures until this part of what is measured is within the limit, three times at most: something else may run on the
/// machine for a moment. Each time is printed.
async fn held_to(limit: Duration, part: f64, measure: impl AsyncFn() -> (String, Sorted)) {
    for _ in 0..3 {
        let (what, measured) = measure().await;
        println!("{what} {measured}");
        if measured.part(part) <= limit {
            return;
        }
    }
    panic!("not within {limit:?} in three times");
}

/// Durations in order, to be asked for their parts.
struct Sorted(Vec<Duration>);

impl Sorted {
    fn new(mut durations: Vec<Duration>) -> Self {
        assert!(!durations.is_empty());
        durations.sort();
        Self(durations)
    }

    /// The duration that this part of all of them does not pass.
    fn part(&self, part: f64) -> Duration {
        let at = (self.0.len() as f64 * part) as usize;
        *self.0.get(at.min(self.0.len() - 1)).unwrap()
    }

    fn longest(&self) -> Duration {
        self.part(1.0)
    }
}

impl std::fmt::Display for Sorted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "median {:.1?}, p99 {:.1?}, longest {:.1?}", self.part(0.5), self.part(0.99), self.longest())
    }
}

//! How long calls took: counts in buckets that are at most 1/32 wider than their lower bound.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Buckets per doubling.
const STEPS: u64 = 32;
const BUCKETS: usize = 64 * STEPS as usize;

/// Shared by all callers; a call is recorded with one addition.
pub(crate) struct Histogram {
    counts: Vec<AtomicU32>,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect() }
    }

    pub(crate) fn record(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get(bucket(nanos)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The time that `share` of the calls did not exceed, in microseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let counts: Vec<u64> = self.counts.iter().map(|count| count.load(Ordering::Relaxed).into()).collect();
        let rank = (counts.iter().sum::<u64>() as f64 * share).ceil() as u64;
        let mut passed = 0;
        for (index, count) in counts.iter().enumerate() {
            passed += count;
            if passed >= rank.max(1) {
                return upper_bound(index as u64) as f64 / 1e3;
            }
        }
        0.0
    }
}

fn bucket(nanos: u64) -> usize {
    let doublings = u64::from((nanos | STEPS).ilog2() - STEPS.ilog2());
    (doublings * STEPS + (nanos >> doublings)) as usize
}

/// The least time that belongs to a later bucket.
fn upper_bound(index: u64) -> u64 {
    let doublings = (index / STEPS).saturating_sub(1);
    let within = index - doublings * STEPS;
    (within + 1) << doublings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_its_bucket() {
        for nanos in (0..100_000).chain([1 << 40, (1 << 40) + 12_345]) {
            let index = bucket(nanos) as u64;
            assert!(nanos < upper_bound(index), "{nanos}");
            assert!(index == 0 || upper_bound(index - 1) <= nanos, "{nanos}");
        }
    }

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let histogram = Histogram::new();
        (1..=100).for_each(|micros| histogram.record(Duration::from_micros(micros)));
        assert!((50.0..52.0).contains(&histogram.quantile(0.5)), "{}", histogram.quantile(0.5));
        assert!((99.0..103.0).contains(&histogram.quantile(0.99)), "{}", histogram.quantile(0.99));
    }
}

//! Durations that differ a little, so that what begins together does not go on together.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The duration, more or less this share of it, at random.
///
/// It guards nothing, so the standard library's seeds for hash maps are random enough.
pub(crate) fn around(duration: Duration, share: f64) -> Duration {
    duration.mul_f64(1.0 - share + 2.0 * share * part())
}

/// Something between nothing and the duration, at random.
pub(crate) fn within(duration: Duration) -> Duration {
    duration.mul_f64(part())
}

/// A number from 0 to 1.
fn part() -> f64 {
    // The keys of each `RandomState` differ from those of the one before.
    f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_differ_and_stay_within_their_share() {
        let second = Duration::from_secs(1);
        let mut seen = Vec::new();
        for _ in 0..100 {
            let around = around(second, 0.2);
            assert!((0.8..=1.2).contains(&around.as_secs_f64()), "{around:?}");
            seen.push(around);
            assert!(within(second) <= second);
        }
        seen.sort();
        seen.dedup();
        assert!(seen.len() > 50, "{seen:?}");
    }
}

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
    #[cfg(feature = "testing")]
    if let Some(part) = seeded::part() {
        return part;
    }
    // The keys of each `RandomState` differ from those of the one before.
    f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX)
}

/// The same numbers for the same seed, for tests of whole programs.
#[cfg(feature = "testing")]
pub(crate) mod seeded {
    use std::cell::Cell;

    thread_local! {
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    pub(crate) fn set(seed: u64) {
        STATE.set(Some(seed));
    }

    pub(super) fn part() -> Option<f64> {
        // A generator that takes its own output further: what matters is that it is the same each time.
        let state = STATE.get()?.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        STATE.set(Some(state));
        Some((state >> 40) as f64 / f64::from((1_u32 << 24) - 1))
    }
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

    #[cfg(feature = "testing")]
    #[test]
    fn a_seed_says_by_how_much() {
        let drawn = |seed| {
            seeded::set(seed);
            [0.2, 0.2, 0.5].map(|share| around(Duration::from_secs(1), share))
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }
}

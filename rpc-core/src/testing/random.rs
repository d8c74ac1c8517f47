use std::ops::Range;
use std::time::Duration;

/// What a seed decides: numbers that look random, and are the same for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

/// A random number that has been drawn; what it means is said by a range, which may change meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Luck(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: scattered(seed) }
    }

    /// Numbers of their own for a part of what the seed decides: they are the same however many the other parts draw.
    pub(super) fn branch(&self, part: u64) -> Self {
        Self::new(self.state.wrapping_add(scattered(part)))
    }

    pub(super) fn draw(&mut self) -> Luck {
        self.state = self.state.wrapping_add(STEP);
        Luck(scattered(self.state))
    }
}

impl Luck {
    /// A number in the range; its start where it is empty.
    pub(super) fn within(self, range: &Range<u64>) -> u64 {
        let width = u128::from(range.end.saturating_sub(range.start));
        // The upper half of the product is below the width, and every value has an equal share but for rounding.
        let offset = u64::try_from((u128::from(self.0) * width) >> 64).unwrap_or(u64::MAX);
        range.start.saturating_add(offset)
    }

    /// A duration in the range, to the nanosecond; its start where it is empty.
    pub(super) fn duration_within(self, range: &Range<Duration>) -> Duration {
        // What is past 584 years is as good as for ever.
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.within(&(nanos(range.start)..nanos(range.end))))
    }
}

/// An odd number without a pattern, so that all states come before the first comes again.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Each bit of the number decides about each bit of the result (the finalizer of splitmix64).
fn scattered(number: u64) -> u64 {
    let number = number.wrapping_add(STEP);
    let number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(mut random: Random) -> Vec<u64> {
        (0..100).map(|_| random.draw().within(&(0..1_000_000))).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_gives_others() {
        assert_eq!(numbers(Random::new(7)), numbers(Random::new(7)));
        assert_ne!(numbers(Random::new(7)), numbers(Random::new(8)));
        assert_ne!(numbers(Random::new(0)), numbers(Random::new(0).branch(0)));
    }

    #[test]
    fn a_branch_does_not_depend_on_what_others_draw() {
        let trunk = Random::new(7);
        let (first, second) = (trunk.branch(1), trunk.branch(2));
        assert_ne!(numbers(first.clone()), numbers(second.clone()));
        assert_eq!(numbers(first), numbers(trunk.branch(1)));
        assert_ne!(numbers(second.branch(1)), numbers(trunk.branch(1).branch(2)));
    }

    /// A seed whose numbers were different tomorrow would replay nothing.
    #[test]
    fn the_numbers_of_a_seed_stay_what_they_are() {
        let mut random = Random::new(7).branch(1);
        let drawn: Vec<u64> = (0..4).map(|_| random.draw().within(&(1..5000))).collect();
        assert_eq!(drawn, [2801, 1899, 4335, 3083]);
    }

    #[test]
    fn all_of_a_range_is_met_and_nothing_else() {
        let mut random = Random::new(1);
        let mut met = [0; 12];
        (0..12_000).for_each(|_| met[random.draw().within(&(2..10)) as usize] += 1);
        assert_eq!((met[0], met[1], met[10], met[11]), (0, 0, 0, 0));
        assert!(met[2..10].iter().all(|count| (1_300..1_700).contains(count)), "{met:?}");
    }

    #[test]
    fn the_ends_of_a_range_hold_for_any_luck() {
        for luck in [0, 1, u64::MAX / 2, u64::MAX] {
            assert_eq!(Luck(luck).within(&(5..6)), 5);
            assert_eq!(Luck(luck).within(&(5..5)), 5);
            #[expect(clippy::reversed_empty_ranges, reason = "a user may write one")]
            let reversed = 5..3;
            assert_eq!(Luck(luck).within(&reversed), 5);
            assert!(Luck(luck).within(&(0..u64::MAX)) < u64::MAX);
            let day = Duration::from_secs(86_400);
            assert_eq!(Luck(luck).duration_within(&(day..day)), day);
            assert!(Luck(luck).duration_within(&(day..Duration::MAX)) >= day);
        }
    }
}

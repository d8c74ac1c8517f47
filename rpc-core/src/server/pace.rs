use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A poll that takes longer than this delays the other calls of its connection too much: the first is on the
/// connection's task, the later ones are in a task that handlers share.
const SLOW: Duration = Duration::from_micros(100);
/// One that takes longer than this did so by itself; a shorter one may have lost the processor to another thread.
const BLOCKING: Duration = Duration::from_millis(10);
/// How many quick runs in a row, in a task of its own, bring a method back after a slow poll, or a blocking one.
const AFTER_SLOW: u32 = 32;
const AFTER_BLOCKING: u32 = 1024;
/// How often that number doubles, when it is slow again before it is back.
const DOUBLINGS: u32 = 6;

/// Whether a method's handlers begin on the connection's task, or get a task of their own at once.
///
/// One slow poll is enough for the latter. Where it was the system's fault, the method is soon back; one that is slow
/// every time never is.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// How many quick runs are still to come before it is polled on the connection's task again.
    apart: AtomicU32,
    /// How often it was slow since it was last polled there.
    strikes: AtomicU32,
}

impl Pace {
    pub(super) fn is_apart(&self) -> bool {
        self.apart.load(Ordering::Relaxed) > 0
    }

    /// A first poll took this long. Runs at the same time may overwrite each other's counts; they are only a guess.
    pub(super) fn note(&self, took: Duration) {
        if took > SLOW {
            let runs = if took > BLOCKING { AFTER_BLOCKING } else { AFTER_SLOW };
            let strikes = self.strikes.load(Ordering::Relaxed);
            let left = self.apart.load(Ordering::Relaxed);
            self.apart.store(left.max(runs << strikes), Ordering::Relaxed);
            self.strikes.store((strikes + 1).min(DOUBLINGS), Ordering::Relaxed);
            return;
        }
        let left = self.apart.load(Ordering::Relaxed);
        if left > 0 {
            self.apart.store(left - 1, Ordering::Relaxed);
            if left == 1 {
                self.strikes.store(0, Ordering::Relaxed);
            }
        }
    }

    /// A later poll took this long. Those that are quick say nothing of the first.
    pub(super) fn note_later(&self, took: Duration) {
        if took > SLOW {
            self.note(took);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many quick runs it takes until the method is back.
    fn runs_until_back(pace: &Pace) -> u32 {
        (0..)
            .find(|_| {
                let back = !pace.is_apart();
                pace.note(SLOW);
                back
            })
            .unwrap()
    }

    #[test]
    fn one_slow_poll_sends_a_method_away_and_quick_ones_bring_it_back() {
        let pace = Pace::default();
        pace.note(SLOW);
        assert!(!pace.is_apart());
        for _ in 0..3 {
            pace.note(2 * SLOW);
            assert_eq!(runs_until_back(&pace), AFTER_SLOW);
        }
        pace.note(2 * BLOCKING);
        assert_eq!(runs_until_back(&pace), AFTER_BLOCKING);
    }

    #[test]
    fn a_method_that_is_slow_again_and_again_stays_away_for_longer() {
        let pace = Pace::default();
        (0..3).for_each(|_| pace.note(2 * SLOW));
        assert_eq!(runs_until_back(&pace), AFTER_SLOW << 2);
    }
}

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A first poll that takes longer than this delays the other calls of its connection too much.
const SLOW: Duration = Duration::from_micros(100);
/// How many quick runs in a task of its own bring a method back, after its first slow one.
const QUICK_RUNS: u32 = 64;
/// How many times that number doubles with each further slow run.
const DOUBLINGS: u32 = 10;

/// Whether a method's handlers are polled on the connection's task, or get a task of their own at once.
///
/// One slow poll is enough for the latter. It may have been the system's fault, which took the processor away, so quick
/// runs bring the method back; but each slow one makes that harder, and one that blocks every time never is.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// How many quick runs are still to come before it is polled on the connection's task again.
    apart: AtomicU32,
    strikes: AtomicU32,
}

impl Pace {
    pub(super) fn is_apart(&self) -> bool {
        self.apart.load(Ordering::Relaxed) > 0
    }

    /// A first poll took this long. Runs at the same time may overwrite each other's counts; they are only a guess.
    pub(super) fn note(&self, took: Duration) {
        if took > SLOW {
            let strikes = self.strikes.load(Ordering::Relaxed);
            self.strikes.store((strikes + 1).min(DOUBLINGS), Ordering::Relaxed);
            self.apart.store(QUICK_RUNS << strikes, Ordering::Relaxed);
            return;
        }
        let apart = self.apart.load(Ordering::Relaxed);
        if apart > 0 {
            self.apart.store(apart - 1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_poll_sends_a_method_away_and_quick_ones_bring_it_back() {
        let pace = Pace::default();
        pace.note(SLOW);
        assert!(!pace.is_apart());
        for runs in [QUICK_RUNS, 2 * QUICK_RUNS] {
            pace.note(2 * SLOW);
            for _ in 0..runs {
                assert!(pace.is_apart());
                pace.note(SLOW);
            }
            assert!(!pace.is_apart());
        }
    }
}

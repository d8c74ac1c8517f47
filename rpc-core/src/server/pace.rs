use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::connection::Home;

/// A poll that takes longer than this delays the other calls of its connection too much: the first is in the
/// connection's task, the later ones are there too, or in a task that handlers share.
const SLOW: Duration = Duration::from_micros(100);
/// One that takes longer than this did so by itself; a shorter one may have lost the processor to another thread.
const BLOCKING: Duration = Duration::from_millis(10);
/// After so many quick polls in a row, one that is slow but not blocking is put down to the system.
const PROVEN: u32 = 256;
/// Later polls that take longer than this, on average, are worth handing over to a task: that costs a fraction of it.
const LIGHT: Duration = Duration::from_micros(10);
/// How many polls the average is over.
const AVERAGED: u32 = 8;
/// How many quick runs in a row, in a task of its own, bring a method back after a slow poll, or a blocking one.
const AFTER_SLOW: u32 = 32;
const AFTER_BLOCKING: u32 = 1024;
/// How often that number doubles, when it is slow again before it is back.
const DOUBLINGS: u32 = 6;

/// Where a method's handlers begin: on the connection's task, or in one of their own; and where they go on.
///
/// One slow poll is enough for the latter, unless the method was quick for long. Where it was the system's fault, the
/// method is soon back; one that is slow every time never is.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// How many polls in a row were quick, up to [`PROVEN`].
    quick: AtomicU32,
    /// How many quick runs are still to come before it is polled on the connection's task again.
    apart: AtomicU32,
    /// How often it was slow since it was last polled there.
    strikes: AtomicU32,
    /// How long later polls take on average, in nanoseconds.
    later: AtomicU32,
}

impl Pace {
    pub(super) fn is_apart(&self) -> bool {
        self.apart.load(Ordering::Relaxed) > 0
    }

    /// A first poll took this long. Runs at the same time may overwrite each other's counts; they are only a guess.
    pub(super) fn note(&self, took: Duration) {
        let quick = self.quick.load(Ordering::Relaxed);
        if took > SLOW {
            self.quick.store(0, Ordering::Relaxed);
            if quick == PROVEN && took <= BLOCKING {
                return;
            }
            let runs = if took > BLOCKING { AFTER_BLOCKING } else { AFTER_SLOW };
            let strikes = self.strikes.load(Ordering::Relaxed);
            let left = self.apart.load(Ordering::Relaxed);
            self.apart.store(left.max(runs << strikes), Ordering::Relaxed);
            self.strikes.store((strikes + 1).min(DOUBLINGS), Ordering::Relaxed);
            return;
        }
        // Once it is proven nothing is stored: drivers on other processors look at the same.
        if quick < PROVEN {
            self.quick.store(quick + 1, Ordering::Relaxed);
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
        // One for which the system took the processor away must not decide it for long.
        let sample = took.min(SLOW).as_nanos() as u32;
        let later = self.later.load(Ordering::Relaxed);
        self.later.store(later - later / AVERAGED + sample / AVERAGED, Ordering::Relaxed);
        if took > SLOW {
            self.note(took);
        }
    }

    /// Where a handler goes on that was not done at once.
    pub(super) fn home(&self) -> Home {
        let is_light = u128::from(self.later.load(Ordering::Relaxed)) <= LIGHT.as_nanos();
        if is_light { Home::Connection } else { Home::Cohort }
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
    fn a_method_that_was_quick_for_long_is_sent_away_by_the_second_slow_poll() {
        let pace = Pace::default();
        let prove = || (0..PROVEN).for_each(|_| pace.note(SLOW));
        prove();
        pace.note(BLOCKING);
        assert!(!pace.is_apart());
        pace.note(2 * SLOW);
        assert!(pace.is_apart());
        prove();
        assert!(!pace.is_apart());
        pace.note(2 * BLOCKING);
        assert!(pace.is_apart(), "a blocking poll is not the system's fault");
    }

    #[test]
    fn a_method_that_is_slow_again_and_again_stays_away_for_longer() {
        let pace = Pace::default();
        (0..3).for_each(|_| pace.note(2 * SLOW));
        assert_eq!(runs_until_back(&pace), AFTER_SLOW << 2);
    }

    #[test]
    fn handlers_go_on_with_the_connection_while_that_takes_little() {
        let pace = Pace::default();
        assert_eq!(pace.home(), Home::Connection);
        pace.note_later(LIGHT);
        pace.note_later(20 * LIGHT);
        assert_eq!(pace.home(), Home::Cohort);
        (0..20).for_each(|_| pace.note_later(LIGHT / 10));
        assert_eq!(pace.home(), Home::Connection);
        (0..20).for_each(|_| pace.note_later(2 * LIGHT));
        assert_eq!(pace.home(), Home::Cohort);
    }
}

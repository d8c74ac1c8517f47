use std::time::{Duration, Instant};

use super::pace::{BLOCKING, SLOW};

/// How many handlers are timed one by one after a batch that took long.
const WATCHED: u32 = 64;

/// Looks for handlers that take long. Reading the clock for each would cost more than many of them do: a batch is timed
/// as a whole, and where that took long, what comes next is looked at more closely.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The methods of the batch whose handlers were polled and not timed, and how many handlers these were.
    polled: Vec<(u32, u32)>,
    count: usize,
    /// How many handlers are still to be timed one by one.
    left: u32,
}

impl Watch {
    /// A handler of this method is about to be polled. Gives the time where it is to be timed.
    pub(super) fn begin(&mut self, service: u32, method: u32) -> Option<Instant> {
        if self.left > 0 {
            self.left -= 1;
            return Some(Instant::now());
        }
        self.count += 1;
        if self.polled.last() != Some(&(service, method)) {
            self.polled.push((service, method));
        }
        None
    }

    /// The batch is over and took this long. Gives the methods of which it is to be assumed that each did: the only one
    /// there was, or all where one must have blocked. Those that did not are soon back.
    pub(super) fn suspects(&mut self, took: Duration) -> Vec<(u32, u32)> {
        let count = std::mem::take(&mut self.count);
        if took <= SLOW {
            self.polled.clear();
            return Vec::new();
        }
        let polled = std::mem::take(&mut self.polled);
        self.left = WATCHED;
        if count == 1 || took > BLOCKING { polled } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_batches_are_not_looked_into() {
        let mut watch = Watch::default();
        assert!((1..100).all(|method| watch.begin(1, method).is_none()));
        assert_eq!(watch.suspects(SLOW), []);
        assert!(watch.begin(1, 1).is_none());
    }

    #[test]
    fn after_a_slow_batch_handlers_are_timed_one_by_one_for_a_while() {
        let mut watch = Watch::default();
        assert!(watch.begin(1, 1).is_none() && watch.begin(1, 1).is_none());
        assert_eq!(watch.suspects(2 * SLOW), [], "sixteen quick ones may take as long");
        assert!((0..WATCHED).all(|_| watch.begin(1, 1).is_some()));
        assert!(watch.begin(1, 1).is_none());
    }

    #[test]
    fn one_alone_is_known_to_have_taken_long() {
        let mut watch = Watch::default();
        assert!(watch.begin(1, 1).is_none());
        assert_eq!(watch.suspects(2 * SLOW), [(1, 1)]);
    }

    #[test]
    fn whatever_was_in_a_batch_that_blocked_is_under_suspicion() {
        let mut watch = Watch::default();
        for method in [1, 1, 2, 2, 1] {
            assert!(watch.begin(1, method).is_none());
        }
        assert_eq!(watch.suspects(2 * BLOCKING), [(1, 1), (1, 2), (1, 1)]);
        assert_eq!(watch.suspects(2 * BLOCKING), [], "no method is blamed for what others did");
    }
}

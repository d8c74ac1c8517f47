use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::budget::Budget;
use crate::code::Code;
use crate::error::{Delivery, RpcError};

/// How calls that may have run are tried again.
///
/// Any call that provably did not run is tried again without a policy, within its deadline, where another attempt can
/// end differently: its connection was lost before it was sent, the server was closing, or (once) it was refused for
/// load. A policy is for the calls that may have run. So it holds only for methods marked `#[rpc(idempotent)]`, and
/// for those marked `#[rpc(once)]`, whose server keeps the answer, so that it runs once all the same; nothing else
/// compiles.
///
/// ```
/// use std::time::Duration;
/// use rpc_core::{Code, RetryPolicy};
///
/// let policy = RetryPolicy::default()
///     .attempts(5)
///     .backoff(Duration::from_millis(20), Duration::from_secs(1))
///     .on(Code::Aborted);
/// # let _ = policy;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RetryPolicy {
    attempts: u32,
    backoff: Backoff,
    codes: Vec<Code>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(1) };
        Self { attempts: 3, backoff, codes: vec![Code::Unavailable] }
    }
}

impl RetryPolicy {
    /// How many attempts there are at most, the first one included. Default 3.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The pause before the second attempt, and the longest. Each is 1.6 times the one before, more or less a fifth.
    /// Default 50 ms and 1 s. A server may ask for another one.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = Backoff { first, longest };
        self
    }

    /// Tries again after this code too. [`Code::Unavailable`] is always among them.
    pub fn on(mut self, code: Code) -> Self {
        self.codes.push(code);
        self
    }
}

/// How often a call that did not run is tried again because its connection was closing.
const MOST_MOVES: u8 = 5;
/// How long a call that was refused for load pauses, more or less.
const RELIEF: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_millis(50) };

/// What has been tried of one call.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tries {
    /// By the policy, which may say any number: were it to wrap around, a call that runs once would get another request
    /// id, and run again.
    repeated: u32,
    /// Because it had not run, and its connection was of no more use.
    moved: u8,
    /// Because it had been refused.
    relieved: bool,
    /// What is known of the attempts before this one.
    before: Option<Delivery>,
}

/// On what it depends, besides the error, whether a call is tried again.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// The connection that it was on is of no more use.
    pub(super) moves: bool,
    /// That of a method that may be run twice.
    pub(super) policy: Option<&'a RetryPolicy>,
    pub(super) budget: &'a Budget,
    pub(super) now: Instant,
}

impl Tries {
    /// How many attempts there have been before this one.
    pub(super) fn count(self) -> u32 {
        self.repeated.saturating_add(u32::from(self.moved) + u32::from(self.relieved))
    }

    /// Whether nothing has been tried before.
    pub(super) fn is_first(self) -> bool {
        self.before.is_none()
    }

    /// What is known of whether a call ran, all attempts taken together.
    pub(super) fn delivery(self, last: Delivery) -> Delivery {
        let certainty = |delivery| match delivery {
            Delivery::NotSent => 0,
            Delivery::NotExecuted => 1,
            Delivery::Unknown => 2,
            Delivery::Executed => 3,
        };
        self.before.into_iter().chain([last]).max_by_key(|delivery| certainty(*delivery)).unwrap_or(last)
    }

    /// Whether a failed call is to be tried again, and after which pause.
    pub(super) fn next(&mut self, error: &RpcError, terms: Terms<'_>) -> Option<Duration> {
        // What the server asks for goes before what this side would do.
        let asked = error.retry_after();
        if asked == Some(Duration::MAX) {
            return None;
        }
        let own = self.pause(error, terms)?;
        let pause = asked.unwrap_or(own);
        self.before = Some(self.delivery(error.delivery()));
        Some(pause)
    }

    fn pause(&mut self, error: &RpcError, terms: Terms<'_>) -> Option<Duration> {
        let Terms { moves, policy, budget, now } = terms;
        if error.code() == Code::Unavailable {
            match error.delivery() {
                Delivery::NotSent if moves => return Some(Duration::ZERO),
                Delivery::NotExecuted if moves && self.moved < MOST_MOVES => {
                    self.moved += 1;
                    return Some(Duration::ZERO);
                }
                Delivery::NotExecuted if !moves && !self.relieved => {
                    self.relieved = true;
                    return Some(RELIEF.pause(1));
                }
                _ => {}
            }
        }
        let policy = policy?;
        let repeats = self.repeated < policy.attempts - 1 && policy.codes.contains(&error.code());
        if !repeats || !budget.withdraw(now) {
            return None;
        }
        self.repeated += 1;
        Some(policy.backoff.pause(self.repeated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::budget::Income;

    const DELIVERIES: [Delivery; 4] = [Delivery::NotSent, Delivery::NotExecuted, Delivery::Executed, Delivery::Unknown];

    fn error(code: Code, delivery: Delivery) -> RpcError {
        RpcError::new(code, "").with_delivery(delivery)
    }

    fn budget() -> Budget {
        Budget::new(Income { share: 0.0, per_second: 1000.0 })
    }

    fn terms<'a>(moves: bool, policy: Option<&'a RetryPolicy>, budget: &'a Budget) -> Terms<'a> {
        Terms { moves, policy, budget, now: Instant::now() }
    }

    /// What is tried again at first, with and without a policy.
    fn next(error: &RpcError, moves: bool, policy: Option<&RetryPolicy>) -> Option<Duration> {
        Tries::default().next(error, terms(moves, policy, &budget()))
    }

    #[test]
    fn without_a_policy_only_what_did_not_run_is_tried_again() {
        for moves in [false, true] {
            for delivery in DELIVERIES {
                let again = next(&error(Code::Unavailable, delivery), moves, None).is_some();
                let safe = match delivery {
                    Delivery::NotSent => moves,
                    Delivery::NotExecuted => true,
                    _ => false,
                };
                assert_eq!(again, safe, "{delivery:?}, moves: {moves}");
                for code in [Code::ResourceExhausted, Code::DeadlineExceeded, Code::Unimplemented, Code::Cancelled] {
                    assert_eq!(next(&error(code, delivery), moves, None), None);
                }
            }
        }
    }

    #[test]
    fn a_refused_call_is_tried_again_once_and_one_that_moves_a_few_times() {
        let budget = budget();
        let terms = terms(true, None, &budget);
        let refused = error(Code::Unavailable, Delivery::NotExecuted);
        let mut tries = Tries::default();
        assert!(tries.next(&refused, Terms { moves: false, ..terms }).is_some_and(|pause| !pause.is_zero()));
        assert_eq!(tries.next(&refused, Terms { moves: false, ..terms }), None);
        for _ in 0..MOST_MOVES {
            assert_eq!(tries.next(&refused, terms), Some(Duration::ZERO));
        }
        assert_eq!(tries.next(&refused, terms), None);
        assert_eq!(tries.count(), 6);
    }

    #[test]
    fn a_policy_repeats_its_codes_whatever_the_delivery_as_often_as_it_says() {
        let policy = RetryPolicy::default().attempts(3).on(Code::Aborted);
        for (code, repeats) in [(Code::Unavailable, 2), (Code::Aborted, 2), (Code::Internal, 0), (Code::Cancelled, 0)] {
            let budget = budget();
            let mut tries = Tries::default();
            let failed = error(code, Delivery::Unknown);
            let terms = terms(true, Some(&policy), &budget);
            let count = (0..9).filter(|_| tries.next(&failed, terms).is_some()).count();
            assert_eq!(count, repeats, "{code:?}");
        }
    }

    #[test]
    fn however_many_attempts_a_policy_allows_each_has_its_number() {
        let (policy, budget) = (RetryPolicy::default().attempts(u32::MAX), budget());
        let failed = error(Code::Unavailable, Delivery::Unknown);
        let mut tries = Tries::default();
        for attempt in 1..=1000 {
            assert!(tries.next(&failed, terms(true, Some(&policy), &budget)).is_some());
            assert_eq!(tries.count(), attempt);
        }
    }

    #[test]
    fn a_server_says_when_it_wants_to_be_asked_again_or_that_it_does_not() {
        let (policy, minute) = (RetryPolicy::default(), Duration::from_secs(60));
        let failed = error(Code::Unavailable, Delivery::Executed);
        assert_eq!(next(&failed.clone().with_retry_after(minute), false, Some(&policy)), Some(minute));
        assert_eq!(next(&failed.clone().with_retry_after(minute), false, None), None, "it makes nobody try again");
        assert_eq!(next(&failed.without_retry(), false, Some(&policy)), None);
        let refused = error(Code::Unavailable, Delivery::NotExecuted);
        assert_eq!(next(&refused.without_retry(), false, None), None);
    }

    /// A call of which one attempt may have run may have run.
    #[test]
    fn what_is_known_of_a_call_is_what_is_known_of_all_its_attempts() {
        use Delivery::{Executed, NotExecuted, NotSent, Unknown};
        let policy = RetryPolicy::default();
        for (first, last, both) in [
            (NotSent, NotSent, NotSent),
            (NotExecuted, NotSent, NotExecuted),
            (Unknown, NotSent, Unknown),
            (Unknown, NotExecuted, Unknown),
            (Unknown, Executed, Executed),
            (Executed, Unknown, Executed),
            (Executed, NotSent, Executed),
        ] {
            let mut tries = Tries::default();
            let failed = error(Code::Unavailable, first);
            assert!(tries.next(&failed, terms(true, Some(&policy), &budget())).is_some());
            assert_eq!(tries.delivery(last), both, "{first:?}, then {last:?}");
        }
    }
}

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use crate::code::Code;
use crate::error::{Delivery, RpcError};
use crate::stripe::{self, Padded, STRIPES};

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

    /// Whether a failed call is to be tried again, and after which pause. `moves` says that its connection is of no more
    /// use; the policy is that of a method that may be run twice.
    pub(super) fn next(
        &mut self,
        error: &RpcError,
        moves: bool,
        policy: Option<&RetryPolicy>,
        budget: &Budget,
        now: Instant,
    ) -> Option<Duration> {
        // What the server asks for goes before what this side would do.
        let asked = error.retry_after();
        if asked == Some(Duration::MAX) {
            return None;
        }
        let own = self.pause(error, moves, policy, budget, now)?;
        let pause = asked.unwrap_or(own);
        self.before = Some(self.delivery(error.delivery()));
        Some(pause)
    }

    fn pause(
        &mut self,
        error: &RpcError,
        moves: bool,
        policy: Option<&RetryPolicy>,
        budget: &Budget,
        now: Instant,
    ) -> Option<Duration> {
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

/// How many attempts by policy the calls of a channel may cause: a share of the calls, and some each second. It keeps a
/// failing server from being called all the more.
#[derive(Debug)]
pub(super) struct Budget {
    /// Calls that may be repeated, as each thread counts them.
    calls: [Padded<AtomicU64>; STRIPES],
    account: Mutex<Account>,
    /// How many attempts a call is worth, and a second.
    share: f64,
    per_second: f64,
}

#[derive(Debug, Default)]
struct Account {
    balance: f64,
    /// How many calls have been counted in.
    counted: u64,
    since: Option<Instant>,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(0.2, 10.0)
    }
}

impl Budget {
    pub(super) fn new(share: f64, per_second: f64) -> Self {
        let budget = Self { calls: Default::default(), account: Mutex::default(), share, per_second };
        lock(&budget.account).balance = budget.most();
        budget
    }

    /// How much is kept at most: a small income adds up to an attempt, too.
    fn most(&self) -> f64 {
        let most = 10.0 * self.per_second.max(self.share);
        if most > 0.0 { most.max(1.0) } else { 0.0 }
    }

    /// A call is made that may be repeated.
    pub(super) fn deposit(&self) {
        stripe::own(&self.calls).0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes what an attempt costs, if it is there.
    fn withdraw(&self, now: Instant) -> bool {
        let calls = self.calls.iter().map(|Padded(calls)| calls.load(Ordering::Relaxed)).sum::<u64>();
        let mut account = lock(&self.account);
        let elapsed = account.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let calls_since = calls.saturating_sub(account.counted) as f64;
        let earned = self.share * calls_since + self.per_second * elapsed.as_secs_f64();
        // What was not needed for long is not kept: it would be spent all at once.
        account.balance = (account.balance + earned).min(self.most());
        account.counted = calls;
        account.since = Some(now);
        if account.balance < 1.0 {
            return false;
        }
        account.balance -= 1.0;
        true
    }
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELIVERIES: [Delivery; 4] = [Delivery::NotSent, Delivery::NotExecuted, Delivery::Executed, Delivery::Unknown];

    fn error(code: Code, delivery: Delivery) -> RpcError {
        RpcError::new(code, "").with_delivery(delivery)
    }

    /// What is tried again at first, with and without a policy.
    fn next(error: &RpcError, moves: bool, policy: Option<&RetryPolicy>) -> Option<Duration> {
        Tries::default().next(error, moves, policy, &Budget::new(0.2, 10.0), Instant::now())
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
        let (budget, now) = (Budget::new(0.2, 10.0), Instant::now());
        let refused = error(Code::Unavailable, Delivery::NotExecuted);
        let mut tries = Tries::default();
        assert!(tries.next(&refused, false, None, &budget, now).is_some_and(|pause| !pause.is_zero()));
        assert_eq!(tries.next(&refused, false, None, &budget, now), None);
        for _ in 0..MOST_MOVES {
            assert_eq!(tries.next(&refused, true, None, &budget, now), Some(Duration::ZERO));
        }
        assert_eq!(tries.next(&refused, true, None, &budget, now), None);
        assert_eq!(tries.count(), 6);
    }

    #[test]
    fn a_policy_repeats_its_codes_whatever_the_delivery_as_often_as_it_says() {
        let policy = RetryPolicy::default().attempts(3).on(Code::Aborted);
        for (code, repeats) in [(Code::Unavailable, 2), (Code::Aborted, 2), (Code::Internal, 0), (Code::Cancelled, 0)] {
            let (budget, now) = (Budget::new(0.2, 10.0), Instant::now());
            let mut tries = Tries::default();
            let failed = error(code, Delivery::Unknown);
            let count = (0..9).filter(|_| tries.next(&failed, true, Some(&policy), &budget, now).is_some()).count();
            assert_eq!(count, repeats, "{code:?}");
        }
    }

    #[test]
    fn however_many_attempts_a_policy_allows_each_has_its_number() {
        let (policy, now) = (RetryPolicy::default().attempts(u32::MAX), Instant::now());
        let budget = Budget::new(0.0, 1000.0);
        let failed = error(Code::Unavailable, Delivery::Unknown);
        let mut tries = Tries::default();
        for attempt in 1..=1000 {
            assert!(tries.next(&failed, true, Some(&policy), &budget, now).is_some());
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
            assert!(tries.next(&failed, true, Some(&policy), &Budget::default(), Instant::now()).is_some());
            assert_eq!(tries.delivery(last), both, "{first:?}, then {last:?}");
        }
    }

    #[test]
    fn a_failing_server_gets_no_more_than_a_share_and_some_each_second() {
        let (budget, start) = (Budget::new(0.2, 10.0), Instant::now());
        let mut attempts = 0;
        for millis in 0..60_000_u64 {
            budget.deposit();
            let now = start + Duration::from_millis(millis);
            attempts += u32::from(budget.withdraw(now));
        }
        // A fifth of 60,000 calls, ten in each of 60 seconds, and the hundred that are there at first.
        assert!((12_600..=12_701).contains(&attempts), "{attempts}");
        // However small a share is, it adds up to an attempt.
        let small = Budget::new(0.05, 0.0);
        assert!(small.withdraw(start) && !small.withdraw(start));
        (0..20).for_each(|_| small.deposit());
        assert!(small.withdraw(start) && !small.withdraw(start));
        assert!(!Budget::new(0.0, 0.0).withdraw(start));
        // A long rest does not fill it without bound.
        let later = start + Duration::from_secs(9_999);
        assert_eq!((0..1_000).filter(|_| budget.withdraw(later)).count(), 100);
    }
}

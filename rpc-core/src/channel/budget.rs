use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::stripe::{self, Padded, STRIPES};

/// How many attempts by policy the calls of a channel may cause: a share of the calls, and some each second. It keeps a
/// failing server from being called all the more.
#[derive(Debug)]
pub(super) struct Budget {
    /// Calls that may be repeated, as each thread counts them.
    calls: [Padded<AtomicU64>; STRIPES],
    account: Mutex<Account>,
    income: Income,
}

/// How many attempts a call is worth, and a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Income {
    pub(super) share: f64,
    pub(super) per_second: f64,
}

#[derive(Debug, Default)]
struct Account {
    balance: f64,
    /// How many calls have been counted in.
    counted: u64,
    since: Option<Instant>,
}

impl Default for Income {
    fn default() -> Self {
        Self { share: 0.2, per_second: 10.0 }
    }
}

impl Budget {
    pub(super) fn new(income: Income) -> Self {
        let budget = Self { calls: Default::default(), account: Mutex::default(), income };
        lock(&budget.account).balance = budget.most();
        budget
    }

    /// How much is kept at most: a small income adds up to an attempt, too.
    fn most(&self) -> f64 {
        let most = 10.0 * self.income.per_second.max(self.income.share);
        if most > 0.0 { most.max(1.0) } else { 0.0 }
    }

    /// A call is made that may be repeated.
    pub(super) fn deposit(&self) {
        stripe::own(&self.calls).0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes what an attempt costs, if it is there.
    pub(super) fn withdraw(&self, now: Instant) -> bool {
        let calls = self.calls.iter().map(|Padded(calls)| calls.load(Ordering::Relaxed)).sum::<u64>();
        let mut account = lock(&self.account);
        let elapsed = account.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let calls_since = calls.saturating_sub(account.counted) as f64;
        let earned = self.income.share * calls_since + self.income.per_second * elapsed.as_secs_f64();
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

    #[test]
    fn a_failing_server_gets_no_more_than_a_share_and_some_each_second() {
        let (budget, start) = (Budget::new(Income::default()), Instant::now());
        let mut attempts = 0;
        for millis in 0..60_000_u64 {
            budget.deposit();
            let now = start + Duration::from_millis(millis);
            attempts += u32::from(budget.withdraw(now));
        }
        // A fifth of 60,000 calls, ten in each of 60 seconds, and the hundred that are there at first.
        assert!((12_600..=12_701).contains(&attempts), "{attempts}");
        // However small a share is, it adds up to an attempt.
        let small = Budget::new(Income { share: 0.05, per_second: 0.0 });
        assert!(small.withdraw(start) && !small.withdraw(start));
        (0..20).for_each(|_| small.deposit());
        assert!(small.withdraw(start) && !small.withdraw(start));
        assert!(!Budget::new(Income { share: 0.0, per_second: 0.0 }).withdraw(start));
        // A long rest does not fill it without bound.
        let later = start + Duration::from_secs(9_999);
        assert_eq!((0..1_000).filter(|_| budget.withdraw(later)).count(), 100);
    }
}

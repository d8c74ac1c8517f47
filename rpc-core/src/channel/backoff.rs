use std::time::Duration;

use crate::jitter::around;

/// By how much each pause is longer than the one before, and by which share it differs at random.
const GROWTH: f64 = 1.6;
const JITTER: f64 = 0.2;

/// The pauses between attempts that fail: each longer than the one before, up to a longest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The pause behind so many failures in a row.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let growth = GROWTH.powi(failures.saturating_sub(1).min(200) as i32);
        // The longest is the longest: what differs at random stays below it.
        let most = self.longest.as_secs_f64() / (1.0 + JITTER);
        let whole = (self.first.as_secs_f64() * growth).min(most);
        around(Duration::from_secs_f64(whole), JITTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_differ_by_a_fifth() {
        let backoff = Backoff::default();
        let mut whole = 0.1;
        for failures in 1..=100 {
            for _ in 0..20 {
                let pause = backoff.pause(failures).as_secs_f64();
                assert!((0.8 * whole..=1.2 * whole).contains(&pause), "{failures}: {pause} is not around {whole}");
            }
            whole = f64::min(whole * 1.6, 25.0);
        }
        assert!(backoff.pause(u32::MAX) <= Duration::from_secs(30));
        assert!(Backoff { first: Duration::ZERO, longest: Duration::ZERO }.pause(3).is_zero());
    }
}

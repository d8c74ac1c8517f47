use std::time::Instant;

use crate::frame::{Breach, Reason};

/// How many frames without effect a peer may send at once (W-39).
const BURST: u32 = 10_000;
/// How many are forgiven each second.
const PER_SECOND: u32 = 1_000;

/// Counts the frames that cost this end something and brought nothing.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: u32,
    since: Option<Instant>,
}

impl Budget {
    pub(super) fn spend(&mut self, now: Instant) -> Result<(), Breach> {
        let since = *self.since.get_or_insert(now);
        let seconds = now.saturating_duration_since(since).as_secs();
        if seconds > 0 {
            let forgiven = seconds.saturating_mul(PER_SECOND.into());
            self.spent = self.spent.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
            self.since = Some(now);
        }
        self.spent += 1;
        if self.spent <= BURST {
            return Ok(());
        }
        Err(Breach::because(Reason::Flood, format!("more than {BURST} frames without effect")))
    }

    /// A call pays for one frame without effect: its own CANCEL may cross the answer, however often that happens.
    pub(super) fn earn(&mut self) {
        self.spent = self.spent.saturating_sub(1);
    }

    /// So does a call with streams for several: credit may cross the end of each.
    pub(super) fn earn_more(&mut self) {
        self.spent = self.spent.saturating_sub(4);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// W-39: at the limit, one past it, and again after a while.
    #[test]
    fn a_burst_is_bounded_and_forgiven() {
        let start = Instant::now();
        let mut budget = Budget::default();
        for _ in 0..BURST {
            budget.spend(start).unwrap();
        }
        assert!(budget.spend(start).is_err());
        assert!(budget.spend(start + Duration::from_secs(2)).is_ok());
    }
}

//! What was measured, round by round, and what it says.

use serde::{Deserialize, Serialize};

use crate::drive::Outcome;
use crate::workload::Workload;

/// All runs of one comparison.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    /// How many tasks wanted to run in the minute before.
    pub(crate) load: f64,
    pub(crate) cores: u32,
    /// In which version contestants took part, and which ones did not.
    pub(crate) notes: Vec<String>,
    pub(crate) runs: Vec<Run>,
}

/// One contestant doing one workload once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) round: usize,
    pub(crate) workload: String,
    pub(crate) contestant: String,
    pub(crate) outcome: Result<Outcome, String>,
}

/// The middle of several figures, and their ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// The median distance from the median.
    pub(crate) deviation: f64,
}

impl Results {
    /// One figure of all rounds.
    pub(crate) fn figure(&self, workload: &str, contestant: &str, pick: fn(&Outcome) -> f64) -> Option<Spread> {
        Spread::of(self.outcomes(workload, contestant).map(|(_, outcome)| pick(outcome)).collect())
    }

    /// What a contestant reached in each round, as a share of what the floor reached in the same round.
    pub(crate) fn ratio(&self, workload: &Workload, contestant: &str) -> Option<Spread> {
        self.ratio_to(workload, contestant, "floor")
    }

    /// What a contestant reached in each round, as a share of what `base` reached in the same round.
    ///
    /// Where the delay counts it is the delay of `base` as a share of the contestant's, so that more is always better.
    pub(crate) fn ratio_to(&self, workload: &Workload, contestant: &str, base: &str) -> Option<Spread> {
        let ratios = self.outcomes(workload.name, contestant).filter_map(|(round, outcome)| {
            let (_, base) = self.outcomes(workload.name, base).find(|(other, _)| *other == round)?;
            Some(if workload.is_about_delay() { base.p99 / outcome.p99 } else { outcome.rate / base.rate })
        });
        Spread::of(ratios.collect())
    }

    /// How much of the machine other programs had in the most disturbed tenth of the runs, as a share.
    pub(crate) fn others(&self) -> f64 {
        let outcomes = self.runs.iter().filter_map(|run| run.outcome.as_ref().ok());
        let mut shares: Vec<f64> = outcomes.map(|outcome| outcome.others).collect();
        shares.sort_by(f64::total_cmp);
        shares.get(shares.len() * 9 / 10).copied().unwrap_or(0.0)
    }

    /// Why a contestant has no figures, where that is so.
    pub(crate) fn failure(&self, workload: &str, contestant: &str) -> Option<&str> {
        self.runs(workload, contestant).find_map(|run| run.outcome.as_ref().err()).map(String::as_str)
    }

    fn outcomes(&self, workload: &str, contestant: &str) -> impl Iterator<Item = (usize, &Outcome)> {
        self.runs(workload, contestant).filter_map(|run| Some((run.round, run.outcome.as_ref().ok()?)))
    }

    fn runs(&self, workload: &str, contestant: &str) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.workload == workload && run.contestant == contestant)
    }
}

impl Spread {
    pub(crate) fn of(mut figures: Vec<f64>) -> Option<Self> {
        let middle = median(&mut figures)?;
        let mut distances: Vec<f64> = figures.iter().map(|figure| (figure - middle).abs()).collect();
        Some(Self { median: middle, min: *figures.first()?, max: *figures.last()?, deviation: median(&mut distances)? })
    }
}

/// Sorts the figures, and gives the one in the middle, or the mean of the two there.
fn median(figures: &mut [f64]) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let upper = figures.get(figures.len() / 2)?;
    let lower = figures.get((figures.len() - 1) / 2)?;
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(round: usize, contestant: &str, rate: f64) -> Run {
        let outcome = Outcome { rate, p50: 1.0, p99: 2.0, server_cpu: 0.0, client_cpu: 0.0, bytes: 0.0, others: 0.0 };
        Run { round, workload: "c64".to_owned(), contestant: contestant.to_owned(), outcome: Ok(outcome) }
    }

    #[test]
    fn a_ratio_is_to_the_floor_of_the_same_round() {
        let runs = vec![run(0, "floor", 100.0), run(1, "floor", 200.0), run(1, "ours", 150.0), run(0, "ours", 50.0)];
        let results = Results { runs, ..Results::default() };
        let ratio = results.ratio(&Workload::named("c64").unwrap(), "ours").unwrap();
        assert_eq!((ratio.min, ratio.median, ratio.max), (0.5, 0.625, 0.75));
    }

    #[test]
    fn one_far_figure_moves_neither_the_median_nor_the_deviation() {
        let spread = Spread::of(vec![1.0, 9.0, 1.1, 0.9, 1.0]).unwrap();
        assert_eq!((spread.median, spread.max), (1.0, 9.0));
        assert!(spread.deviation <= 0.1 + 1e-9, "{}", spread.deviation);
    }

    #[test]
    fn nothing_measured_is_no_figure() {
        assert!(Results::default().ratio(&Workload::named("c64").unwrap(), "ours").is_none());
    }
}

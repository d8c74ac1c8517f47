//! Rounds over all contestants: what disturbs the machine for a while disturbs all of them alike.

use std::time::{Duration, Instant};

use crate::contestant::Fault;
use crate::drive::Outcome;
use crate::process::{ServerProcess, run_client};
use crate::results::{Results, Run};
use crate::roster::has_streams;
use crate::usage;
use crate::workload::Workload;

/// A run during which other programs had more than this share of the machine says little.
pub(crate) const QUIET: f64 = 0.06;
/// How long the machine must have been idle before such a run is made anew.
const CALM: Duration = Duration::from_millis(500);

/// What is run, and how often.
pub(crate) struct Plan {
    pub(crate) contestants: Vec<&'static str>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) rounds: usize,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    /// How long, in all, it may take to wait for a quiet machine and to make disturbed runs anew.
    pub(crate) patience: Duration,
}

impl Plan {
    /// Those that can do the work.
    pub(crate) fn contestants_in(&self, workload: &Workload) -> Vec<&'static str> {
        let can = |name: &&str| !workload.needs_streams() || has_streams(name);
        self.contestants.iter().copied().filter(can).collect()
    }

    /// Runs everything; says on the error output how far it is.
    pub(crate) fn run(&self) -> Results {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        let mut results = Results { load: usage::load(), cores, ..Results::default() };
        let start = Instant::now();
        let mut patience = self.patience;
        let runs = self.workloads.iter().map(|workload| self.contestants_in(workload).len()).sum::<usize>();
        let total = self.rounds * runs;
        for round in 0..self.rounds {
            for workload in &self.workloads {
                let contestants = self.contestants_in(workload);
                for turn in 0..contestants.len() {
                    // Each contestant comes first, and last, and after each other one in turn.
                    let Some(contestant) = contestants.get((turn + round) % contestants.len()) else {
                        continue;
                    };
                    let outcome = self.run_quietly(contestant, workload, &mut patience);
                    let place = format!(
                        "[{:3}/{total} {:3.0} s] round {} {}",
                        results.runs.len() + 1,
                        start.elapsed().as_secs_f64(),
                        round + 1,
                        workload.name
                    );
                    match &outcome {
                        Ok(outcome) if outcome.others > QUIET => eprintln!(
                            "{place} {contestant}: {:.0}/s (other programs had {:.0} % of the machine)",
                            outcome.rate,
                            100.0 * outcome.others
                        ),
                        Ok(outcome) => eprintln!("{place} {contestant}: {:.0}/s", outcome.rate),
                        Err(fault) => eprintln!("{place} {contestant} failed: {fault}"),
                    }
                    results.runs.push(Run {
                        round,
                        workload: workload.name.to_owned(),
                        contestant: (*contestant).to_owned(),
                        outcome,
                    });
                }
            }
        }
        results
    }

    /// Makes a run, and makes it anew if other programs disturbed it. The least disturbed one counts.
    fn run_quietly(&self, contestant: &str, workload: &Workload, patience: &mut Duration) -> Result<Outcome, String> {
        let fail = |fault: Fault| fault.to_string();
        let mut best = self.run_once(contestant, workload).map_err(fail)?;
        while best.others > QUIET && !patience.is_zero() {
            let start = Instant::now();
            wait_for_calm(*patience).map_err(fail)?;
            let again = self.run_once(contestant, workload).map_err(fail)?;
            if again.others < best.others {
                best = again;
            }
            *patience = patience.saturating_sub(start.elapsed());
        }
        Ok(best)
    }

    fn run_once(&self, contestant: &str, workload: &Workload) -> Result<Outcome, Fault> {
        let server = ServerProcess::start(contestant, workload.pinned)?;
        let order = server.order(workload, self.warm_up, self.measured);
        run_client(contestant, &order, workload)
    }
}

/// Waits until the machine has nothing to do, but no longer than that.
fn wait_for_calm(longest: Duration) -> Result<(), Fault> {
    let start = Instant::now();
    while start.elapsed() < longest {
        let before = usage::busy_time()?;
        std::thread::sleep(CALM);
        if (usage::busy_time()? - before).as_secs_f64() < QUIET * CALM.as_secs_f64() {
            return Ok(());
        }
    }
    Ok(())
}

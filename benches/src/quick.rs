//! The check for CI: has the framework become slower, measured against the floor with the same codec?
//!
//! Not against the bare floor: how much a codec costs beside it differs from processor to processor.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::contestant::Fault;
use crate::results::{Results, Spread};
use crate::rounds::{Plan, QUIET};
use crate::workload::Workload;

const WORKLOADS: [&str; 3] = ["c1@1", "c64", "c512"];
const BASE: &str = "floor+msgpack";
/// A fall by less than this share is not reported, however quiet the machine: so much processors differ.
const SHARE: f64 = 0.2;
/// Neither is one by less than so many times what rounds differ by.
const DEVIATIONS: f64 = 3.0;

/// The median ratio of each workload.
type Baseline = BTreeMap<String, f64>;

/// Measures, and fails if a ratio has fallen by more than the noise, twice.
pub(crate) fn check() -> Result<ExitCode, Fault> {
    let path = path();
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; `quick bless` on a quiet machine writes it", path.display()))?;
    let baseline: Baseline = serde_json::from_str(&text)?;
    let mut fallen = fallen(&baseline)?;
    if !fallen.is_empty() {
        eprintln!("slower than the baseline: {}; once more", fallen.join(", "));
        let again = self::fallen(&baseline)?;
        fallen.retain(|name| again.contains(name));
    }
    if fallen.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("slower than the baseline, by more than the noise: {}", fallen.join(", "));
    Ok(ExitCode::FAILURE)
}

/// Measures, and names the workloads whose ratio is below the baseline by more than the noise.
fn fallen(baseline: &Baseline) -> Result<Vec<&str>, Fault> {
    let results = measure(Duration::from_secs(15))?;
    println!("| ratio to {BASE} | baseline | now | least |\n| --- | ---: | ---: | ---: |");
    let mut fallen = Vec::new();
    for (name, expected) in baseline {
        let now = ratio(&results, name)?;
        let least = least(*expected, now.deviation);
        println!("| {name} | {expected:.2} | {:.2} [{:.2}–{:.2}] | {least:.2} |", now.median, now.min, now.max);
        if now.median < least {
            fallen.push(name.as_str());
        }
    }
    Ok(fallen)
}

/// Measures, and makes the result the baseline.
pub(crate) fn bless() -> Result<(), Fault> {
    let results = measure(Duration::from_secs(900))?;
    let others = results.others();
    if others > QUIET {
        let share = 100.0 * others;
        return Err(format!("other programs had {share:.0} % of the machine; a baseline needs a quiet one").into());
    }
    let mut baseline = Baseline::new();
    for name in WORKLOADS {
        baseline.insert(name.to_owned(), (ratio(&results, name)?.median * 1000.0).round() / 1000.0);
    }
    let text = serde_json::to_string_pretty(&baseline)? + "\n";
    print!("{text}");
    Ok(fs::write(path(), text)?)
}

fn measure(patience: Duration) -> Result<Results, Fault> {
    let workloads: Option<Vec<Workload>> = WORKLOADS.into_iter().map(Workload::named).collect();
    let plan = Plan {
        contestants: vec![BASE, "ours"],
        workloads: workloads.ok_or("a workload has been renamed")?,
        rounds: 7,
        warm_up: Duration::from_millis(150),
        measured: Duration::from_millis(500),
        patience,
    };
    Ok(plan.run())
}

fn ratio(results: &Results, name: &str) -> Result<Spread, Fault> {
    let workload = Workload::named(name).ok_or_else(|| format!("the baseline has {name}, which is no workload"))?;
    results.ratio_to(&workload, "ours", BASE).ok_or_else(|| {
        let reason = results.failure(name, "ours").or_else(|| results.failure(name, BASE));
        format!("{name} could not be measured: {}", reason.unwrap_or("it is not part of this check")).into()
    })
}

/// What a ratio must not be below.
fn least(expected: f64, deviation: f64) -> f64 {
    expected - (DEVIATIONS * deviation).max(SHARE * expected)
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_counts_only_beyond_the_noise() {
        assert!((least(0.8, 0.0) - 0.64).abs() < 1e-9);
        assert!((least(0.8, 0.1) - 0.5).abs() < 1e-9);
    }
}

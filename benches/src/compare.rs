//! The comparison, and the files it leaves behind.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::contestant::Fault;
use crate::foreign;
use crate::results::Results;
use crate::roster::{is_on_request, names};
use crate::rounds::Plan;
use crate::workload::{ALL, Workload};
use crate::{plot, table};

/// Compares all, or those that are named; the floor always takes part.
pub(crate) fn compare(chosen: &[&str]) -> Result<(), Fault> {
    let all: Vec<&str> = names().collect();
    let is_unknown = |name: &&&str| !all.contains(name) && Workload::named(name).is_none();
    if let Some(name) = chosen.iter().find(is_unknown) {
        let workloads: Vec<&str> = ALL.iter().map(|workload| workload.name).collect();
        let (names, workloads) = (all.join(", "), workloads.join(", "));
        return Err(format!("{name:?} is neither a contestant ({names}) nor a workload ({workloads})").into());
    }
    let all_contestants = !all.iter().any(|name| chosen.contains(name));
    let all_workloads = !ALL.iter().any(|workload| chosen.contains(&workload.name));
    let is_chosen = |name: &&str| all_contestants && !is_on_request(name) || *name == "floor" || chosen.contains(name);
    let mut contestants = names().filter(is_chosen).collect();
    let notes = foreign::prepare(&mut contestants)?;
    let plan = Plan {
        contestants,
        workloads: ALL.into_iter().filter(|it| all_workloads || chosen.contains(&it.name)).collect(),
        rounds: 5,
        warm_up: Duration::from_millis(150),
        measured: Duration::from_millis(420),
        patience: Duration::from_secs(60),
    };
    let results = Results { notes, ..plan.run() };
    let table = table::markdown(&results, &plan);
    println!("{table}");

    let folder = folder()?;
    fs::write(folder.join("results.json"), serde_json::to_string_pretty(&results)?)?;
    fs::write(folder.join("results.md"), table)?;
    fs::write(folder.join("results.svg"), plot::svg(&results, &plan))?;
    eprintln!("written to {}: results.md, results.svg, results.json", folder.display());
    Ok(())
}

/// Where results are kept; they are not committed.
pub(crate) fn folder() -> Result<PathBuf, Fault> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("results");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

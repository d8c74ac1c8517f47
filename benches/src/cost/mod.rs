//! What calls, connections and builds cost.

mod build;
pub(crate) mod client;
mod process;

use std::fmt::Write as _;
use std::fs;

use serde::Serialize;

use crate::compare;
use crate::contestant::Fault;
use crate::foreign;
use crate::roster::{is_on_request, names};
use build::Build;
use process::{Counts, Memory};

/// Calls of the shorter and of the longer of two runs; what start and end cost is in both.
const CALLS: [u64; 2] = [5_000, 55_000];
const CONNECTIONS: usize = 1000;
const STREAMS: usize = 1000;
/// Whose streams are held. The floor bounds each by its window, and nothing else.
const HOLDING: [&str; 2] = ["ours", "tonic"];
/// Allocations per call that the program's own values need: the item has two, and the client has a second one, the
/// answer.
const DATA: [f64; 2] = [2.0, 4.0];

/// What one contestant costs.
#[derive(Debug, Serialize)]
struct Cost {
    contestant: &'static str,
    one: Result<Counts, String>,
    many: Result<Counts, String>,
    memory: Result<Memory, String>,
    /// Of those in [`HOLDING`].
    held: Option<Result<Memory, String>>,
}

/// Measures all of it, or the contestants that are named, and writes it down.
pub(crate) fn cost(chosen: &[&str]) -> Result<(), Fault> {
    let is_chosen = |name: &&str| chosen.is_empty() && !is_on_request(name) || chosen.contains(name);
    let mut contestants = names().filter(is_chosen).collect();
    let notes = foreign::prepare(&mut contestants)?;
    let mut costs = Vec::new();
    for contestant in contestants {
        eprintln!("{contestant}: calls, connections, streams");
        let holds = HOLDING.contains(&contestant);
        costs.push(Cost {
            contestant,
            one: process::counts(contestant, 1, CALLS).map_err(|fault| fault.to_string()),
            many: process::counts(contestant, 512, CALLS).map_err(|fault| fault.to_string()),
            memory: process::memory(contestant, CONNECTIONS).map_err(|fault| fault.to_string()),
            held: holds.then(|| process::held(contestant, STREAMS).map_err(|fault| fault.to_string())),
        });
    }
    let builds = build::builds(chosen)?;
    let text = markdown(&notes, &costs, &builds);
    println!("{text}");
    let folder = compare::folder()?;
    fs::write(folder.join("cost.md"), text)?;
    fs::write(folder.join("cost.json"), serde_json::to_string_pretty(&(&costs, &builds, &notes))?)?;
    eprintln!("written to {}: cost.md, cost.json", folder.display());
    Ok(())
}

fn markdown(notes: &[String], costs: &[Cost], builds: &[Build]) -> String {
    let mut text = "# Cost\n\n".to_owned();
    if !notes.is_empty() {
        let _ = write!(text, "{}\n\n", notes.join(" "));
    }
    if !process::has_perf() {
        text.push_str("System calls are left out: `perf stat` does not work here.\n\n");
    }
    for (in_flight, pick) in [(1, (|cost| &cost.one) as fn(&Cost) -> &Result<Counts, String>), (512, |cost| &cost.many)]
    {
        calls(&mut text, in_flight, costs, pick);
    }
    let idle: Vec<_> = costs.iter().map(|cost| (cost.contestant, &cost.memory)).collect();
    memory(&mut text, &format!("Resident memory per idle connection, of {CONNECTIONS}"), &idle);
    let held: Vec<_> = costs.iter().filter_map(|cost| Some((cost.contestant, cost.held.as_ref()?))).collect();
    if !held.is_empty() {
        text.push('\n');
        let title = format!("Resident memory per stream whose reader never reads, of {STREAMS} on one connection");
        memory(&mut text, &title, &held);
    }
    if !builds.is_empty() {
        text.push_str("\n## Minimal client and server, clean release build\n\n");
        text.push_str("| | wall s | processor s | crates | binary MiB |\n| --- | ---: | ---: | ---: | ---: |\n");
        for build in builds {
            let _ = writeln!(text, "{build}");
        }
    }
    text
}

fn calls(text: &mut String, in_flight: u32, costs: &[Cost], pick: fn(&Cost) -> &Result<Counts, String>) {
    let _ = write!(
        text,
        "## Per call with {in_flight} in flight\n\nAllocations are those beyond the program's own values.\n\n\
         | | server system calls | client system calls | server allocations | client allocations | server bytes \
         allocated | client bytes allocated |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for cost in costs {
        let _ = match pick(cost) {
            Err(fault) => writeln!(text, "| {} | failed: {fault} |", cost.contestant),
            Ok(counts) => {
                // The floor passes bytes on and has no values.
                let [server, client] = if cost.contestant == "floor" { [0.0, 0.0] } else { DATA };
                writeln!(
                    text,
                    "| {} | {} | {} | {:.2} | {:.2} | {:.0} | {:.0} |",
                    cost.contestant,
                    system_calls(counts.server.system_calls),
                    system_calls(counts.client.system_calls),
                    counts.server.allocations - server,
                    counts.client.allocations - client,
                    counts.server.bytes,
                    counts.client.bytes
                )
            }
        };
    }
    text.push('\n');
}

fn system_calls(number: Option<f64>) -> String {
    number.map_or("–".to_owned(), |number| format!("{number:.2}"))
}

fn memory(text: &mut String, title: &str, costs: &[(&str, &Result<Memory, String>)]) {
    let _ = write!(text, "## {title}\n\n| | server KiB | client KiB |\n| --- | ---: | ---: |\n");
    for (contestant, memory) in costs {
        let _ = match memory {
            Ok(memory) => writeln!(text, "| {contestant} | {:.1} | {:.1} |", memory.server, memory.client),
            Err(fault) => writeln!(text, "| {contestant} | failed: {fault} |"),
        };
    }
}

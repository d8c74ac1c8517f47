//! The framework beside a hand-written floor and its peers: see `README.md`.

mod allocations;
mod compare;
mod contestant;
mod cost;
mod count;
mod drive;
mod floor;
mod foreign;
mod histogram;
mod message;
mod ours;
mod peers;
mod plot;
mod process;
mod quick;
mod results;
mod roster;
mod rounds;
mod slices;
mod table;
mod usage;
mod workload;

use std::process::ExitCode;

use contestant::Fault;

const USAGE: &str = "\
cargo run --release                          every contestant, every workload
cargo run --release -- <workload or contestant> …
                                             only these
cargo run --release -- quick [bless]         the framework beside the floor, compared with (or written to) baseline.json
cargo run --release -- slices <workload> <contestant or program:contestant> …
                                             processor time per call, in turns of 30 ms
cargo run --release -- cost [<contestant> …]  system calls, allocations, memory, builds";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode, Fault> {
    match arguments {
        [task @ ("serve" | "serve counting"), contestant, workers] => process::main(task, contestant, workers, "")?,
        [task @ ("drive" | "count" | "idle" | "hold"), contestant, workers, order] => {
            process::main(task, contestant, workers, order)?;
        }
        ["cost", chosen @ ..] => cost::cost(chosen)?,
        ["slices", workload, contestants @ ..] => slices::slices(workload, contestants)?,
        ["quick"] => return quick::check(),
        ["quick", "bless"] => quick::bless()?,
        ["help" | "-h" | "--help"] => println!("{USAGE}"),
        chosen => compare::compare(chosen)?,
    }
    Ok(ExitCode::SUCCESS)
}

//! The framework beside a hand-written floor and its peers: see `README.md`.

mod compare;
mod contestant;
mod drive;
mod floor;
mod histogram;
mod message;
mod ours;
mod plot;
mod process;
mod quick;
mod results;
mod rounds;
mod table;
mod usage;
mod workload;

use std::process::ExitCode;

use contestant::Fault;

const USAGE: &str = "\
cargo run --release                          every contestant, every workload
cargo run --release -- <workload or contestant> …
                                             only these
cargo run --release -- quick [bless]         the framework beside the floor, compared with (or written to) baseline.json";

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
        [task @ "serve", contestant, workers] => process::main(task, contestant, workers, None)?,
        [task @ "drive", contestant, workers, order] => process::main(task, contestant, workers, Some(order))?,
        ["quick"] => return quick::check(),
        ["quick", "bless"] => quick::bless()?,
        ["help" | "-h" | "--help"] => println!("{USAGE}"),
        chosen => compare::compare(chosen)?,
    }
    Ok(ExitCode::SUCCESS)
}

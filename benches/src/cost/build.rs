//! Clean release builds of the smallest client and server, as a program that depends on nothing else.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use serde::Serialize;

use crate::compare;
use crate::contestant::Fault;
use crate::usage;

/// `tokio` is not a framework: it is what all of them build at least.
const PROGRAMS: [&str; 5] = ["tokio", "ours", "tarpc", "tonic", "volo"];
const MIB: f64 = 1024.0 * 1024.0;

/// What building one program takes, and gives.
#[derive(Debug, Serialize)]
pub(super) struct Build {
    program: &'static str,
    seconds: f64,
    /// Processor time of all that the build ran.
    processor_seconds: f64,
    /// Those that are built, itself included.
    crates: usize,
    binary: u64,
}

/// Builds all programs, or those of the contestants that are named.
pub(super) fn builds(chosen: &[&str]) -> Result<Vec<Build>, Fault> {
    let is_chosen =
        |program: &&str| chosen.is_empty() || chosen.iter().any(|name| name.split(' ').next() == Some(program));
    let programs: Vec<_> = PROGRAMS.into_iter().filter(is_chosen).collect();
    if programs.is_empty() {
        return Ok(Vec::new());
    }
    cargo(&["fetch", "--locked"])?;
    programs.into_iter().map(build).collect()
}

fn build(program: &'static str) -> Result<Build, Fault> {
    eprintln!("{program}: a clean build");
    let target = compare::folder()?.join("build");
    let _ = fs::remove_dir_all(&target);
    let package = format!("minimal-{program}");
    let (start, before) = (Instant::now(), usage::processor_time_of_children()?);
    let target_argument = target.to_str().ok_or("the path of this folder is not text")?;
    cargo(&["build", "--release", "--locked", "--offline", "--package", &package, "--target-dir", target_argument])?;
    let (seconds, after) = (start.elapsed().as_secs_f64(), usage::processor_time_of_children()?);

    let binary = target.join("release").join(&package);
    let said = run(&mut Command::new(&binary))?;
    if said.stdout != b"Hello, x!\n" {
        return Err(format!("{package} does not greet").into());
    }
    let tree =
        cargo(&["tree", "--locked", "--offline", "--package", &package, "-e", "normal,build", "--prefix", "none"])?;
    let tree = String::from_utf8(tree.stdout)?;
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(Build {
        program,
        seconds,
        processor_seconds: (after - before).as_secs_f64(),
        crates: crates.len(),
        binary: fs::metadata(binary)?.len(),
    })
}

fn cargo(arguments: &[&str]) -> Result<Output, Fault> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("minimal");
    // Its settings for this build are not for that one.
    let command = &mut Command::new("cargo");
    run(command.args(arguments).current_dir(folder).env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS"))
}

fn run(command: &mut Command) -> Result<Output, Fault> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, seconds, processor_seconds, crates, binary } = self;
        let name = if *program == "tokio" { "tokio and MessagePack alone" } else { program };
        write!(f, "| {name} | {seconds:.1} | {processor_seconds:.1} | {crates} | {:.2} |", *binary as f64 / MIB)
    }
}

//! Contestants in Go: one program of their own, which takes the same arguments as this one and gives the same answers.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::contestant::Fault;

/// All that there can be.
pub(crate) const NAMES: [&str; 2] = [NET_RPC, GRPC];

const NET_RPC: &str = "Go net/rpc";
const GRPC: &str = "gRPC-Go";
/// Where Debian has the sources of Go's packages.
const PACKAGES: &str = "/usr/share/gocode";

/// Builds the program if any of these contestants is in it, and removes those that cannot take part here.
///
/// Gives a sentence on each of them, its version or why it is left out, and says it on the error output too.
pub(crate) fn prepare(contestants: &mut Vec<&'static str>) -> Result<Vec<String>, Fault> {
    if !contestants.iter().any(|name| NAMES.contains(name)) {
        return Ok(Vec::new());
    }
    let mut reasons = BTreeMap::new();
    let versions = build_all(&mut reasons)?;
    let chosen: Vec<&str> = NAMES.into_iter().filter(|name| contestants.contains(name)).collect();
    contestants.retain(|name| !NAMES.contains(name) || versions.contains_key(*name));
    let note = |name| match (versions.get(name), reasons.get(name)) {
        (Some(version), _) => format!("{name}: {version}."),
        (None, reason) => format!("{name} is left out: {}.", reason.map_or("it was not built", String::as_str)),
    };
    let notes: Vec<String> = chosen.into_iter().map(note).collect();
    for note in &notes {
        eprintln!("{note}");
    }
    Ok(notes)
}

/// Where [`prepare`] puts the program: beside this one.
pub(crate) fn program() -> Result<PathBuf, Fault> {
    Ok(std::env::current_exe()?.with_file_name("go-contestants"))
}

/// Builds what can be built, and gives the versions of it.
fn build_all(reasons: &mut BTreeMap<&str, String>) -> Result<BTreeMap<String, String>, Fault> {
    if let Err(fault) = output(Command::new("go").arg("version")) {
        reasons.extend(NAMES.map(|name| (name, fault.to_string())));
        return Ok(BTreeMap::new());
    }
    if !Path::new(PACKAGES).join("src/google.golang.org/grpc").is_dir() {
        reasons.insert(GRPC, format!("there is no google.golang.org/grpc in {PACKAGES}"));
    } else if let Err(fault) = build(&["-tags", "grpc"]) {
        reasons.insert(GRPC, fault.to_string());
    }
    if reasons.contains_key(GRPC)
        && let Err(fault) = build(&[])
    {
        reasons.insert(NET_RPC, fault.to_string());
        return Ok(BTreeMap::new());
    }
    let said = output(Command::new(program()?).arg("versions"))?;
    Ok(serde_json::from_slice(&said.stdout)?)
}

fn build(flags: &[&str]) -> Result<(), Fault> {
    eprintln!("contestants in Go: go build {}", flags.join(" "));
    let program = program()?;
    let mut go = Command::new("go");
    go.arg("build").args(flags).arg("-o").arg(&program).arg(".");
    go.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("go"));
    // Only what is installed, whatever this user's settings are; and no C compiler is needed.
    go.envs([("GOENV", "off"), ("GO111MODULE", "off"), ("GOPATH", PACKAGES), ("GOPROXY", "off"), ("CGO_ENABLED", "0")]);
    go.env("GOFLAGS", "").env("GOCACHE", program.with_file_name("go-cache"));
    output(&mut go)?;
    Ok(())
}

/// What a command says that succeeds.
fn output(command: &mut Command) -> Result<Output, Fault> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no `{name}` here"),
        _ => format!("{name}: {error}"),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} failed: {}", said.trim().replace('\n', "; ")).into())
}

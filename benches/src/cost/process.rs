//! Runs of exactly so many calls, and of idle connections.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::client::{Allocations, CountOrder, HoldOrder, IdleOrder};
use crate::compare;
use crate::contestant::Fault;
use crate::process::{ServerProcess, client_arguments, program_of};
use crate::usage;

const EVENT: &str = "raw_syscalls:sys_enter";
/// Memory has settled when it has not changed for so long.
const STILL: Duration = Duration::from_secs(1);
/// How long it may take to settle; less than the deadlines of contestants that have some.
const SETTLING: Duration = Duration::from_secs(10);

/// What one call costs each side.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Counts {
    pub(super) server: Side,
    pub(super) client: Side,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Side {
    /// Not known where `perf stat` does not work.
    pub(super) system_calls: Option<f64>,
    pub(super) allocations: f64,
    pub(super) bytes: f64,
}

/// Resident memory for each connection or stream, in KiB.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Memory {
    pub(super) server: f64,
    pub(super) client: f64,
}

/// The totals of one process.
struct Total {
    system_calls: Option<f64>,
    allocations: Allocations,
}

/// What a call costs, from the difference between two runs.
pub(super) fn counts(contestant: &str, in_flight: usize, [few, many]: [u64; 2]) -> Result<Counts, Fault> {
    let [few_server, few_client] = totals(contestant, in_flight, few)?;
    let [many_server, many_client] = totals(contestant, in_flight, many)?;
    let calls = (many - few) as f64;
    Ok(Counts {
        server: per_call(&few_server, &many_server, calls),
        client: per_call(&few_client, &many_client, calls),
    })
}

fn per_call(few: &Total, many: &Total, calls: f64) -> Side {
    let difference = |few: u64, many: u64| (many as f64 - few as f64) / calls;
    Side {
        system_calls: few.system_calls.zip(many.system_calls).map(|(few, many)| (many - few) / calls),
        allocations: difference(few.allocations.count, many.allocations.count),
        bytes: difference(few.allocations.bytes, many.allocations.bytes),
    }
}

/// The server's and the client's totals.
fn totals(contestant: &str, in_flight: usize, calls: u64) -> Result<[Total; 2], Fault> {
    let folder = compare::folder()?;
    let (server_file, client_file) = (folder.join("server.perf"), folder.join("client.perf"));
    let server = ServerProcess::start_counting(counted(contestant, &server_file)?, contestant)?;
    let order = CountOrder { address: server.address().to_owned(), in_flight, calls };
    let output = counted(contestant, &client_file)?
        .args(client_arguments("count", contestant, &order)?)
        .stderr(Stdio::piped())
        .output()?;
    let said = server.finish()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    let server = Total { system_calls: read_perf(&server_file)?, allocations: serde_json::from_str(&said)? };
    let client = Total { system_calls: read_perf(&client_file)?, allocations: serde_json::from_slice(&output.stdout)? };
    Ok([server, client])
}

/// What an idle connection costs.
pub(super) fn memory(contestant: &str, connections: usize) -> Result<Memory, Fault> {
    let server = ServerProcess::start(contestant, false)?;
    // What the first connection needs once is not counted.
    run_idle(contestant, &server, 1)?;
    let before = usage::resident(server.id())?;
    let (client, after) = run_idle(contestant, &server, connections)?;
    Ok(Memory { server: after.saturating_sub(before) as f64 / connections as f64 / 1024.0, client: client / 1024.0 })
}

/// Bytes per connection in a client, and the memory of the server while it is connected.
fn run_idle(contestant: &str, server: &ServerProcess, connections: usize) -> Result<(f64, u64), Fault> {
    let order = IdleOrder { address: server.address().to_owned(), connections };
    let mut client = program_of(contestant)?
        .args(client_arguments("idle", contestant, &order)?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    let output = client.stdout.take().ok_or("the client has no output")?;
    BufReader::new(output).read_line(&mut said)?;
    let resident = usage::resident(server.id())?;
    drop(client.stdin.take());
    if !client.wait()?.success() {
        return Err("the client failed".into());
    }
    Ok((said.trim().parse()?, resident))
}

/// What streams hold whose readers never read, on one connection.
pub(super) fn held(contestant: &str, streams: usize) -> Result<Memory, Fault> {
    let server = ServerProcess::start(contestant, false)?;
    let order = HoldOrder { address: server.address().to_owned(), streams };
    let mut client = program_of(contestant)?
        .args(client_arguments("hold", contestant, &order)?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let grown = growth(&server, &mut client);
    // Also lets it end where it has not come so far.
    drop(client.stdin.take());
    let output = client.wait_with_output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    let [server, client] = grown?.map(|bytes| bytes as f64 / streams as f64 / 1024.0);
    Ok(Memory { server, client })
}

/// By how many bytes the memory of server and client grows when all streams are opened.
fn growth(server: &ServerProcess, client: &mut Child) -> Result<[u64; 2], Fault> {
    let mut output = BufReader::new(client.stdout.take().ok_or("the client has no output")?);
    let mut input = client.stdin.take().ok_or("the client has no input")?;
    let processes = [server.id(), client.id()];
    wait_for("ready", &mut output)?;
    let before = settled(processes)?;
    writeln!(input)?;
    wait_for("open", &mut output)?;
    let after = settled(processes)?;
    Ok([after[0].saturating_sub(before[0]), after[1].saturating_sub(before[1])])
}

fn wait_for(word: &str, output: &mut impl std::io::BufRead) -> Result<(), Fault> {
    let mut said = String::new();
    output.read_line(&mut said)?;
    if said.trim_end() == word { Ok(()) } else { Err("the client failed".into()) }
}

/// The memory of both processes once neither has changed for a while.
fn settled(processes: [u32; 2]) -> Result<[u64; 2], Fault> {
    let read = || Ok::<_, Fault>([usage::resident(processes[0])?, usage::resident(processes[1])?]);
    let start = Instant::now();
    let (mut last, mut since) = (read()?, start);
    while since.elapsed() < STILL {
        if start.elapsed() > SETTLING {
            return Err(format!("memory still changes after {} s", SETTLING.as_secs()).into());
        }
        std::thread::sleep(STILL / 20);
        let now = read()?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(last)
}

/// Whether system calls can be counted.
pub(super) fn has_perf() -> bool {
    static FOUND: LazyLock<bool> = LazyLock::new(|| {
        let output = Command::new("perf").args(["stat", "-e", EVENT, "--", "true"]).output();
        output.is_ok_and(|output| output.status.success())
    });
    *FOUND
}

/// A contestant's program, under `perf stat` where that works.
fn counted(contestant: &str, file: &Path) -> Result<Command, Fault> {
    let program = program_of(contestant)?;
    if !has_perf() {
        return Ok(program);
    }
    let mut command = Command::new("perf");
    command.args(["stat", "-x", ",", "-e", EVENT, "-o"]).arg(PathBuf::from(file)).arg("--").arg(program.get_program());
    Ok(command)
}

/// The count in what `perf stat -x ,` wrote.
fn read_perf(file: &Path) -> Result<Option<f64>, Fault> {
    if !has_perf() {
        return Ok(None);
    }
    let text = fs::read_to_string(file)?;
    let line = text.lines().find(|line| line.contains(EVENT)).ok_or("perf has counted nothing")?;
    Ok(Some(line.split(',').next().unwrap_or_default().parse()?))
}

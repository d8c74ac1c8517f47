//! Contestants in slices of time so short that all of them meet the same machine: for changes that rounds do not show.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::contestant::Fault;
use crate::drive::Outcome;
use crate::process::{ServerProcess, client_arguments, placed, program_of};
use crate::workload::Workload;

const SLICE: Duration = Duration::from_millis(30);
/// How long each contestant is at work in all, and how long before that.
const MEASURED: Duration = Duration::from_secs(6);
const WARM_UP: Duration = Duration::from_millis(500);

/// A server that is always there, and a client that is stopped while it is not its turn.
struct Contestant {
    name: String,
    client: Client,
    _server: ServerProcess,
}

/// It ends when this is dropped: nothing else would end one that is stopped.
struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        // One that is gone already is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs `contestants` in turn; one of another build is written `<program>:<contestant>`. Prints what a call, or an item,
/// costs each: its rate would say less, since a client that goes on has to get going first.
pub(crate) fn slices(workload: &str, contestants: &[&str]) -> Result<(), Fault> {
    let workload = Workload::named(workload).ok_or_else(|| format!("there is no workload {workload}"))?;
    let count = contestants.len() as u32;
    // Its `kill` starts no process, which would have to run somewhere.
    let mut shell = Command::new("sh").stdin(Stdio::piped()).spawn()?;
    let mut signals = shell.stdin.take().ok_or("the shell has no input")?;
    let mut running = Vec::new();
    for contestant in contestants {
        let contestant = start(contestant, &workload, count)?;
        sleep(WARM_UP / 2);
        writeln!(signals, "kill -STOP {}", contestant.client.0.id())?;
        running.push(contestant);
    }
    let turns = (WARM_UP * count + MEASURED * count).as_millis() / SLICE.as_millis();
    for turn in 0..turns as usize {
        // Each comes first, and after each other one, in turn.
        let at = (turn + turn / running.len()) % running.len();
        let Some(contestant) = running.get(at) else {
            continue;
        };
        writeln!(signals, "kill -CONT {}", contestant.client.0.id())?;
        sleep(SLICE);
        writeln!(signals, "kill -STOP {}", contestant.client.0.id())?;
    }
    for contestant in &running {
        writeln!(signals, "kill -CONT {}", contestant.client.0.id())?;
    }
    drop(signals);
    shell.wait()?;

    println!("| {} | server, µs | client, µs | both, µs | to the first |", workload.name);
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut first = None;
    for mut contestant in running {
        let mut output = String::new();
        contestant.client.0.stdout.take().ok_or("the client has no output")?.read_to_string(&mut output)?;
        if !contestant.client.0.wait()?.success() {
            return Err(format!("{} failed", contestant.name).into());
        }
        let Outcome { server_cpu, client_cpu, .. } = serde_json::from_str(&output)?;
        let both = server_cpu + client_cpu;
        let ratio = both / *first.get_or_insert(both);
        println!("| {} | {server_cpu:.3} | {client_cpu:.3} | {both:.3} | {ratio:.3} |", contestant.name);
    }
    Ok(())
}

fn start(name: &str, workload: &Workload, count: u32) -> Result<Contestant, Fault> {
    let (program, contestant) = match name.rsplit_once(':') {
        Some((program, contestant)) => (Command::new(program), contestant),
        None => (program_of(name)?, name),
    };
    let server = ServerProcess::start_with(placed(&program, workload.pinned), contestant)?;
    let order = server.order(workload, WARM_UP * count, MEASURED * count);
    let mut client = placed(&program, workload.pinned);
    client.args(client_arguments("drive", contestant, &order)?).stdout(Stdio::piped());
    let client = Client(client.spawn()?);
    Ok(Contestant { name: name.to_owned(), client, _server: server })
}

//! Servers and clients as processes of this same program, or of the one that a contestant has instead.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::Serialize;

use crate::allocations;
use crate::contestant::Fault;
use crate::cost::client::Allocations;
use crate::drive::{Order, Outcome};
use crate::foreign;
use crate::roster::{Task, act};
use crate::workload::Workload;

/// A server process; it ends when this is dropped, and also when the program that started it does.
pub(crate) struct ServerProcess {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl ServerProcess {
    pub(crate) fn start(contestant: &str, pinned: bool) -> Result<Self, Fault> {
        Self::start_with(placed(&program_of(contestant)?, pinned), contestant)
    }

    /// Starts one with a command that runs its program.
    pub(crate) fn start_with(command: Command, contestant: &str) -> Result<Self, Fault> {
        Self::start_as(command, "serve", contestant)
    }

    /// Starts one that counts its allocations, with a command that runs its program.
    pub(crate) fn start_counting(command: Command, contestant: &str) -> Result<Self, Fault> {
        Self::start_as(command, "serve counting", contestant)
    }

    fn start_as(mut command: Command, task: &str, contestant: &str) -> Result<Self, Fault> {
        let mut child = command
            .args([task, contestant, &workers()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().ok_or("the server has no output")?);
        let mut server = Self { child, output, address: String::new() };
        server.output.read_line(&mut server.address)?;
        server.address.truncate(server.address.trim_end().len());
        if server.address.is_empty() {
            return Err("the server did not start".into());
        }
        Ok(server)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What a client of it is asked to do.
    pub(crate) fn order(&self, workload: &Workload, warm_up: Duration, measured: Duration) -> Order {
        Order {
            address: self.address.clone(),
            workload: workload.name.to_owned(),
            server: self.id(),
            warm_up,
            measured,
            cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets it end, and gives what it said at last.
    pub(crate) fn finish(mut self) -> Result<String, Fault> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.output.read_to_string(&mut said)?;
        self.child.wait()?;
        Ok(said)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // One that is gone already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a client process to its end.
pub(crate) fn run_client(contestant: &str, order: &Order, workload: &Workload) -> Result<Outcome, Fault> {
    let output = placed(&program_of(contestant)?, workload.pinned)
        .args(client_arguments("drive", contestant, order)?)
        .stderr(Stdio::piped())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The arguments that [`main`] understands.
pub(crate) fn client_arguments(task: &str, contestant: &str, order: &impl Serialize) -> Result<[String; 4], Fault> {
    Ok([task.to_owned(), contestant.to_owned(), workers(), serde_json::to_string(order)?])
}

/// What a started process does.
pub(crate) fn main(task: &str, contestant: &str, workers: &str, order: &str) -> Result<(), Fault> {
    if task == "serve counting" || task == "count" {
        allocations::count();
    }
    let task = match task {
        "serve" | "serve counting" => {
            std::thread::spawn(end_with_input);
            Task::Serve
        }
        "drive" => Task::Drive(serde_json::from_str(order)?),
        "count" => Task::Count(serde_json::from_str(order)?),
        "idle" => Task::Idle(serde_json::from_str(order)?),
        "hold" => Task::Hold(serde_json::from_str(order)?),
        _ => return Err(format!("there is no task {task:?}").into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers.parse()?).enable_all().build()?;
    runtime.block_on(act(contestant, task))
}

/// Ends this process when the one that started it is done with it, or has gone away.
fn end_with_input() {
    // However reading ends, there is nobody left to serve for.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    if let Ok(text) = serde_json::to_string(&Allocations::counted()) {
        println!("{text}");
    }
    std::process::exit(0);
}

/// A command that runs the program that a contestant is in.
pub(crate) fn program_of(contestant: &str) -> Result<Command, Fault> {
    let is_foreign = foreign::NAMES.contains(&contestant);
    Ok(Command::new(if is_foreign { foreign::program()? } else { std::env::current_exe()? }))
}

/// The same program, kept on one core if it is pinned.
pub(crate) fn placed(program: &Command, pinned: bool) -> Command {
    if !pinned {
        return Command::new(program.get_program());
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program.get_program());
    command
}

/// As many as the machine has cores, also where both processes are kept on one of them.
fn workers() -> String {
    std::thread::available_parallelism().map_or(1, usize::from).to_string()
}

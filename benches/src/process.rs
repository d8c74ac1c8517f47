//! Servers and clients as processes of this same program.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use crate::contestant::{Fault, Task, act};
use crate::drive::{Order, Outcome};
use crate::workload::Workload;

/// A server process; it ends when this is dropped, and also when the program that started it does.
pub(crate) struct ServerProcess {
    child: Child,
    address: String,
}

impl ServerProcess {
    pub(crate) fn start(contestant: &str, pinned: bool) -> Result<Self, Fault> {
        let mut child = program(pinned)?
            .args(["serve", contestant, &workers()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut server = Self { child, address: String::new() };
        BufReader::new(output).read_line(&mut address)?;
        address.trim().clone_into(&mut server.address);
        if server.address.is_empty() {
            return Err("the server did not start".into());
        }
        Ok(server)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
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
    let output = program(workload.pinned)?
        .args(["drive", contestant, &workers(), &serde_json::to_string(order)?])
        .stderr(Stdio::piped())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What a started process does.
pub(crate) fn main(task: &str, contestant: &str, workers: &str, order: Option<&str>) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers.parse()?).enable_all().build()?;
    let task = match (task, order) {
        ("serve", None) => {
            std::thread::spawn(end_with_input);
            Task::Serve
        }
        ("drive", Some(order)) => Task::Drive(serde_json::from_str(order)?),
        _ => return Err("serve <contestant> <workers>, or drive <contestant> <workers> <order>".into()),
    };
    runtime.block_on(act(contestant, task))
}

/// Ends this process when the one that started it has gone away.
fn end_with_input() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    let _ = std::io::stdout().flush();
    std::process::exit(0);
}

fn program(pinned: bool) -> Result<Command, Fault> {
    let this = std::env::current_exe()?;
    if !pinned {
        return Ok(Command::new(this));
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(this);
    Ok(command)
}

/// As many as the machine has cores, also where both processes are kept on one of them.
fn workers() -> String {
    std::thread::available_parallelism().map_or(1, usize::from).to_string()
}

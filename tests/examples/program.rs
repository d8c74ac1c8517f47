//! An example that runs as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a program may run. Each takes a fraction of a second; a busy machine gets a lot more.
const LIMIT: Duration = Duration::from_secs(60);

/// A running program; killed when it takes too long, and when the test that started it has ended.
pub(crate) struct Program {
    name: String,
    child: Child,
    deadline: Instant,
    lines: Receiver<String>,
    /// The lines that have been taken, for the message when it hangs.
    taken: Vec<String>,
    errors: Option<JoinHandle<String>>,
}

/// What a program came to.
pub(crate) struct Ended {
    /// The lines that had not been taken yet.
    pub(crate) lines: Vec<String>,
    /// All that it said on standard error.
    pub(crate) errors: String,
    pub(crate) succeeded: bool,
}

impl Program {
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(binary(name))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // Ends with the output, or when nobody wants its lines any more.
        std::thread::spawn(move || output.lines().map(Result::unwrap).try_for_each(|line| sender.send(line)));
        let mut complaints = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            complaints.read_to_string(&mut text).unwrap();
            text
        });
        Self {
            name: name.to_owned(),
            child,
            deadline: Instant::now() + LIMIT,
            lines,
            taken: Vec::new(),
            errors: Some(errors),
        }
    }

    /// The next line of its output; `None` when that has ended.
    pub(crate) fn line(&mut self) -> Option<String> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => {
                self.taken.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{} still runs after {LIMIT:?}; it has said:\n{}", self.name, self.taken.join("\n"))
            }
        }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let mut lines = Vec::new();
        while let Some(line) = self.line() {
            lines.push(line);
        }
        let succeeded = self.child.wait().unwrap().success();
        let errors = self.errors.take().unwrap().join().unwrap();
        Ended { lines, errors, succeeded }
    }

    /// What ctrl-c does.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let killed = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success(), "{} could not be interrupted", self.name);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines that an example prints; it must succeed, and complain of nothing.
pub(crate) fn run(name: &str, arguments: &[&str]) -> Vec<String> {
    let Ended { lines, errors, succeeded } = Program::start(name, arguments).end();
    assert!(succeeded, "{name} failed: {errors}\n{}", lines.join("\n"));
    assert_eq!(errors, "", "{name} complained");
    lines
}

/// `cargo test` has built the examples beside the tests; this test alone builds them when they are not there.
fn binary(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();

    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !binary.exists() {
        BUILT.get_or_init(|| build(profile));
    }
    assert!(binary.exists(), "there is no example {name} at {}", binary.display());
    binary
}

fn build(profile: &Path) {
    let name = match profile.file_name().and_then(|name| name.to_str()).unwrap() {
        "debug" => "dev",
        other => other,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--package", "examples", "--examples", "--profile", name, "--target-dir"])
        .arg(profile.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "the examples do not build");
}

//! What a contestant must do, and who takes part.

use std::io::Write as _;

use bytes::Bytes;

use crate::drive::{self, Order};
use crate::floor::Floor;
use crate::floor::coded::Coded;
use crate::message::Item;
use crate::ours::Ours;

/// Whatever went wrong; a run that fails is left out of the results, with its reason.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// One way to make calls.
pub(crate) trait Contestant {
    type Client: Client;

    /// Serves on a free port of 127.0.0.1, [announces](announce) it, and goes on for ever.
    fn serve(&self) -> impl Future<Output = Result<(), Fault>>;

    /// Opens one connection.
    fn connect(&self, address: &str) -> impl Future<Output = Result<Self::Client, Fault>>;
}

/// One connection, shared by its clones.
///
/// Each method makes its message and looks at the answer, as a program would.
pub(crate) trait Client: Clone + Send + Sync + 'static {
    fn small(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    fn yielding(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    fn napping(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Gives the length of the answer.
    fn large(&self, bytes: &Bytes) -> impl Future<Output = Result<usize, Fault>> + Send;
}

/// Every contestant, the floor first.
pub(crate) const NAMES: &[&str] = &["floor", "floor+msgpack", "ours", "ours compact", "ours bincode", "ours JSON"];

/// What a process does for its contestant.
pub(crate) enum Task {
    Serve,
    Drive(Order),
}

/// Does `task` as the contestant called `name`.
pub(crate) async fn act(name: &str, task: Task) -> Result<(), Fault> {
    match name {
        "floor" => perform(Floor, task).await,
        "floor+msgpack" => perform(Coded, task).await,
        _ => match Ours::named(name) {
            Some(ours) => perform(ours, task).await,
            None => Err(format!("there is no contestant {name:?}; there are {}", NAMES.join(", ")).into()),
        },
    }
}

async fn perform(contestant: impl Contestant, task: Task) -> Result<(), Fault> {
    match task {
        Task::Serve => contestant.serve().await,
        Task::Drive(order) => drive::drive(&contestant, &order).await,
    }
}

/// Tells the process that started this one where the server listens.
pub(crate) fn announce(address: &str) {
    println!("{address}");
    // Whoever reads it waits for it. That nobody reads is noticed elsewhere: this process then ends.
    let _ = std::io::stdout().flush();
}

/// An answer must be what was sent.
pub(crate) fn check_item(answer: &Item) -> Result<(), Fault> {
    if answer.id == 7 && answer.values.len() == 4 { Ok(()) } else { Err("the answer is not what was sent".into()) }
}

//! What a contestant must do.

use std::io::Write as _;

use bytes::Bytes;

use crate::message::Item;

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

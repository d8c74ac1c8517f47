//! What a contestant must do.

use std::any::Any;
use std::io::Write as _;

use bytes::Bytes;

use crate::count::Count;
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
///
/// A contestant without streams leaves their methods as they are. Items are small messages, but those of `stream_bulk`;
/// each is counted as it comes, or as it is made where only the client sends any.
pub(crate) trait Client: Clone + Send + Sync + 'static {
    fn small(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    fn yielding(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    fn napping(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Gives the length of the answer.
    fn large(&self, bytes: &Bytes) -> impl Future<Output = Result<usize, Fault>> + Send;

    /// The server sends so many items. Gives how many came.
    fn stream_down(&self, _items: u64, _count: &Count) -> impl Future<Output = Result<u64, Fault>> + Send {
        async { no_streams() }
    }

    /// The client sends so many items. Gives how many the server says that it has got.
    fn stream_up(&self, _items: u64, _count: &Count) -> impl Future<Output = Result<u64, Fault>> + Send {
        async { no_streams() }
    }

    /// The client sends so many items, and the server gives back each as it comes. Gives how many came back.
    fn stream_both(&self, _items: u64, _count: &Count) -> impl Future<Output = Result<u64, Fault>> + Send {
        async { no_streams() }
    }

    /// The server sends so many items of `size` bytes. Gives how many bytes came.
    fn stream_bulk(
        &self,
        _items: u64,
        _size: usize,
        _count: &Count,
    ) -> impl Future<Output = Result<u64, Fault>> + Send {
        async { no_streams() }
    }

    /// Opens a stream that the server could send items on for ever, and reads none. It ends when what this gives is
    /// dropped.
    fn hold(&self) -> impl Future<Output = Result<Held, Fault>> + Send {
        async { no_streams() }
    }
}

/// An open stream, whatever a contestant has for it.
pub(crate) type Held = Box<dyn Any + Send>;

fn no_streams<T>() -> Result<T, Fault> {
    Err("this contestant has no such streams".into())
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

//! What the two programs agree on: the trait and its types. A project of its own would make this a crate.

use rpc_core::rpc_service;
use serde::{Deserialize, Serialize};

/// Where the server listens and the client looks, unless an argument says otherwise.
pub(crate) const ADDRESS: &str = "tcp://127.0.0.1:4000";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) words: String,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum GuestbookError {
    #[error("an entry needs a name")]
    NameMissing,
}

/// A book that visitors write in.
#[rpc_service]
pub(crate) trait Guestbook {
    /// Writes an entry and gives its number, from 1.
    async fn sign(&self, entry: &Entry) -> Result<usize, GuestbookError>;

    /// The last entries, the newest first.
    async fn latest(&self, count: usize) -> Vec<Entry>;
}

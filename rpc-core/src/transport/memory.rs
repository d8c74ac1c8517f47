//! Streams within this process, found by name.

use std::collections::HashMap;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// How many bytes may be on their way in each direction.
pub(super) const PIPE: usize = 64 * 1024;
/// How many connections may wait to be accepted.
const BACKLOG: usize = 1024;

static LISTENERS: LazyLock<Mutex<HashMap<String, mpsc::Sender<DuplexStream>>>> = LazyLock::new(Mutex::default);

/// Accepts the connections to a name, which it holds as long as it lives.
#[derive(Debug)]
pub(crate) struct MemoryListener {
    name: String,
    incoming: mpsc::Receiver<DuplexStream>,
}

impl MemoryListener {
    pub(super) fn bind(name: &str) -> io::Result<Self> {
        let (sender, incoming) = mpsc::channel(BACKLOG);
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        if listeners.contains_key(name) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        listeners.insert(name.to_owned(), sender);
        Ok(Self { name: name.to_owned(), incoming })
    }

    pub(super) async fn accept(&mut self) -> io::Result<DuplexStream> {
        self.incoming.recv().await.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// Connects to a name that is bound.
pub(super) async fn connect(name: &str) -> io::Result<DuplexStream> {
    let listener = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    let (near, far) = tokio::io::duplex(PIPE);
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    listener.ok_or_else(refused)?.send(far).await.map_err(|_| refused())?;
    Ok(near)
}

/// Both ends of a pipe.
pub(crate) fn pipe(peer: std::sync::Arc<str>) -> (super::Io, super::Io) {
    let (near, far) = tokio::io::duplex(PIPE);
    (super::Io::new(near, std::sync::Arc::clone(&peer)), super::Io::new(far, peer))
}

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::memory::MemoryListener;
use super::{Address, Io};

/// Accepts connections at one address.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
    Memory(Address, MemoryListener),
}

/// A listening socket whose file goes with it.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct UnixSocket {
    listener: tokio::net::UnixListener,
    path: std::path::PathBuf,
}

#[cfg(unix)]
impl Drop for UnixSocket {
    fn drop(&mut self) {
        // Somebody else may have removed it; then there is nothing to do.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Listener {
    pub(crate) async fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(host) => Ok(Self::Tcp(TcpListener::bind(host.as_str()).await?)),
            #[cfg(unix)]
            Address::Unix(path) => {
                remove_stale(path).await?;
                let listener = tokio::net::UnixListener::bind(path)?;
                Ok(Self::Unix(UnixSocket { listener, path: path.clone() }))
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            Address::Memory(name) => Ok(Self::Memory(address.clone(), MemoryListener::bind(name)?)),
        }
    }

    /// The address with the port that was really taken.
    pub(crate) fn local_addr(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(listener) => Ok(Address::Tcp(listener.local_addr()?.to_string())),
            #[cfg(unix)]
            Self::Unix(socket) => Ok(Address::Unix(socket.path.clone())),
            Self::Memory(address, _) => Ok(address.clone()),
        }
    }

    /// # Cancel safety
    ///
    /// Dropping the future loses no connection.
    pub(crate) async fn accept(&mut self) -> io::Result<Io> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Io::tcp(stream, format!("tcp://{peer}").into())
            }
            #[cfg(unix)]
            Self::Unix(socket) => {
                let (stream, _) = socket.listener.accept().await?;
                Ok(Io::unix(stream, format!("unix://{}", socket.path.display()).into()))
            }
            Self::Memory(address, listener) => {
                let peer: Arc<str> = address.to_string().into();
                Ok(Io::new(listener.accept().await?, peer))
            }
        }
    }
}

/// Removes the socket file of a server that is no longer there.
#[cfg(unix)]
async fn remove_stale(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match tokio::net::UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        _ => Ok(()),
    }
}

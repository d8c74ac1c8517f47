use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::{Address, Io, memory};

/// Opens a stream to an address.
pub(crate) async fn connect(address: &Address, peer: Arc<str>) -> io::Result<Io> {
    match address {
        Address::Tcp(host) => Io::tcp(TcpStream::connect(host.as_str()).await?, peer),
        #[cfg(unix)]
        Address::Unix(path) => Ok(Io::unix(tokio::net::UnixStream::connect(path).await?, peer)),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        Address::Memory(name) => Ok(Io::new(memory::connect(name).await?, peer)),
    }
}

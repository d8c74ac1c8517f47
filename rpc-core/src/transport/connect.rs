use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::{Address, Io, memory};

/// Opens a stream to an address.
pub(crate) async fn connect(address: &Address, peer: Arc<str>) -> io::Result<Io> {
    match address {
        Address::Tcp(host) => Io::tcp(tcp(host).await?, peer),
        #[cfg(unix)]
        Address::Unix(path) => Ok(Io::unix(tokio::net::UnixStream::connect(path).await?, peer)),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        Address::Memory(name) => Ok(Io::new(memory::connect(name).await?, peer)),
    }
}

/// Tries each address that a name stands for.
async fn tcp(host: &str) -> io::Result<TcpStream> {
    let unresolved = |error: io::Error| io::Error::new(error.kind(), format!("the host does not resolve: {error}"));
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(host).await.map_err(unresolved)?.collect();
    TcpStream::connect(&addresses[..]).await
}

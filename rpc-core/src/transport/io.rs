use std::fmt;
use std::sync::Arc;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How much the system holds of what is written to a peer on the same machine, in bytes; Linux doubles it. With half as
/// much, long messages are slower; with twice as much, small calls beside them are.
const LOCAL_BUFFER: usize = 128 * 1024;

/// Both halves of an open stream of bytes, whatever it is.
pub(crate) struct Io {
    pub(crate) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// The peer's address, for people.
    pub(crate) peer: Arc<str>,
}

impl Io {
    pub(crate) fn new<S: AsyncRead + AsyncWrite + Send + 'static>(stream: S, peer: Arc<str>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { reader: Box::new(reader), writer: Box::new(writer), peer }
    }

    /// A TCP stream; frames are gathered before they are written, so there is nothing for Nagle's algorithm to wait for.
    pub(crate) fn tcp(stream: TcpStream, peer: Arc<str>) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        bound_local(&stream);
        let (reader, writer) = stream.into_split();
        Ok(Self { reader: Box::new(reader), writer: Box::new(writer), peer })
    }

    #[cfg(unix)]
    pub(crate) fn unix(stream: tokio::net::UnixStream, peer: Arc<str>) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: Box::new(reader), writer: Box::new(writer), peer }
    }
}

/// Has the system hold no more than a little of what is written to a peer on the same machine. It would let megabytes
/// lie there: small calls wait behind them, and they fall out of the processor's cache before they are read. A peer far
/// away needs so much to be under way, so there the system finds its own measure.
fn bound_local(stream: &TcpStream) {
    let (Ok(own), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else {
        return;
    };
    if own.ip() == peer.ip() || peer.ip().to_canonical().is_loopback() {
        // Where it cannot be set, that costs only time.
        let _ = SockRef::from(stream).set_send_buffer_size(LOCAL_BUFFER);
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io").field("peer", &self.peer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_system_holds_little_for_a_peer_on_the_same_machine() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        bound_local(&stream);
        assert!((LOCAL_BUFFER..=2 * LOCAL_BUFFER).contains(&SockRef::from(&stream).send_buffer_size().unwrap()));
    }
}

use std::fmt;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

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
        let (reader, writer) = stream.into_split();
        Ok(Self { reader: Box::new(reader), writer: Box::new(writer), peer })
    }

    #[cfg(unix)]
    pub(crate) fn unix(stream: tokio::net::UnixStream, peer: Arc<str>) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: Box::new(reader), writer: Box::new(writer), peer }
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io").field("peer", &self.peer).finish_non_exhaustive()
    }
}

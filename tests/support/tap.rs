//! A stream that lets a test in whenever it is read from or written to.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream with something to do before each read and each write.
pub struct Tap<S> {
    stream: S,
    before_read: Box<dyn FnMut() + Send>,
    before_write: Box<dyn FnMut() + Send>,
}

impl<S> Tap<S> {
    /// Around a stream, with nothing to do.
    pub fn new(stream: S) -> Self {
        Self { stream, before_read: Box::new(|| ()), before_write: Box::new(|| ()) }
    }

    /// Does this before each read.
    #[must_use]
    pub fn before_read(mut self, act: impl FnMut() + Send + 'static) -> Self {
        self.before_read = Box::new(act);
        self
    }

    /// Does this before each write.
    #[must_use]
    pub fn before_write(mut self, act: impl FnMut() + Send + 'static) -> Self {
        self.before_write = Box::new(act);
        self
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        (self.before_read)();
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        (self.before_write)();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: fmt::Debug> fmt::Debug for Tap<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("stream", &self.stream).finish_non_exhaustive()
    }
}

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::AsyncWrite;

use crate::session::Queue;

/// How many pieces one system call takes.
const PIECES: usize = 32;
/// A buffer that a burst has blown up beyond this is given back.
const KEPT: usize = 256 * 1024;

/// The transport's writing half, and what it has been given but not taken.
pub(super) struct Writer {
    transport: Box<dyn AsyncWrite + Send + Unpin>,
    queue: Queue,
    /// How many bytes the transport has taken, over the life of the connection.
    written: u64,
    /// The transport has taken bytes that it has not been seen to pass on.
    unflushed: bool,
}

impl Writer {
    pub(super) fn new(transport: Box<dyn AsyncWrite + Send + Unpin>) -> Self {
        Self { transport, queue: Queue::default(), written: 0, unflushed: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && !self.unflushed
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Exchanges the queue, which has been written, for another.
    pub(super) fn refill(&mut self, exchange: impl FnOnce(&mut Queue)) {
        if self.queue.tail.capacity() > KEPT {
            self.queue.tail = BytesMut::new();
        }
        exchange(&mut self.queue);
    }

    /// Writes until the queue is empty or the transport takes no more.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.queue.is_empty() {
            let count = ready!(self.poll_write_some(cx))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count as u64;
            self.unflushed = true;
            self.advance(count);
        }
        ready!(Pin::new(&mut self.transport).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Says to the peer that nothing more will come.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }

    fn poll_write_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let transport = Pin::new(&mut self.transport);
        if self.queue.segments.is_empty() {
            return transport.poll_write(cx, &self.queue.tail);
        }
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let bytes = self.queue.segments.iter().map(|segment| &segment[..]).chain([&self.queue.tail[..]]);
        let mut count = 0;
        for (piece, bytes) in pieces.iter_mut().zip(bytes) {
            *piece = IoSlice::new(bytes);
            count += 1;
        }
        transport.poll_write_vectored(cx, pieces.get(..count).unwrap_or_default())
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(segment) = self.queue.segments.front_mut() {
            let step = count.min(segment.len());
            segment.advance(step);
            count -= step;
            if !segment.is_empty() {
                return;
            }
            self.queue.segments.pop_front();
        }
        if count == self.queue.tail.len() {
            self.queue.tail.clear();
        } else {
            self.queue.tail.advance(count);
        }
    }
}

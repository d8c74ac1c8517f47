//! Transports of a user's own: they hold bytes back until they are flushed, or they panic.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use rpc_core::{Channel, Code, Delivery};
use tests::desk::{DeskClient, Event, pattern};
use tests::soon;
use tests::tap::Tap;
use tests::world::{Office, Way};
use tokio::io::{AsyncRead, AsyncWrite, BufStream, ReadBuf, duplex};

/// Passes bytes on only when it is flushed, as TLS does, and says "not yet" to each flush first.
struct Holding<S> {
    inner: S,
    held: Vec<u8>,
    asked: bool,
}

impl<S> Holding<S> {
    fn new(inner: S) -> Self {
        Self { inner, held: Vec::new(), asked: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Holding<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Holding<S> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.held.extend_from_slice(bytes);
        self.asked = false;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.held.is_empty() && !std::mem::replace(&mut this.asked, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        while !this.held.is_empty() {
            let count = ready!(Pin::new(&mut this.inner).poll_write(cx, &this.held))?;
            this.held.drain(..count);
        }
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Calls over a stream of which both ends are such transports.
async fn works_over<S, F>(wrap: F, capacity: usize)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    F: Fn(tokio::io::DuplexStream) -> S,
{
    let office = Office::with(Way::Memory, |builder| builder).await;
    let (near, far) = duplex(capacity);
    office.server.attach(wrap(far), "far");
    let desk = DeskClient::new(soon(Channel::builder("near").over(wrap(near))).await.unwrap());
    for number in 0..3 {
        assert_eq!(soon(desk.echo(number)).await.unwrap(), number);
    }
    assert_eq!(soon(desk.exchange(pattern(100_000), 100_000)).await.unwrap().len(), 100_000);
    drop(desk);
    office.close().await;
}

#[tokio::test]
async fn a_flush_that_is_not_done_at_once_is_finished() {
    works_over(Holding::new, 64 * 1024).await;
}

#[tokio::test]
async fn a_buffered_stream_over_a_narrow_pipe_is_emptied() {
    works_over(BufStream::new, 32).await;
}

#[tokio::test]
async fn a_transport_that_panics_takes_its_connection_and_its_handlers_and_nothing_else() {
    let office = Office::with(Way::Memory, |builder| builder).await;
    let other = office.client().await;
    let broken = Arc::new(AtomicBool::new(false));
    let is_broken = Arc::clone(&broken);
    let (near, far) = duplex(1024);
    let far = Tap::new(far).before_read(move || assert!(!is_broken.load(Ordering::SeqCst), "broken"));
    office.server.attach(far, "far");
    let desk = DeskClient::new(soon(Channel::builder("near").over(near)).await.unwrap());
    let held = tokio::spawn(desk.hold(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    broken.store(true, Ordering::SeqCst);
    // What is sent now makes the server read.
    let error = soon(desk.echo(2)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown));
    soon(held).await.unwrap().unwrap_err();
    assert_eq!(office.watch.next().await, Event::Dropped(1));
    soon(async {
        while office.server.connections() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!((office.server.calls(), soon(other.echo(3)).await.unwrap()), (0, 3));
    office.close().await;
}

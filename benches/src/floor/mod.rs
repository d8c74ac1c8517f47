//! What hand-written tokio reaches: the least that has to be done for calls that share a connection.
//!
//! Frames with a length and the call's id, a table of wakers, writes that are gathered, no deadlines, no cancellation,
//! no codec ([`Coded`](coded::Coded) adds one). Streams have a window of bytes that their reader acknowledges. Each
//! choice is the best of those that were measured against each other.

mod client;
pub(crate) mod codec;
pub(crate) mod coded;
mod frame;
mod queue;
mod run;
mod server;

use std::net::SocketAddr;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};

use crate::contestant::{Client, Contestant, Fault, announce};
use crate::count::Count;
use client::Connection;
use codec::Bare;
use frame::Kind;

/// As large as the item in bincode.
const SMALL: [u8; 56] = [7; 56];

/// The floor without a codec: bytes in, the same bytes out.
pub(crate) struct Floor;

impl Contestant for Floor {
    type Client = Connection;

    async fn serve(&self) -> Result<(), Fault> {
        listen(server::serve::<Bare>).await
    }

    async fn connect(&self, address: &str) -> Result<Connection, Fault> {
        open(address).await
    }
}

impl Client for Connection {
    async fn small(&self) -> Result<(), Fault> {
        check(&self.call(Kind::Echo, Bytes::from_static(&SMALL)).await?, &SMALL)
    }

    async fn yielding(&self) -> Result<(), Fault> {
        check(&self.call(Kind::Yield, Bytes::from_static(&SMALL)).await?, &SMALL)
    }

    async fn napping(&self) -> Result<(), Fault> {
        check(&self.call(Kind::Timer, Bytes::from_static(&SMALL)).await?, &SMALL)
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        Ok(self.call(Kind::Echo, bytes.clone()).await?.len())
    }

    async fn stream_down(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.down::<Bare>(items, count).await
    }

    async fn stream_up(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.up::<Bare>(items, count).await
    }

    async fn stream_both(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.both::<Bare>(items, count).await
    }

    async fn stream_bulk(&self, items: u64, size: usize, count: &Count) -> Result<u64, Fault> {
        self.bulk(items, size, count).await
    }
}

fn check(answer: &[u8], expected: &[u8]) -> Result<(), Fault> {
    if answer == expected { Ok(()) } else { Err("the answer is not what was sent".into()) }
}

/// Accepts connections for ever, each served by its own task.
async fn listen<F>(serve: fn(TcpStream) -> F) -> Result<(), Fault>
where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(&listener.local_addr()?.to_string());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream));
    }
}

async fn open(address: &str) -> Result<Connection, Fault> {
    let stream = TcpStream::connect(address.parse::<SocketAddr>()?).await?;
    stream.set_nodelay(true)?;
    Ok(Connection::open(stream))
}

#[cfg(test)]
mod tests {
    use super::codec::{Codec, Own, RmpSerde};
    use super::*;

    /// Each stream is several times as long as the window.
    async fn stream_beside_each_other<C: Codec>() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connection = open(&listener.local_addr().unwrap().to_string()).await.unwrap();
        tokio::spawn(server::serve::<C>(listener.accept().await.unwrap().0));
        let counts: [Count; 4] = Default::default();
        let items = 100_000;
        let bytes = Bytes::from_static(&[7; 100_000]);
        let (down, up, both, bulk, large) = futures::future::join5(
            connection.down::<C>(items, &counts[0]),
            connection.up::<C>(items, &counts[1]),
            connection.both::<C>(items, &counts[2]),
            connection.bulk(20, 1_000_000, &counts[3]),
            connection.large(&bytes),
        )
        .await;
        assert_eq!((down.unwrap(), up.unwrap(), both.unwrap()), (items, items, items));
        assert_eq!((bulk.unwrap(), large.unwrap()), (20_000_000, 100_000));
        assert_eq!(counts.map(|count| count.get()), [items, items, items, 20]);
    }

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn streams_and_calls_share_a_connection() {
        run(stream_beside_each_other::<Bare>());
        run(stream_beside_each_other::<RmpSerde>());
        run(stream_beside_each_other::<Own>());
    }

    #[test]
    fn a_stream_fails_with_its_connection() {
        run(async {
            let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let connection = open(&server.local_addr().unwrap().to_string()).await.unwrap();
            let (count, lose) = (Count::default(), async {
                let (stream, _) = server.accept().await.unwrap();
                // The request has come.
                stream.readable().await.unwrap();
            });
            let (came, ()) = futures::future::join(connection.down::<Bare>(1, &count), lose).await;
            assert!(came.is_err());
        });
    }
}

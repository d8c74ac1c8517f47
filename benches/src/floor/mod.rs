//! What hand-written tokio reaches: the least that has to be done for calls that share a connection.
//!
//! Frames with a length and the call's id, a table of wakers, writes that are gathered, no deadlines, no cancellation,
//! no codec ([`Coded`](coded::Coded) adds one). Each choice is the best of those that were measured against each other.

mod client;
pub(crate) mod coded;
mod frame;
mod queue;
mod server;

use std::net::SocketAddr;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};

use crate::contestant::{Client, Contestant, Fault, announce};
use client::Connection;
use frame::Kind;

/// As large as the item in bincode.
const SMALL: [u8; 56] = [7; 56];

/// The floor without a codec: bytes in, the same bytes out.
pub(crate) struct Floor;

impl Contestant for Floor {
    type Client = Connection;

    async fn serve(&self) -> Result<(), Fault> {
        listen(server::serve).await
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

//! The framework as its users use it, with default settings.

use bytes::Bytes;
use futures::{FutureExt as _, Stream, StreamExt as _, future, stream};
use rpc_core::Streaming;
use rpc_core::codec::{AnyCodec, Bincode, Json, MessagePack};
use rpc_core::{Channel, Server, rpc_service};

use crate::contestant::Held;
use crate::contestant::{Client, Contestant, Fault, announce, check_item};
use crate::count::Count;
use crate::message::Item;
use crate::workload::NAP;

#[rpc_service]
pub(crate) trait Echo {
    async fn echo(&self, item: Item) -> Item;
    async fn echo_after_yield(&self, item: Item) -> Item;
    async fn echo_after_nap(&self, item: Item) -> Item;
    async fn blob(&self, bytes: Bytes) -> Bytes;
}

#[rpc_service]
pub(crate) trait Flow {
    async fn down(&self, items: u64) -> impl Stream<Item = Item>;
    async fn up(&self, items: Streaming<Item>) -> u64;
    async fn both(&self, items: Streaming<Item>) -> impl Stream<Item = Item>;
    async fn bulk(&self, items: u64, size: u64) -> impl Stream<Item = Bytes>;
}

struct Parrot;

impl Echo for Parrot {
    async fn echo(&self, item: Item) -> Item {
        item
    }

    async fn echo_after_yield(&self, item: Item) -> Item {
        tokio::task::yield_now().await;
        item
    }

    async fn echo_after_nap(&self, item: Item) -> Item {
        tokio::time::sleep(NAP).await;
        item
    }

    async fn blob(&self, bytes: Bytes) -> Bytes {
        bytes
    }
}

impl Flow for Parrot {
    async fn down(&self, items: u64) -> impl Stream<Item = Item> {
        stream::iter(0..items).map(|_| Item::sample())
    }

    async fn up(&self, mut items: Streaming<Item>) -> u64 {
        let mut came = 0;
        // One that is not what was sent, or a stream that breaks off, is missed by who has sent so many.
        while let Some(Ok(item)) = items.next().await {
            came += u64::from(check_item(&item).is_ok());
        }
        came
    }

    async fn both(&self, items: Streaming<Item>) -> impl Stream<Item = Item> {
        // The client misses what is left out.
        items.filter_map(|item| future::ready(item.ok()))
    }

    async fn bulk(&self, items: u64, size: u64) -> impl Stream<Item = Bytes> {
        let bytes = Bytes::from(vec![7; size as usize]);
        stream::iter(0..items).map(move |_| bytes.clone())
    }
}

/// The framework with one of its codecs.
pub(crate) struct Ours {
    codec: AnyCodec,
}

impl Ours {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let codec = match name {
            "ours" => AnyCodec::new(MessagePack::default()),
            "ours compact" => AnyCodec::new(MessagePack::default().compact()),
            "ours bincode" => AnyCodec::new(Bincode),
            "ours JSON" => AnyCodec::new(Json),
            _ => return None,
        };
        Some(Self { codec })
    }
}

/// The clients of both services, on one connection.
#[derive(Clone)]
pub(crate) struct OursClient {
    echo: EchoClient,
    flow: FlowClient,
}

impl Contestant for Ours {
    type Client = OursClient;

    async fn serve(&self) -> Result<(), Fault> {
        let server = Server::builder().service(EchoServer::new(Parrot)).service(FlowServer::new(Parrot));
        let server = server.codec(self.codec.clone()).bind("tcp://127.0.0.1:0").await?;
        announce(&server.local_addr().to_string());
        Ok(server.serve().await?)
    }

    async fn connect(&self, address: &str) -> Result<OursClient, Fault> {
        let channel = Channel::builder(address).codec(self.codec.clone()).connect().await?;
        Ok(OursClient { echo: EchoClient::new(channel.clone()), flow: FlowClient::new(channel) })
    }
}

/// Looks at every item. Gives how many came.
async fn check_all(mut stream: Streaming<Item>, count: &Count) -> Result<u64, Fault> {
    let mut came = 0;
    while let Some(item) = stream.next().await {
        check_item(&item?)?;
        came += 1;
        count.add();
    }
    Ok(came)
}

impl Client for OursClient {
    async fn small(&self) -> Result<(), Fault> {
        check_item(&self.echo.echo(Item::sample()).await?)
    }

    async fn yielding(&self) -> Result<(), Fault> {
        check_item(&self.echo.echo_after_yield(Item::sample()).await?)
    }

    async fn napping(&self) -> Result<(), Fault> {
        check_item(&self.echo.echo_after_nap(Item::sample()).await?)
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        Ok(self.echo.blob(bytes.clone()).await?.len())
    }

    async fn stream_down(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        check_all(self.flow.down(items), count).await
    }

    async fn stream_up(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        let count = count.clone();
        let stream = stream::iter(0..items).map(move |_| {
            count.add();
            Item::sample()
        });
        Ok(self.flow.up(stream).await?)
    }

    async fn stream_both(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        check_all(self.flow.both(stream::iter(0..items).map(|_| Item::sample())), count).await
    }

    async fn stream_bulk(&self, items: u64, size: usize, count: &Count) -> Result<u64, Fault> {
        let mut stream = self.flow.bulk(items, size as u64);
        let mut came = 0;
        while let Some(bytes) = stream.next().await {
            came += bytes?.len() as u64;
            count.add();
        }
        Ok(came)
    }

    async fn hold(&self) -> Result<Held, Fault> {
        let mut stream = self.flow.down(u64::MAX);
        // Should it be the first poll that opens it, this is it; there is nothing to read yet.
        let _ = stream.next().now_or_never();
        Ok(Box::new(stream))
    }
}

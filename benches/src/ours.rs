//! The framework as its users use it, with default settings.

use bytes::Bytes;
use rpc_core::codec::{AnyCodec, Bincode, Json, MessagePack};
use rpc_core::{Channel, Server, rpc_service};

use crate::contestant::{Client, Contestant, Fault, announce, check_item};
use crate::message::Item;
use crate::workload::NAP;

#[rpc_service]
pub(crate) trait Echo {
    async fn echo(&self, item: Item) -> Item;
    async fn echo_after_yield(&self, item: Item) -> Item;
    async fn echo_after_nap(&self, item: Item) -> Item;
    async fn blob(&self, bytes: Bytes) -> Bytes;
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

impl Contestant for Ours {
    type Client = EchoClient;

    async fn serve(&self) -> Result<(), Fault> {
        let server = Server::builder()
            .service(EchoServer::new(Parrot))
            .codec(self.codec.clone())
            .bind("tcp://127.0.0.1:0")
            .await?;
        announce(&server.local_addr().to_string());
        Ok(server.serve().await?)
    }

    async fn connect(&self, address: &str) -> Result<EchoClient, Fault> {
        Ok(EchoClient::new(Channel::builder(address).codec(self.codec.clone()).connect().await?))
    }
}

impl Client for EchoClient {
    async fn small(&self) -> Result<(), Fault> {
        check_item(&self.echo(Item::sample()).await?)
    }

    async fn yielding(&self) -> Result<(), Fault> {
        check_item(&self.echo_after_yield(Item::sample()).await?)
    }

    async fn napping(&self) -> Result<(), Fault> {
        check_item(&self.echo_after_nap(Item::sample()).await?)
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        Ok(self.blob(bytes.clone()).await?.len())
    }
}

//! volo with thrift, with a pool of connections that each carry one call at a time (its default), or with one
//! connection that calls share.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use pilota::FastStr;
use tokio::net::TcpListener;
use volo::net::Address;
use volo::net::incoming::DefaultIncoming;
use volo_thrift::ServerError;

use crate::contestant::{Client, Contestant, Fault, announce};
use crate::workload::NAP;

#[allow(warnings, unsafe_code, clippy::all, clippy::unwrap_used, clippy::indexing_slicing, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/volo_gen.rs"));
}

use generated::volo_gen::echo::{Echo, EchoClient, EchoClientBuilder, EchoServer, Item};

impl Item {
    fn sample() -> Self {
        Self { id: 7, name: FastStr::from("sixteen letters!".to_owned()), values: vec![1, 2, 3, 4] }
    }
}

struct Parrot;

impl Echo for Parrot {
    async fn echo(&self, item: Item) -> Result<Item, ServerError> {
        Ok(item)
    }

    async fn echo_after_yield(&self, item: Item) -> Result<Item, ServerError> {
        tokio::task::yield_now().await;
        Ok(item)
    }

    async fn echo_after_nap(&self, item: Item) -> Result<Item, ServerError> {
        tokio::time::sleep(NAP).await;
        Ok(item)
    }

    async fn blob(&self, bytes: Bytes) -> Result<Bytes, ServerError> {
        Ok(bytes)
    }
}

/// volo, in one of its two ways to use connections.
#[derive(Clone, Copy)]
pub(crate) struct Volo {
    pub(crate) multiplexed: bool,
}

impl Contestant for Volo {
    type Client = Arc<EchoClient>;

    async fn serve(&self) -> Result<(), Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(&listener.local_addr()?.to_string());
        let server = EchoServer::new(Parrot).multiplex(self.multiplexed);
        server.run(DefaultIncoming::from(listener)).await
    }

    async fn connect(&self, address: &str) -> Result<Arc<EchoClient>, Fault> {
        let address = Address::from(address.parse::<SocketAddr>()?);
        Ok(Arc::new(EchoClientBuilder::new("benches").address(address).multiplex(self.multiplexed).build()))
    }
}

fn check(answer: &Item) -> Result<(), Fault> {
    if answer.id == 7 && answer.values.len() == 4 { Ok(()) } else { Err("the answer is not what was sent".into()) }
}

impl Client for Arc<EchoClient> {
    async fn small(&self) -> Result<(), Fault> {
        check(&self.echo(Item::sample()).await?)
    }

    async fn yielding(&self) -> Result<(), Fault> {
        check(&self.echo_after_yield(Item::sample()).await?)
    }

    async fn napping(&self) -> Result<(), Fault> {
        check(&self.echo_after_nap(Item::sample()).await?)
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        Ok(self.blob(bytes.clone()).await?.len())
    }
}

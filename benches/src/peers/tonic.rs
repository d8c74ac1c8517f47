//! tonic with prost's messages.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use prost::Message;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::contestant::{Client, Contestant, Fault, Held, announce};
use crate::count::Count;
use crate::workload::NAP;

#[expect(unreachable_pub, unused_qualifications, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/benches.Echo.rs"));
}

use generated::echo_client::EchoClient;
use generated::echo_server::{Echo, EchoServer};

const MESSAGE_MAX: usize = 64 * 1024 * 1024;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Item {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(uint32, repeated, tag = "3")]
    values: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Blob {
    #[prost(bytes = "bytes", tag = "1")]
    bytes: Bytes,
}

/// How much a stream has.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Extent {
    #[prost(uint64, tag = "1")]
    items: u64,
    /// Bytes of an item.
    #[prost(uint64, tag = "2")]
    size: u64,
}

impl Item {
    fn sample() -> Self {
        Self { id: 7, name: "sixteen letters!".to_owned(), values: vec![1, 2, 3, 4] }
    }
}

struct Parrot;

/// As tonic's examples have it: what a method gives needs a name.
type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Echo for Parrot {
    type DownStream = Items<Item>;
    type BothStream = Items<Item>;
    type BulkStream = Items<Blob>;

    async fn echo(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn echo_after_yield(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        tokio::task::yield_now().await;
        Ok(Response::new(request.into_inner()))
    }

    async fn echo_after_nap(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        tokio::time::sleep(NAP).await;
        Ok(Response::new(request.into_inner()))
    }

    async fn blob(&self, request: Request<Blob>) -> Result<Response<Blob>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn down(&self, request: Request<Extent>) -> Result<Response<Items<Item>>, Status> {
        let items = stream::iter(0..request.get_ref().items).map(|_| Ok(Item::sample()));
        Ok(Response::new(Box::pin(items)))
    }

    async fn up(&self, request: Request<Streaming<Item>>) -> Result<Response<Extent>, Status> {
        let (mut stream, mut items) = (request.into_inner(), 0);
        while let Some(item) = stream.message().await? {
            check(&item)?;
            items += 1;
        }
        Ok(Response::new(Extent { items, size: 0 }))
    }

    async fn both(&self, request: Request<Streaming<Item>>) -> Result<Response<Items<Item>>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }

    async fn bulk(&self, request: Request<Extent>) -> Result<Response<Items<Blob>>, Status> {
        let Extent { items, size } = request.into_inner();
        let bytes = Bytes::from(vec![7; size as usize]);
        let items = stream::iter(0..items).map(move |_| Ok(Blob { bytes: bytes.clone() }));
        Ok(Response::new(Box::pin(items)))
    }
}

/// tonic, with HTTP/2's windows as they are by default.
pub(crate) struct Tonic;

impl Contestant for Tonic {
    type Client = EchoClient<Channel>;

    async fn serve(&self) -> Result<(), Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(&listener.local_addr()?.to_string());
        let service =
            EchoServer::new(Parrot).max_decoding_message_size(MESSAGE_MAX).max_encoding_message_size(MESSAGE_MAX);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder().max_concurrent_streams(4096).add_service(service);
        Ok(server.serve_with_incoming(incoming).await?)
    }

    async fn connect(&self, address: &str) -> Result<EchoClient<Channel>, Fault> {
        let channel = Endpoint::new(format!("http://{address}"))?.tcp_nodelay(true).connect().await?;
        Ok(EchoClient::new(channel).max_decoding_message_size(MESSAGE_MAX).max_encoding_message_size(MESSAGE_MAX))
    }
}

fn check(answer: &Item) -> Result<(), Status> {
    if answer.id == 7 && answer.values.len() == 4 { Ok(()) } else { Err(Status::internal("this is not what was sent")) }
}

/// Looks at every item. Gives how many came.
async fn check_all(mut stream: Streaming<Item>, count: &Count) -> Result<u64, Fault> {
    let mut came = 0;
    while let Some(item) = stream.message().await? {
        check(&item)?;
        came += 1;
        count.add();
    }
    Ok(came)
}

impl Client for EchoClient<Channel> {
    async fn small(&self) -> Result<(), Fault> {
        Ok(check(self.clone().echo(Item::sample()).await?.get_ref())?)
    }

    async fn yielding(&self) -> Result<(), Fault> {
        Ok(check(self.clone().echo_after_yield(Item::sample()).await?.get_ref())?)
    }

    async fn napping(&self) -> Result<(), Fault> {
        Ok(check(self.clone().echo_after_nap(Item::sample()).await?.get_ref())?)
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        Ok(self.clone().blob(Blob { bytes: bytes.clone() }).await?.get_ref().bytes.len())
    }

    async fn stream_down(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        check_all(self.clone().down(Extent { items, size: 0 }).await?.into_inner(), count).await
    }

    async fn stream_up(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        let count = count.clone();
        let stream = stream::iter(0..items).map(move |_| {
            count.add();
            Item::sample()
        });
        Ok(self.clone().up(stream).await?.get_ref().items)
    }

    async fn stream_both(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        let stream = stream::iter(0..items).map(|_| Item::sample());
        check_all(self.clone().both(stream).await?.into_inner(), count).await
    }

    async fn stream_bulk(&self, items: u64, size: usize, count: &Count) -> Result<u64, Fault> {
        let mut stream = self.clone().bulk(Extent { items, size: size as u64 }).await?.into_inner();
        let mut came = 0;
        while let Some(blob) = stream.message().await? {
            came += blob.bytes.len() as u64;
            count.add();
        }
        Ok(came)
    }

    async fn hold(&self) -> Result<Held, Fault> {
        Ok(Box::new(self.clone().down(Extent { items: u64::MAX, size: 0 }).await?.into_inner()))
    }
}

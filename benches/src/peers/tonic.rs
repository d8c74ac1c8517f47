//! tonic with prost's messages.

use bytes::Bytes;
use prost::Message;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use crate::contestant::{Client, Contestant, Fault, announce};
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

impl Item {
    fn sample() -> Self {
        Self { id: 7, name: "sixteen letters!".to_owned(), values: vec![1, 2, 3, 4] }
    }
}

struct Parrot;

#[tonic::async_trait]
impl Echo for Parrot {
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

fn check(answer: &Item) -> Result<(), Fault> {
    if answer.id == 7 && answer.values.len() == 4 { Ok(()) } else { Err("the answer is not what was sent".into()) }
}

impl Client for EchoClient<Channel> {
    async fn small(&self) -> Result<(), Fault> {
        check(self.clone().echo(Item::sample()).await?.get_ref())
    }

    async fn yielding(&self) -> Result<(), Fault> {
        check(self.clone().echo_after_yield(Item::sample()).await?.get_ref())
    }

    async fn napping(&self) -> Result<(), Fault> {
        check(self.clone().echo_after_nap(Item::sample()).await?.get_ref())
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        Ok(self.clone().blob(Blob { bytes: bytes.clone() }).await?.get_ref().bytes.len())
    }
}

//! tarpc with two of its formats; all else as in its examples, with longer queues.

use std::net::SocketAddr;

use bytes::Bytes;
use futures::StreamExt as _;
use serde_bytes::ByteBuf;
use tarpc::client::{self, NewClient};
use tarpc::context;
use tarpc::serde_transport;
use tarpc::server::{self, BaseChannel, Channel as _};
use tarpc::tokio_serde::formats::{Bincode, Json};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use crate::contestant::{Client, Contestant, Fault, announce, check_item};
use crate::message::Item;
use crate::workload::NAP;

#[tarpc::service]
pub(crate) trait Echo {
    async fn echo(item: Item) -> Item;
    async fn echo_after_yield(item: Item) -> Item;
    async fn echo_after_nap(item: Item) -> Item;
    async fn blob(bytes: ByteBuf) -> ByteBuf;
}

#[derive(Clone)]
struct Parrot;

impl Echo for Parrot {
    async fn echo(self, _: context::Context, item: Item) -> Item {
        item
    }

    async fn echo_after_yield(self, _: context::Context, item: Item) -> Item {
        tokio::task::yield_now().await;
        item
    }

    async fn echo_after_nap(self, _: context::Context, item: Item) -> Item {
        tokio::time::sleep(NAP).await;
        item
    }

    async fn blob(self, _: context::Context, bytes: ByteBuf) -> ByteBuf {
        bytes
    }
}

/// tarpc with one of its formats.
#[derive(Clone, Copy)]
pub(crate) enum Tarpc {
    Bincode,
    Json,
}

impl Contestant for Tarpc {
    type Client = EchoClient;

    async fn serve(&self) -> Result<(), Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(&listener.local_addr()?.to_string());
        loop {
            let frames = frames(listener.accept().await?.0)?;
            let config = server::Config { pending_response_buffer: 1024 };
            match self {
                Self::Bincode => {
                    let transport = serde_transport::new(frames, Bincode::default());
                    let calls = BaseChannel::new(config, transport).execute(Parrot.serve());
                    tokio::spawn(calls.for_each(spawn));
                }
                Self::Json => {
                    let transport = serde_transport::new(frames, Json::default());
                    let calls = BaseChannel::new(config, transport).execute(Parrot.serve());
                    tokio::spawn(calls.for_each(spawn));
                }
            }
        }
    }

    async fn connect(&self, address: &str) -> Result<EchoClient, Fault> {
        let frames = frames(TcpStream::connect(address.parse::<SocketAddr>()?).await?)?;
        let mut config = client::Config::default();
        config.max_in_flight_requests = 4096;
        config.pending_request_buffer = 1024;
        Ok(match self {
            Self::Bincode => {
                let NewClient { client, dispatch } =
                    EchoClient::new(config, serde_transport::new(frames, Bincode::default()));
                tokio::spawn(dispatch);
                client
            }
            Self::Json => {
                let NewClient { client, dispatch } =
                    EchoClient::new(config, serde_transport::new(frames, Json::default()));
                tokio::spawn(dispatch);
                client
            }
        })
    }
}

async fn spawn(call: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(call);
}

fn frames(stream: TcpStream) -> Result<Framed<TcpStream, LengthDelimitedCodec>, Fault> {
    stream.set_nodelay(true)?;
    Ok(LengthDelimitedCodec::builder().max_frame_length(64 * 1024 * 1024).new_framed(stream))
}

impl Client for EchoClient {
    async fn small(&self) -> Result<(), Fault> {
        check_item(&self.echo(context::current(), Item::sample()).await?)
    }

    async fn yielding(&self) -> Result<(), Fault> {
        check_item(&self.echo_after_yield(context::current(), Item::sample()).await?)
    }

    async fn napping(&self) -> Result<(), Fault> {
        check_item(&self.echo_after_nap(context::current(), Item::sample()).await?)
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        Ok(self.blob(context::current(), ByteBuf::from(bytes.to_vec())).await?.len())
    }
}

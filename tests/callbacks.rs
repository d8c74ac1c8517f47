//! A server calls its clients, on the connections that they have made.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use futures::TryStreamExt as _;
use rpc_core::codec::AnyCodec;
use rpc_core::{Channel, Code, Context, Delivery, RpcError, Server, rpc_service};
use tests::desk::{DeskClient, DeskServer, Event, clerk, pattern};
use tests::soon;
use tests::world::{WAYS, Way, address, codecs};
use tokio::sync::mpsc;

/// A service that calls back.
#[rpc_service]
trait Phone {
    /// Asks the caller's desk for the same number.
    async fn echo(&self, cx: &Context, number: u64) -> Result<u64, RpcError>;

    /// Reads a stream of the caller's desk, and sends it one.
    async fn streams(&self, cx: &Context, below: u64) -> Result<(u64, u64), RpcError>;

    /// How long the caller's desk is given.
    async fn remaining(&self, cx: &Context) -> Result<Option<u64>, RpcError>;

    /// Keeps the way back to the caller.
    async fn subscribe(&self, cx: &Context);
}

struct Exchange {
    subscribers: mpsc::UnboundedSender<DeskClient>,
}

impl Phone for Exchange {
    async fn echo(&self, cx: &Context, number: u64) -> Result<u64, RpcError> {
        DeskClient::new(cx.client()).echo(number).await
    }

    async fn streams(&self, cx: &Context, below: u64) -> Result<(u64, u64), RpcError> {
        let desk = DeskClient::new(cx.client());
        let numbers: Vec<u64> = desk.numbers(below).try_collect().await?;
        let parts = futures::stream::iter(numbers.clone()).map_parts();
        Ok((numbers.iter().sum(), desk.total(parts).await?))
    }

    async fn remaining(&self, cx: &Context) -> Result<Option<u64>, RpcError> {
        DeskClient::new(cx.client()).remaining().await
    }

    async fn subscribe(&self, cx: &Context) {
        let _ = self.subscribers.send(DeskClient::new(cx.client()));
    }
}

/// A byte string for each number, of its length.
trait MapParts: futures::Stream<Item = u64> + Sized {
    fn map_parts(self) -> impl futures::Stream<Item = Vec<u8>> {
        futures::StreamExt::map(self, |number| pattern(number as usize))
    }
}

impl<S: futures::Stream<Item = u64>> MapParts for S {}

fn exchange() -> (Exchange, mpsc::UnboundedReceiver<DeskClient>) {
    let (subscribers, receiver) = mpsc::unbounded_channel();
    (Exchange { subscribers }, receiver)
}

/// Runs `test` over every transport and in every codec, with a client that has a desk.
async fn everywhere(test: impl AsyncFn(PhoneClient, &mut mpsc::UnboundedReceiver<DeskClient>)) {
    for way in WAYS {
        for (name, codec) in codecs() {
            println!("{way:?}, {name}");
            let (exchange, mut subscribers) = exchange();
            if way == Way::InProcess {
                let channel = Channel::builder("").codec(codec).service(DeskServer::new(clerk().0));
                test(PhoneClient::new(channel.in_process(PhoneServer::new(exchange))), &mut subscribers).await;
                continue;
            }
            let server = Server::builder().service(PhoneServer::new(exchange)).bind(&address(way)).await.unwrap();
            let server = server.spawn();
            test(PhoneClient::new(client(server.local_addr(), codec).await), &mut subscribers).await;
            soon(server.shutdown()).await;
        }
    }
}

async fn client(address: impl std::fmt::Display, codec: AnyCodec) -> Channel {
    let builder = Channel::builder(address).codec(codec).service(DeskServer::new(clerk().0));
    builder.connect().await.unwrap()
}

#[tokio::test]
async fn a_handler_calls_its_caller() {
    everywhere(async |phone, _| {
        for number in 0..100 {
            assert_eq!(soon(phone.echo(number)).await.unwrap(), number);
        }
        let echoes = futures::future::join_all((0..500).map(|number| phone.echo(number)));
        assert!(soon(echoes).await.into_iter().map(Result::unwrap).eq(0..500));
    })
    .await;
}

#[tokio::test]
async fn a_handler_streams_from_and_to_its_caller() {
    everywhere(async |phone, _| {
        assert_eq!(soon(phone.streams(1_000)).await.unwrap(), (499_500, 499_500));
    })
    .await;
}

#[tokio::test]
async fn a_call_back_inherits_the_deadline() {
    everywhere(async |phone, _| {
        let remaining = soon(phone.remaining().timeout(Duration::from_secs(5))).await.unwrap().unwrap();
        assert!(remaining <= 5_000_000, "{remaining} µs");
    })
    .await;
}

/// What was kept works when the handler has ended, and fails when the client has gone.
#[tokio::test]
async fn a_server_calls_a_client_unasked_until_it_goes() {
    everywhere(async |phone, subscribers| {
        soon(phone.subscribe()).await.unwrap();
        let desk = soon(subscribers.recv()).await.unwrap();
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
        let held = tokio::spawn(desk.hold(1));
        assert_eq!(soon(desk.echo(8)).await.unwrap(), 8);
        drop(phone);
        let error = soon(held).await.unwrap().unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{error}");
        let error = soon(desk.echo(9)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_client_without_services_says_so() {
    let (exchange, _subscribers) = exchange();
    let server = Server::builder().service(PhoneServer::new(exchange)).bind("tcp://127.0.0.1:0").await.unwrap().spawn();
    let phone = PhoneClient::connect(server.local_addr()).await.unwrap();
    let error = soon(phone.echo(7)).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented, "{error}");
    assert!(error.message().contains("no services"), "{error}");
    soon(server.shutdown()).await;
}

/// A call back that is given up stops at the client, as any other.
#[tokio::test]
async fn a_cancel_reaches_the_client() {
    let (exchange, mut subscribers) = exchange();
    let server = Server::builder().service(PhoneServer::new(exchange)).bind("tcp://127.0.0.1:0").await.unwrap().spawn();
    let (clerk, watch) = clerk();
    let channel = Channel::builder(server.local_addr()).service(DeskServer::new(clerk)).connect().await.unwrap();
    soon(PhoneClient::new(channel.clone()).subscribe()).await.unwrap();
    let desk = soon(subscribers.recv()).await.unwrap();
    let held = tokio::spawn(desk.hold(1));
    assert_eq!(watch.next().await, Event::Begun(1));
    held.abort();
    assert_eq!(watch.next().await, Event::Dropped(1));
    drop(channel);
    soon(server.shutdown()).await;
}

#[tokio::test]
async fn a_context_of_no_call_has_no_client() {
    let desk = DeskClient::new(Context::detached(rpc_core::Metadata::new()).client());
    let error = soon(desk.echo(1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent), "{error}");
}

//! What an operator's hooks are told of connections, and what they may do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests assert by panicking")]

use std::sync::{Arc, OnceLock};

use rpc_core::{Channel, Code, ServerBuilder, ServerHandle};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Office, Way};
use tokio::io::duplex;
use tokio::sync::mpsc;

/// What a hook was told.
#[derive(Debug, PartialEq)]
enum Told {
    Connected(String),
    Disconnected(String, Option<Code>),
    Failed(Code),
}

/// A server whose hooks tell the test.
async fn office(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (Office, mpsc::UnboundedReceiver<Told>) {
    let (sender, told) = mpsc::unbounded_channel();
    let [connect, disconnect, error] = [sender.clone(), sender.clone(), sender];
    let office = Office::with(Way::Tcp, |builder| {
        settings(builder)
            .on_connect(move |peer| connect.send(Told::Connected(peer.to_owned())).unwrap_or_default())
            .on_disconnect(move |peer, error| {
                let told = Told::Disconnected(peer.to_owned(), error.map(|error| error.code()));
                disconnect.send(told).unwrap_or_default();
            })
            .on_error(move |failed| error.send(Told::Failed(failed.code())).unwrap_or_default())
    });
    (office.await, told)
}

#[tokio::test]
async fn hooks_are_told_who_comes_and_who_goes() {
    let (office, mut told) = office(|builder| builder).await;
    let desk = office.client().await;
    let Some(Told::Connected(peer)) = soon(told.recv()).await else { panic!("nobody came") };
    assert!(peer.starts_with("tcp://127.0.0.1:") && peer != office.address, "{peer}");
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    drop(desk);
    assert_eq!(soon(told.recv()).await.unwrap(), Told::Disconnected(peer, None));
    let (near, far) = duplex(1024);
    office.server.attach(far, "far");
    assert_eq!(soon(told.recv()).await.unwrap(), Told::Connected("far".to_owned()));
    drop(near);
    assert!(matches!(soon(told.recv()).await.unwrap(), Told::Failed(_)));
    assert!(matches!(soon(told.recv()).await.unwrap(), Told::Disconnected(peer, Some(_)) if peer == "far"));
}

#[tokio::test]
async fn a_peer_that_breaks_a_rule_is_told_of_as_an_error_and_as_gone() {
    let (office, mut told) = office(|builder| builder).await;
    let mut rude = Peer::greet(&office.address).await;
    let Some(Told::Connected(peer)) = soon(told.recv()).await else { panic!("nobody came") };
    rude.send(&[0xFF; 64]).await;
    assert_eq!(soon(told.recv()).await.unwrap(), Told::Failed(Code::Internal));
    assert_eq!(soon(told.recv()).await.unwrap(), Told::Disconnected(peer, Some(Code::Internal)));
}

#[tokio::test]
async fn who_is_turned_away_has_not_come() {
    let (office, mut told) = office(|builder| builder.max_connections(1)).await;
    let desk = office.client().await;
    assert!(matches!(soon(told.recv()).await.unwrap(), Told::Connected(_)));
    soon(Channel::connect(&office.address)).await.unwrap_err();
    assert_eq!(soon(told.recv()).await.unwrap(), Told::Failed(Code::ResourceExhausted));
    drop(desk);
    assert!(matches!(soon(told.recv()).await.unwrap(), Told::Disconnected(_, None)));
    office.close().await;
    assert!(told.recv().await.is_none(), "that was all");
}

#[tokio::test]
async fn when_a_shutdown_is_over_the_hooks_have_been_told() {
    let (office, mut told) = office(|builder| builder).await;
    let clients = [office.client().await, office.client().await];
    office.close().await;
    let told: Vec<Told> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    let gone = told.iter().filter(|told| matches!(told, Told::Disconnected(_, None)));
    assert_eq!((told.len(), gone.count()), (4, 2), "{told:?}");
    drop(clients);
}

/// A hook that looked while a lock was held would wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_may_use_the_server() {
    let server: Arc<OnceLock<ServerHandle>> = Arc::default();
    let (sender, mut seen) = mpsc::unbounded_channel();
    let look = move |server: &OnceLock<ServerHandle>| {
        if let Some(server) = server.get() {
            sender.send((server.connections(), server.calls())).unwrap_or_default();
            server.remove("Nothing");
        }
    };
    let (connect, disconnect) = ((Arc::clone(&server), look.clone()), (Arc::clone(&server), look));
    let office = Office::with(Way::Tcp, |builder| {
        builder.on_connect(move |_| connect.1(&connect.0)).on_disconnect(move |_, _| disconnect.1(&disconnect.0))
    })
    .await;
    server.set(office.server.clone()).unwrap();
    let desk = office.client().await;
    assert_eq!(soon(seen.recv()).await.unwrap(), (1, 0));
    drop(desk);
    assert_eq!(soon(seen.recv()).await.unwrap(), (1, 0));
}

#[tokio::test]
async fn hooks_that_panic_are_not_minded() {
    let settings = |builder: ServerBuilder| {
        builder
            .on_connect(|_| panic!("the secret is swordfish"))
            .on_disconnect(|_, _| panic!("the secret is swordfish"))
    };
    let office = Office::with(Way::Tcp, settings).await;
    for number in 0..2 {
        let desk = office.client().await;
        assert_eq!(soon(desk.echo(number)).await.unwrap(), number);
        drop(desk);
        soon(async {
            while office.server.connections() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    office.close().await;
}

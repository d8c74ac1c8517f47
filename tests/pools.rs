//! Channels with several addresses, several connections, and servers that come back.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use rpc_core::{Channel, Code, Delivery};
use tests::desk::{DeskClient, Event};
use tests::soon;
use tests::world::{Office, WAYS, Way};

/// So many calls run at once, and all of them end.
async fn run_at_once(office: &Office, desk: &DeskClient, calls: u64) {
    let held: Vec<_> = (0..calls).map(|number| tokio::spawn(desk.hold(number).no_timeout())).collect();
    for _ in 0..held.len() {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    office.watch.release(held.len());
    for call in held {
        soon(call).await.unwrap().unwrap();
    }
}

/// Where one server cannot be reached, or is closing, the next address is tried.
#[tokio::test]
async fn several_addresses_stand_in_for_each_other() {
    for way in [Way::Tcp, Way::Unix, Way::Memory] {
        let (one, two) = (Office::with(way, |builder| builder).await, Office::with(way, |builder| builder).await);
        let channel = Channel::builder(&one.address).or(&two.address).connect().await.unwrap();
        let desk = DeskClient::new(channel);
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
        assert_eq!((one.server.connections(), two.server.connections()), (1, 0));
        one.close().await;
        assert_eq!(soon(desk.echo(2)).await.unwrap(), 2);
        assert_eq!(two.server.connections(), 1);
        two.close().await;
        let error = soon(desk.echo(3)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent));
    }
}

/// Several connections: each call goes to the one with the fewest, and a lost one is opened again.
#[tokio::test]
async fn calls_go_to_the_connection_with_the_fewest() {
    let office = Office::open().await;
    let (sender, mut connected) = tokio::sync::mpsc::channel(4);
    let hook = move |_: &str| sender.try_send(()).unwrap();
    let builder = Channel::builder(&office.address).connections(4).on_connect(hook);
    let desk = DeskClient::new(builder.connect().await.unwrap());
    for _ in 0..4 {
        soon(connected.recv()).await.unwrap();
    }
    // The hook comes first.
    tokio::task::yield_now().await;
    // A connection has 2,048 slots: all of these run at once only if they are spread.
    run_at_once(&office, &desk, 4 * 2048).await;
    drop(desk);
    office.close().await;
}

/// A channel that connects at its first call opens the others when there is more than one.
#[tokio::test]
async fn a_lazy_channel_opens_all_its_connections_when_they_are_needed() {
    let office = Office::open().await;
    let desk = DeskClient::new(Channel::builder(&office.address).connections(3).lazy().unwrap());
    for number in 0..3 {
        assert_eq!(soon(desk.echo(number)).await.unwrap(), number);
    }
    assert_eq!(office.server.connections(), 1, "one is enough for one call");
    run_at_once(&office, &desk, 2).await;
    soon(async {
        while office.server.connections() < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(desk);
    office.close().await;
}

/// All channels share what this test says: every transport is connected again.
#[tokio::test]
async fn a_server_that_comes_back_is_found_again() {
    for way in WAYS.into_iter().filter(|way| *way != Way::InProcess) {
        let office = Office::with(way, |builder| builder).await;
        let address = office.address.clone();
        let desk = DeskClient::new(Channel::connect(&address).await.unwrap());
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
        office.close().await;
        let office = Office::at(&address, |builder| builder).await;
        assert_eq!(soon(desk.echo(2).wait_for_ready()).await.unwrap(), 2, "{way:?}");
        drop(desk);
        office.close().await;
    }
}

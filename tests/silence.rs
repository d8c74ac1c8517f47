//! Peers that say nothing, connections that nobody needs, and those that have been used for long enough.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use rpc_core::{Channel, ChannelState, Code, Delivery, Limits};
use tests::desk::{DeskClient, Event};
use tests::frames::{Frame, Hello, kind, reply};
use tests::peer::Peer;
use tests::soon;
use tests::stage::{answer, called, stage};
use tests::world::{Office, Way};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_and_the_next_call_opens_another() {
    let (channel, mut stage) = stage(|builder| builder);
    let desk = DeskClient::new(channel.clone());
    let first = tokio::spawn(desk.echo(1));
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"1")).await;
    soon(first).await.unwrap().unwrap();
    let start = Instant::now();
    assert_eq!(channel.changed(ChannelState::Ready).await, ChannelState::Idle);
    assert_eq!(start.elapsed().as_secs(), 600);
    assert_eq!(peer.frame().await.goaway().1, 0);
    assert!(!stage.has_attempt());
    let next = tokio::spawn(desk.echo(1));
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"1")).await;
    soon(next).await.unwrap().unwrap();
}

/// A connection with a call is not idle, however long that takes; the peer is asked whether it is there.
#[tokio::test(start_paused = true)]
async fn a_connection_with_a_call_is_kept_alive() {
    let (channel, mut stage) = stage(|builder| builder);
    let peer = stage.used(&channel).await;
    let desk = DeskClient::new(channel.clone());
    let mut peer = peer.patient(60 * SECOND);
    let call = tokio::spawn(desk.echo(1).no_timeout());
    let id = called(&mut peer).await;
    for _ in 0..60 {
        let start = Instant::now();
        let ping = peer.frame().await;
        assert_eq!((ping.kind, start.elapsed().as_secs()), (kind::PING, 30));
        peer.put(&Frame::new(kind::PONG, 0, ping.payload)).await;
    }
    peer.put(&reply(id, b"1")).await;
    soon(call).await.unwrap().unwrap();
    assert_eq!(channel.state(), ChannelState::Ready);
}

/// F7: a peer that says nothing more is noticed after keepalive and its timeout, and the next call connects anew.
#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_noticed() {
    let limits = Limits::default().with_keepalive(3 * SECOND, 2 * SECOND);
    let (channel, mut stage) = stage(|builder| builder.limits(limits));
    let desk = DeskClient::new(channel.clone());
    let call = tokio::spawn(desk.echo(1).no_timeout());
    let mut peer = stage.greet().await;
    called(&mut peer).await;
    let start = Instant::now();
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown));
    assert_eq!(error.message(), "the peer did not answer a PING within 2 s (Limits::keepalive_timeout)");
    let next = tokio::spawn(desk.echo(2).wait_for_ready());
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"2")).await;
    assert_eq!(soon(next).await.unwrap().unwrap(), 2);
}

/// F8: without keepalive the deadline fires all the same.
#[tokio::test(start_paused = true)]
async fn a_deadline_fires_on_a_silent_connection_too() {
    let limits = Limits::default().with_keepalive(Duration::MAX, Duration::MAX);
    let (channel, mut stage) = stage(|builder| builder.limits(limits));
    let desk = DeskClient::new(channel);
    let call = tokio::spawn(desk.echo(1).timeout(7 * SECOND));
    let mut peer = stage.greet().await;
    called(&mut peer).await;
    let start = Instant::now();
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::DeadlineExceeded, Delivery::Unknown));
    assert_eq!(start.elapsed().as_secs(), 7);
}

/// A server learns of a client that has vanished, and stops its handlers.
#[tokio::test(start_paused = true)]
async fn a_server_notices_a_client_that_has_vanished() {
    let limits = Limits::default().with_keepalive(3 * SECOND, 2 * SECOND);
    let mut office = Office::with(Way::Memory, |builder| builder.limits(limits)).await;
    let (near, far) = tokio::io::duplex(64 * 1024);
    office.server.attach(far, "far");
    let mut peer = Peer::over(near).greeted(&Hello::default()).await;
    peer.put(&tests::frames::call(1, "hold", r#"{"number":1}"#)).await;
    assert_eq!(office.watch.next().await, Event::Begun(1));
    let start = Instant::now();
    assert_eq!(office.watch.next().await, Event::Dropped(1));
    assert_eq!(start.elapsed().as_secs(), 5);
    let told = office.error().await;
    assert!(told.message().contains("did not answer a PING"), "{told}");
}

/// A connection is used for as long as it may be; calls go on where they are, and the next ones go to another.
#[tokio::test(start_paused = true)]
async fn an_old_connection_is_replaced() {
    let limits = Limits::default().with_max_age(100 * SECOND).with_keepalive(Duration::MAX, Duration::MAX);
    let (channel, mut stage) = stage(|builder| builder.limits(limits));
    let desk = DeskClient::new(channel);
    let first = tokio::spawn(desk.echo(1).no_timeout());
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    let start = Instant::now();
    let mut next = stage.greet().await;
    assert!((89..=111).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let second = tokio::spawn(desk.echo(2));
    answer(&mut next, 2).await;
    assert_eq!(soon(second).await.unwrap().unwrap(), 2);
    peer.put(&reply(id, b"1")).await;
    assert_eq!(soon(first).await.unwrap().unwrap(), 1);
    assert_eq!(peer.frame().await.kind, kind::GOAWAY);
}

/// A server sends old connections away too, and its clients lose no call.
#[tokio::test(start_paused = true)]
async fn a_server_sends_old_connections_away() {
    let limits = Limits::default().with_max_age(100 * SECOND);
    let office = Office::with(Way::Memory, |builder| builder.limits(limits)).await;
    let (sender, connected) = std::sync::mpsc::channel();
    let hook = move |peer: &str| sender.send(peer.to_owned()).unwrap_or_default();
    let desk = DeskClient::new(Channel::builder(&office.address).on_connect(hook).connect().await.unwrap());
    for number in 0..1_000 {
        assert_eq!(soon(desk.echo(number)).await.unwrap(), number);
        tokio::time::advance(SECOND).await;
    }
    let connections = connected.try_iter().count();
    assert!((9..=12).contains(&connections), "{connections}");
    office.close().await;
}

/// A channel that nobody calls does not try for ever.
#[tokio::test(start_paused = true)]
async fn a_channel_that_nobody_needs_gives_up_trying() {
    let limits = Limits::default().with_idle(60 * SECOND);
    let (channel, mut stage) = stage(|builder| builder.limits(limits));
    let desk = DeskClient::new(channel.clone());
    let first = tokio::spawn(desk.echo(1));
    let start = Instant::now();
    tokio::spawn(async move {
        loop {
            stage.attempt().await.refuse();
        }
    });
    soon(first).await.unwrap().unwrap_err();
    while channel.state() != ChannelState::Idle {
        channel.changed(channel.state()).await;
    }
    assert!((60..100).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

//! Nothing is claimed of a call's delivery without proof, and what can be proved is said.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use rpc_core::codec::Json;
use rpc_core::{Channel, Code, Delivery};
use tests::desk::{DeskClient, Event, clerk, pattern};
use tests::frames::{Hello, PREFACE, call};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Office, Way};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cut_off_while_it_waits_for_its_turn_was_not_executed() {
    let grace = Duration::from_secs(1);
    let settings = |builder: rpc_core::ServerBuilder| builder.max_running(1).max_waiting(10, HOUR).grace(grace);
    let office = Office::with(Way::Memory, settings).await;
    let desk = office.client().await;
    let runs = tokio::spawn(desk.hold(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    let waits = tokio::spawn(desk.hold(2));
    while office.server.calls() < 2 {
        tokio::task::yield_now().await;
    }
    let report = soon(office.server.shutdown()).await;
    assert_eq!(report.cut_calls, 2);
    for (call, delivery) in [(runs, Delivery::Executed), (waits, Delivery::NotExecuted)] {
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, delivery), "{error}");
    }
    assert_eq!(office.watch.so_far(), [Event::Dropped(1)]);
}

/// W-15: the goodbye of a server that has no room names no call as taken, whatever came before it.
#[tokio::test]
async fn a_crowded_server_takes_no_call_that_came_with_the_greeting() {
    let office = Office::with(Way::Memory, |builder| builder.max_connections(0)).await;
    let (mut near, far) = duplex(64 * 1024);
    let first = [PREFACE.to_vec(), Hello::default().build().bytes(), call(1, "echo", r#"{"number":1}"#).bytes()];
    near.write_all(&first.concat()).await.unwrap();
    office.server.attach(far, "far");
    let mut peer = Peer::over(near);
    peer.read_greeting().await;
    let (last, reason, _) = peer.frame().await.goaway();
    assert_eq!((last, reason), (0, 4));
    assert_eq!(peer.rest().await, []);
}

#[tokio::test]
async fn a_call_behind_one_that_the_transport_did_not_take_was_not_sent() {
    let (near, mut far) = duplex(256);
    far.write_all(&PREFACE).await.unwrap();
    far.write_all(&Hello::default().build().bytes()).await.unwrap();
    let desk = DeskClient::new(soon(Channel::builder("near").codec(Json).over(near)).await.unwrap());
    let first = tokio::spawn(desk.exchange(pattern(20_000), 1));
    // More than the greeting, so the first call has begun to go; less than would let the second begin.
    far.read_exact(&mut [0; 1024]).await.unwrap();
    let mut second = desk.echo(1);
    assert!(Pin::new(&mut second).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    far.read_exact(&mut [0; 1024]).await.unwrap();
    drop(far);
    let (first, second) = (soon(first).await.unwrap().unwrap_err(), soon(second).await.unwrap_err());
    assert_eq!((first.code(), first.delivery()), (Code::Unavailable, Delivery::Unknown));
    assert_eq!((second.code(), second.delivery()), (Code::Unavailable, Delivery::NotSent));
}

#[tokio::test]
async fn a_call_that_is_polled_after_its_answer_does_not_claim_that_it_was_not_sent() {
    let mut call = DeskClient::in_process(clerk().0).echo(1);
    assert_eq!(soon(&mut call).await.unwrap(), 1);
    let error = soon(&mut call).await.unwrap_err();
    assert!(!matches!(error.delivery(), Delivery::NotSent | Delivery::NotExecuted), "{error}");
    assert!(!error.is_retryable(), "{error}");
}

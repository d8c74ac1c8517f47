//! What a call that is given up leaves behind: nothing.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::stream;
use rpc_core::codec::Json;
use rpc_core::{Channel, Limits};
use tests::desk::{DeskClient, Event, pattern};
use tests::frames::{Hello, kind, reply};
use tests::peer::Peer;
use tests::world::{Office, Way, everywhere};
use tests::{quickest, soon};
use tokio::net::TcpListener;

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, address)
}

async fn pair() -> (Peer, DeskClient) {
    let (listener, address) = listen().await;
    let hello = Hello::default();
    let accept = Peer::accept(&listener, &hello);
    let (peer, channel) = tokio::join!(accept, Channel::builder(&address).codec(Json).connect());
    (peer, DeskClient::new(channel.unwrap()))
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// C1 `cancel_before_start`: the first byte on the wire is of a call that was polled.
#[tokio::test]
async fn a_call_dropped_before_its_first_poll_sends_nothing() {
    let (mut peer, desk) = pair().await;
    drop(desk.echo(1));
    drop(desk.exchange(pattern(200_000), 1));
    drop(desk.note(2));
    drop(desk.numbers(5));
    drop(desk.total(stream::iter([pattern(10)])));
    drop(desk.ping_pong(stream::iter(0..9)));
    let answered = tokio::spawn(desk.echo(3));
    let first = peer.frame().await;
    assert_eq!(first.kind, kind::CALL);
    assert!(first.payload.ends_with(br#"{"number":3}"#), "{first:?}");
    peer.put(&reply(first.call, b"3")).await;
    assert_eq!(soon(answered).await.unwrap().unwrap(), 3);
    drop(desk);
    let rest: Vec<u8> = peer.rest().await.iter().map(|frame| frame.kind).collect();
    assert_eq!(rest, [kind::GOAWAY], "nothing but the goodbye follows");
}

/// C1 `cancel_before_start`, on a channel that has not connected.
#[tokio::test]
async fn a_channel_without_a_polled_call_does_not_even_connect() {
    let (listener, address) = listen().await;
    let desk = DeskClient::new(Channel::builder(&address).lazy().unwrap());
    drop(desk.echo(1));
    // Whoever connects first is not that channel.
    let marker = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (_, first) = soon(listener.accept()).await.unwrap();
    assert_eq!(first, marker.local_addr().unwrap());
}

/// C2 `cancel_after_begin`, F11: the handler is dropped within 100 ms.
#[tokio::test]
async fn dropping_a_call_drops_its_handler() {
    everywhere(async |desk, watch| {
        let limit = Duration::from_millis(100);
        let took = quickest(limit, async || {
            let call = tokio::spawn(desk.hold(5));
            assert_eq!(watch.next().await, Event::Begun(5));
            let start = Instant::now();
            call.abort();
            assert_eq!(watch.next().await, Event::Dropped(5));
            start.elapsed()
        })
        .await;
        assert!(took <= limit, "{took:?}");
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "the connection lives");
    })
    .await;
}

/// Handlers that wait share a task: one that is cancelled goes alone.
#[tokio::test]
async fn dropping_one_of_many_calls_drops_its_handler_alone() {
    everywhere(async |desk, watch| {
        let mut calls: Vec<_> = (0..40).map(|number| tokio::spawn(desk.hold(number))).collect();
        for _ in 0..40 {
            assert!(matches!(watch.next().await, Event::Begun(_)));
        }
        calls.remove(17).abort();
        assert_eq!(watch.next().await, Event::Dropped(17));
        watch.release(39);
        for call in calls {
            soon(call).await.unwrap().unwrap();
        }
    })
    .await;
}

/// C5: the message of a call that is given up is half sent.
#[tokio::test]
async fn a_call_cancelled_while_its_message_is_on_its_way_leaves_the_connection_usable() {
    let long = pattern(3_000_000);
    everywhere(async |desk, _| {
        for _ in 0..5 {
            let mut call = desk.exchange(long.clone(), 1);
            assert!(poll_once(&mut call).is_pending());
            drop(call);
            assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
        }
        assert_eq!(soon(desk.exchange(long.clone(), 5)).await.unwrap().len(), 5);
    })
    .await;
}

/// C6: a hundred calls are given up behind sixteen that have all slots.
#[tokio::test]
async fn a_call_cancelled_while_it_waits_for_a_slot_never_reaches_the_server() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_calls(16))).await;
    let desk = office.client().await;
    let held: Vec<_> = (0..16).map(|number| tokio::spawn(desk.hold(number))).collect();
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    let mut queued: Vec<_> = (100..200).map(|number| desk.hold(number)).collect();
    assert!(queued.iter_mut().all(|call| poll_once(call).is_pending()));
    let last = tokio::spawn(desk.hold(16));
    drop(queued);
    office.watch.release(17);
    for call in held.into_iter().chain([last]) {
        soon(call).await.unwrap().unwrap();
    }
    let begun: Vec<Event> =
        office.watch.so_far().into_iter().filter(|event| matches!(event, Event::Begun(_))).collect();
    assert_eq!(begun, [Event::Begun(16)]);
    office.close().await;
}

/// C8: ten thousand races; whatever wins, the id is not given to another call and no slot is lost.
#[tokio::test]
async fn an_answer_that_crosses_a_cancel_is_late_and_not_wrong() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_calls(16))).await;
    let desk = office.client().await;
    for round in 0..10_000 {
        let mut call = desk.echo(round);
        let polled = poll_once(&mut call);
        if round % 3 == 0 {
            // Some are nearly answered when they are dropped.
            tokio::task::yield_now().await;
        }
        drop((call, polled));
        if round % 50 == 0 {
            assert_eq!(soon(desk.echo(round + 1_000_000)).await.unwrap(), round + 1_000_000);
        }
    }
    // All slots are there: as many handlers as may run do so at once.
    let held: Vec<_> = (0..16).map(|number| tokio::spawn(desk.hold(number))).collect();
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    office.watch.release(16);
    for call in held {
        soon(call).await.unwrap().unwrap();
    }
    office.close().await;
}

/// C8: the answer is on its way when the CANCEL crosses it, and the id is not given to another call.
#[tokio::test]
async fn an_answer_after_a_cancel_is_read_and_thrown_away() {
    let (mut peer, desk) = pair().await;
    let mut call = desk.echo(1);
    assert!(poll_once(&mut call).is_pending());
    let sent = peer.frame().await;
    drop(call);
    let cancel = peer.frame().await;
    assert_eq!((cancel.kind, cancel.call), (kind::CANCEL, sent.call));
    let next = tokio::spawn(desk.echo(2));
    let second = peer.frame().await;
    assert!(second.call > sent.call, "ids only grow");
    peer.put(&reply(sent.call, b"1")).await;
    peer.put(&reply(second.call, b"2")).await;
    assert_eq!(soon(next).await.unwrap().unwrap(), 2);
}

/// C10: a client with a thousand calls in flight.
#[tokio::test]
async fn a_client_that_goes_takes_all_its_handlers_with_it() {
    let office = Office::open().await;
    let bystander = office.client().await;
    let other = tokio::spawn(bystander.hold(5_000));
    assert_eq!(office.watch.next().await, Event::Begun(5_000));

    let desk = office.client().await;
    let calls: Vec<_> = (0..1_000).map(|number| tokio::spawn(desk.hold(number))).collect();
    for _ in 0..1_000 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    drop(desk);
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    let mut dropped = BTreeSet::new();
    while dropped.len() < 1_000 {
        let Event::Dropped(number) = office.watch.next().await else { unreachable!("none can end") };
        assert!(dropped.insert(number) && number < 1_000);
    }
    office.watch.release(1);
    assert_eq!(soon(other).await.unwrap().unwrap(), 5_000);
    office.close().await;
}

/// C10: nobody has said goodbye.
#[tokio::test]
async fn a_lost_connection_takes_all_its_handlers_with_it() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    for id in 0..50u64 {
        peer.put(&tests::frames::call(2 * id + 1, "hold", &format!(r#"{{"number":{id}}}"#))).await;
        assert_eq!(office.watch.next().await, Event::Begun(id));
    }
    drop(peer);
    for _ in 0..50 {
        assert!(matches!(office.watch.next().await, Event::Dropped(_)));
    }
    office.close().await;
}

/// C11: who asked for it is told, and not dropped.
#[tokio::test]
async fn a_detached_handler_is_told_and_runs_to_its_end() {
    everywhere(async |desk, watch| {
        let call = tokio::spawn(desk.hold_on(3));
        assert_eq!(watch.next().await, Event::Begun(3));
        call.abort();
        assert_eq!(watch.next().await, Event::Told(3));
        watch.release(1);
        assert_eq!(watch.next().await, Event::Done(3));
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    })
    .await;
}

/// C11: what runs on keeps its slot.
#[tokio::test]
async fn the_slot_of_a_cancelled_handler_is_free_when_it_has_ended_and_not_before() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_calls(16))).await;
    let desk = office.client().await;
    let held: Vec<_> = (0..16).map(|number| tokio::spawn(desk.hold_on(number))).collect();
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    held.iter().for_each(tokio::task::JoinHandle::abort);
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Told(_)));
    }
    assert_eq!(office.server.calls(), 16, "they run on, and count");
    let mut next = desk.echo(1);
    assert!(poll_once(&mut next).is_pending());
    let next = tokio::spawn(next);
    // A second connection shows that time enough has passed for the server to answer.
    assert_eq!(soon(office.client().await.echo(2)).await.unwrap(), 2);
    assert!(!next.is_finished(), "no slot was free");
    office.watch.release(1);
    assert_eq!(soon(next).await.unwrap().unwrap(), 1);
    office.watch.release(15);
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Done(_)));
    }
    office.close().await;
}

/// A peer that cancels and calls again without waiting is held to the same count.
#[tokio::test]
async fn cancelling_fast_starts_no_more_handlers_than_there_are_slots() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_calls(16))).await;
    let mut peer = Peer::greet(&office.address).await;
    let mut refused = 0;
    for id in 0..40u64 {
        peer.put(&tests::frames::call(2 * id + 1, "hold_on", &format!(r#"{{"number":{id}}}"#))).await;
        peer.put(&tests::frames::Frame::new(kind::CANCEL, 2 * id + 1, [])).await;
    }
    while refused < 24 {
        let (code, not_executed, text) = peer.frame().await.end();
        assert!(not_executed, "{text}");
        assert!(code == 14 || code == 1, "{text}");
        refused += 1;
    }
    assert!(office.watch.most_at_once() <= 16);
    office.watch.release(40);
    drop(peer);
    office.close().await;
}

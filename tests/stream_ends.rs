//! Streams that are given up, by whom and when, and those whose connection goes.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use rpc_core::{Channel, Code, Delivery};
use tests::desk::{DeskClient, Event, pattern};
use tests::soon;
use tests::world::{Office, everywhere};

/// C1 `cancel_before_start`: nothing of a stream that was never polled is sent, nor of those of its caller.
#[tokio::test]
async fn cancel_before_start() {
    everywhere(async |desk, watch| {
        drop(desk.watched(1, 10));
        drop(desk.ping_pong(stream::iter(0..10)));
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
        assert!(watch.so_far().is_empty());
    })
    .await;
}

/// C3 `cancel_after_first_response`: the handler's stream is dropped.
#[tokio::test]
async fn cancel_after_first_response() {
    everywhere(async |desk, watch| {
        let mut items = desk.watched(1, u64::MAX);
        assert_eq!(soon(items.next()).await.unwrap().unwrap(), 0);
        drop(items);
        assert_eq!([watch.next().await, watch.next().await], [Event::Begun(1), Event::Dropped(1)]);
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    })
    .await;
}

/// C4 `cancel_after_half_close`: the caller has sent all, and the handler is at work.
#[tokio::test]
async fn cancel_after_half_close() {
    everywhere(async |desk, watch| {
        soon(desk.nothing()).await.unwrap();
        let mut call = desk.lazy_total(1, stream::iter([pattern(10)]));
        assert!((&mut call).now_or_never().is_none());
        assert_eq!(watch.next().await, Event::Begun(1));
        // Answered behind the end of the stream.
        assert_eq!(soon(desk.total(stream::empty())).await.unwrap(), 0);
        drop(call);
        assert_eq!(watch.next().await, Event::Dropped(1));
    })
    .await;
}

/// C5: cancelled while a long item is half sent; the connection stays usable.
#[tokio::test]
async fn cancel_within_an_item() {
    everywhere(async |desk, watch| {
        soon(desk.nothing()).await.unwrap();
        let parts = stream::iter(std::iter::repeat_with(|| pattern(1_000_000)));
        let mut call = desk.lazy_total(1, parts);
        assert!((&mut call).now_or_never().is_none());
        assert_eq!(watch.next().await, Event::Begun(1));
        drop(call);
        assert_eq!(watch.next().await, Event::Dropped(1));
        let mut items = desk.endless(3_000_000);
        assert_eq!(soon(items.next()).await.unwrap().unwrap().len(), 3_000_000);
        drop(items);
        assert_eq!(soon(desk.exchange(pattern(300_000), 300_000)).await.unwrap().len(), 300_000);
    })
    .await;
}

/// A call that ends before it was sent stops its streams too: what makes them is dropped, be it given up or late.
#[tokio::test]
async fn the_streams_of_a_call_that_is_never_sent_are_dropped() {
    let limits = rpc_core::Limits::default().with_calls(16);
    let office = Office::with(tests::world::Way::Tcp, |builder| builder.limits(limits)).await;
    let desk = office.client().await;
    let held: Vec<_> = (0..16).map(|number| tokio::spawn(desk.hold(number))).collect();
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    for is_late in [false, true] {
        let (kept, dropped) = tokio::sync::oneshot::channel::<()>();
        let parts = stream::iter(0..10).map(move |_| {
            assert!(!kept.is_closed());
            pattern(10)
        });
        let mut call = desk.total(parts);
        if is_late {
            let error = soon(call.timeout(Duration::from_millis(1))).await.unwrap_err();
            assert_eq!((error.code(), error.delivery()), (Code::DeadlineExceeded, Delivery::NotSent));
        } else {
            assert!((&mut call).now_or_never().is_none());
            drop(call);
        }
        assert!(soon(dropped).await.is_err(), "it was dropped");
    }
    office.watch.release(16);
    for call in held {
        soon(call).await.unwrap().unwrap();
    }
    office.close().await;
}

/// C6: cancelled while it waits for a slot: the server never hears of it.
#[tokio::test]
async fn cancel_while_queued() {
    let limits = rpc_core::Limits::default().with_calls(16);
    let office = Office::with(tests::world::Way::Tcp, |builder| builder.limits(limits)).await;
    let desk = office.client().await;
    let held: Vec<_> = (0..16).map(|number| tokio::spawn(desk.hold(number))).collect();
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    let mut items = desk.watched(99, 10);
    assert!(items.next().now_or_never().is_none());
    drop(items);
    office.watch.release(16);
    for call in held {
        soon(call).await.unwrap().unwrap();
    }
    assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    let begun = |event: &Event| matches!(event, Event::Begun(99));
    assert!(!office.watch.so_far().iter().any(begun));
    office.close().await;
}

/// C7 cascade: the handler in the middle passes on a stream of another server, which ends when the caller goes.
#[tokio::test]
async fn a_cancel_goes_through_every_server() {
    let far = Office::open().await;
    let near = Office::open().await;
    let desk = near.client().await;
    let mut items = desk.passed_on(&far.address, 1);
    far.watch.release(1);
    assert_eq!(soon(items.next()).await.unwrap().unwrap(), 0);
    assert_eq!(far.watch.next().await, Event::Begun(1));
    drop(items);
    assert_eq!(far.watch.next().await, Event::Dropped(1));
    near.close().await;
    far.close().await;
}

/// C8: cancels that cross what is on its way, again and again; nothing is left behind.
#[tokio::test]
async fn cancels_that_cross_items_leave_nothing() {
    everywhere(async |desk, _| {
        for round in 0..300 {
            let mut items = desk.numbers(1_000);
            for _ in 0..round % 7 {
                soon(items.next()).await.unwrap().unwrap();
            }
            drop(items);
            let mut echoed = desk.ping_pong(stream::iter(0..100));
            soon(echoed.next()).await.unwrap().unwrap();
        }
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    })
    .await;
}

/// D4: the items before the deadline come, then the deadline.
#[tokio::test(start_paused = true)]
async fn a_deadline_comes_behind_the_items() {
    let office = Office::with(tests::world::Way::Memory, |builder| builder).await;
    let desk = office.client().await;
    let mut items = desk.doors(1).timeout(Duration::from_millis(200));
    office.watch.release(3);
    for number in 0..3 {
        assert_eq!(items.next().await.unwrap().unwrap(), number);
    }
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(error.elapsed().unwrap() >= Duration::from_millis(200), "{error}");
    assert!(items.next().await.is_none() && !items.is_complete());
    assert_eq!([office.watch.next().await, office.watch.next().await], [Event::Begun(1), Event::Dropped(1)]);
}

/// Streams have no deadline but one that is set: the 30 s of other calls do not end them.
#[tokio::test(start_paused = true)]
async fn no_deadline_ends_a_stream_by_itself() {
    let office = Office::with(tests::world::Way::Memory, |builder| builder).await;
    let desk = office.client().await;
    let mut items = desk.doors(1);
    tokio::select! {
        biased;
        _ = items.next() => unreachable!("no door was opened"),
        () = tokio::time::sleep(Duration::from_secs(3600)) => {}
    }
    office.watch.release(1);
    assert_eq!(items.next().await.unwrap().unwrap(), 0);
}

/// C10: the client goes with its connection; all of its streams end at the server.
#[tokio::test]
async fn a_client_that_goes_ends_its_streams() {
    let office = Office::open().await;
    let desk = office.client().await;
    let mut streams: Vec<_> = (0..100).map(|number| desk.doors(number)).collect();
    for items in &mut streams {
        assert!(items.next().now_or_never().is_none());
    }
    for _ in 0..100 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    drop((streams, desk));
    for _ in 0..100 {
        assert!(matches!(office.watch.next().await, Event::Dropped(_)));
    }
    office.close().await;
}

/// A stream whose connection goes is an error behind the items that did arrive, not an end.
#[tokio::test]
async fn a_lost_connection_is_no_end() {
    let office = Office::open().await;
    let (near, mut middle) = tokio::io::duplex(1 << 16);
    let mut far = tokio::net::TcpStream::connect(office.address.strip_prefix("tcp://").unwrap()).await.unwrap();
    let line = tokio::spawn(async move { tokio::io::copy_bidirectional(&mut middle, &mut far).await });
    let desk = DeskClient::new(Channel::builder("far").over(near).await.unwrap());
    let mut items = desk.doors(1);
    office.watch.release(2);
    assert_eq!(soon(items.next()).await.unwrap().unwrap(), 0);
    assert_eq!(soon(items.next()).await.unwrap().unwrap(), 1);
    line.abort();
    let error = soon(items.next()).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    assert!(soon(items.next()).await.is_none() && !items.is_complete());
}

/// Opening a stream does not wait for the peer: not even for its HELLO.
#[tokio::test]
async fn opening_waits_for_nobody() {
    let (near, _far) = tokio::io::duplex(1 << 16);
    let connect = Channel::builder("nobody").over(near);
    assert!(connect.now_or_never().is_none());
    let channel = Channel::builder("mem://nobody-is-there").lazy().unwrap();
    let mut items = DeskClient::new(channel).numbers(3);
    let error = soon(items.next()).await.unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
}

/// What is collected at once is all there is, or the error.
#[tokio::test]
async fn a_stream_is_collected_like_any_other() {
    everywhere(async |desk, _| {
        assert_eq!(soon(desk.numbers(5).try_collect::<Vec<_>>()).await.unwrap(), [0, 1, 2, 3, 4]);
        let all: Vec<_> = soon(desk.status_after(2, 5).collect()).await;
        assert_eq!(all.len(), 3, "an error is the last thing");
        soon(desk.status_after(2, 5).try_collect::<Vec<_>>()).await.unwrap_err();
    })
    .await;
}

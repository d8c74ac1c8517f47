//! Channels that outlive their connections, and the calls that go with them.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{join_all, poll_immediate};
use rpc_core::{Channel, ChannelState, Code, Delivery, RpcError};
use tests::desk::DeskClient;
use tests::frames::{Frame, Hello, end, flag, goaway, kind, reply};
use tests::peer::Peer;
use tests::soon;
use tests::stage::{Stage, answer, called, stage};
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

type Echo = JoinHandle<Result<u64, RpcError>>;

/// Begins a call, and gives its id.
async fn begin(peer: &mut Peer<DuplexStream>, desk: &DeskClient, number: u64) -> (Echo, u64) {
    let call = tokio::spawn(desk.echo(number));
    (call, called(peer).await)
}

/// Makes a call and answers it, so that the connection was of use.
async fn exchange(peer: &mut Peer<DuplexStream>, desk: &DeskClient) {
    let call = tokio::spawn(desk.echo(1));
    answer(peer, 1).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 1);
}

/// A channel with a connection that was of use.
async fn used() -> (Channel, DeskClient, Stage, Peer<DuplexStream>) {
    let (channel, mut stage) = stage(|builder| builder);
    let peer = stage.used(&channel).await;
    (channel.clone(), DeskClient::new(channel), stage, peer)
}

/// F1 `goaway`: the call behind it goes to another connection, and its caller sees nothing.
#[tokio::test]
async fn a_call_behind_a_goodbye_goes_to_another_connection() {
    let (_, desk, mut stage, mut peer) = used().await;
    peer.put(&goaway(u64::MAX, 0, "")).await;
    let mut next = stage.greet().await;
    exchange(&mut next, &desk).await;
    assert!(peer.next().await.is_some_and(|frame| frame.kind == kind::GOAWAY), "the old one is closed in good order");
}

/// F1: calls that the server took before its goodbye are finished on the old connection.
#[tokio::test]
async fn what_was_taken_before_a_goodbye_is_answered_where_it_was_sent() {
    let (_, desk, mut stage, mut peer) = used().await;
    let (taken, id) = begin(&mut peer, &desk, 7).await;
    peer.put(&goaway(u64::MAX, 0, "")).await;
    let mut next = stage.greet().await;
    exchange(&mut next, &desk).await;
    peer.put(&goaway(id, 0, "")).await;
    peer.put(&reply(id, b"7")).await;
    assert_eq!(soon(taken).await.unwrap().unwrap(), 7);
}

/// F3: calls above the last one of a goodbye are sent once more, by themselves, as another attempt.
#[tokio::test]
async fn calls_above_the_last_of_a_goodbye_move_by_themselves() {
    let (_, desk, mut stage, mut peer) = used().await;
    let (taken, first) = begin(&mut peer, &desk, 7).await;
    let (moved, second) = begin(&mut peer, &desk, 8).await;
    assert!(second > first);
    peer.put(&goaway(first, 0, "")).await;
    let mut next = stage.greet().await;
    let call = next.frame().await;
    assert_eq!(call.field(0x03), Some(&1_u32.to_le_bytes()[..]));
    next.put(&reply(call.call, b"8")).await;
    assert_eq!(soon(moved).await.unwrap().unwrap(), 8);
    peer.put(&reply(first, b"7")).await;
    assert_eq!(soon(taken).await.unwrap().unwrap(), 7);
}

/// A call that was refused for load is tried once more; a second refusal is the caller's.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_refused_is_tried_once_more_after_a_pause() {
    let (_, desk, _stage, mut peer) = used().await;
    let start = Instant::now();
    let (call, id) = begin(&mut peer, &desk, 1).await;
    peer.put(&refusal(id)).await;
    let again = peer.frame().await;
    assert_eq!(again.field(0x03), Some(&1_u32.to_le_bytes()[..]));
    assert!((33..=51).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    peer.put(&refusal(again.call)).await;
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotExecuted));
}

/// A final refusal is not tried again.
#[tokio::test]
async fn what_cannot_end_differently_is_not_tried_again() {
    let (_, desk, _stage, mut peer) = used().await;
    for code in [3, 8, 12, 16] {
        let (call, id) = begin(&mut peer, &desk, 1).await;
        peer.put(&end(id, code, b"no").flags(flag::NOT_EXECUTED)).await;
        assert_eq!(soon(call).await.unwrap().unwrap_err().delivery(), Delivery::NotExecuted);
    }
    exchange(&mut peer, &desk).await;
}

fn refusal(id: u64) -> Frame {
    end(id, 14, b"busy").flags(flag::NOT_EXECUTED)
}

/// What was sent and not answered may have run: it fails. What waited moves to the next connection.
#[tokio::test]
async fn a_lost_connection_fails_what_was_sent_and_moves_what_was_not() {
    let (channel, mut stage) = stage(|builder| builder);
    let desk = DeskClient::new(channel);
    let first = tokio::spawn(desk.echo(1));
    let mut peer = stage.attempt().await.accept().greeted(&Hello { calls: 16, ..Hello::default() }).await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"1")).await;
    soon(first).await.unwrap().unwrap();
    let sent: Vec<Echo> = (0..16).map(|number| tokio::spawn(desk.echo(number))).collect();
    for _ in 0..16 {
        called(&mut peer).await;
    }
    let mut waits = desk.echo(16);
    assert!(poll_immediate(&mut waits).await.is_none(), "there is no slot for it");
    let waits = tokio::spawn(waits);
    drop(peer);
    let mut next = stage.greet().await;
    let id = called(&mut next).await;
    next.put(&reply(id, b"16")).await;
    assert_eq!(soon(waits).await.unwrap().unwrap(), 16);
    for call in join_all(sent).await {
        let error = call.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown));
    }
}

/// F12: pauses grow within their jitter and have a longest, and calls fail at once meanwhile.
#[tokio::test(start_paused = true)]
async fn attempts_that_fail_are_repeated_after_pauses_that_grow() {
    let (channel, mut stage) = stage(|builder| builder.backoff(Duration::from_millis(100), 5 * SECOND));
    let desk = DeskClient::new(channel.clone());
    let first = tokio::spawn(desk.echo(1));
    let mut last = None;
    let mut whole = 0.1;
    for round in 0..12 {
        let attempt = stage.attempt().await;
        if let Some(last) = last {
            let pause = attempt.at.duration_since(last).as_secs_f64();
            // Timers fire up to a millisecond late.
            assert!((0.8 * whole..=1.2 * whole + 0.002).contains(&pause), "{round}: {pause} is not around {whole}");
            whole = f64::min(1.6 * whole, 5.0 / 1.2);
        }
        last = Some(attempt.at);
        attempt.refuse();
        assert_eq!(soon(channel.changed(ChannelState::Connecting)).await, ChannelState::Failing);
        let error = desk.echo(2).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent));
        assert!(error.to_string().contains("cannot connect"), "{error}");
        assert_eq!(Some(Instant::now()), last, "it has not waited");
    }
    assert_eq!(soon(first).await.unwrap().unwrap_err().delivery(), Delivery::NotSent);
}

/// F13: a server that greets and closes is a failure; only an answer makes the first pause come again.
#[tokio::test(start_paused = true)]
async fn the_backoff_begins_anew_only_behind_a_connection_of_use() {
    let (channel, mut stage) = stage(|builder| builder.wait_for_ready());
    let desk = DeskClient::new(channel);
    let call = tokio::spawn(desk.echo(1));
    let mut pauses = Vec::new();
    let mut end = Instant::now();
    for _ in 0..5 {
        let attempt = stage.attempt().await;
        pauses.push(attempt.at.duration_since(end));
        // It says goodbye in good order, having taken nothing: the call moves on.
        let mut peer = attempt.accept().greeted(&Hello::default()).await;
        peer.put(&goaway(0, 0, "")).await;
        drop(peer);
        end = Instant::now();
    }
    assert!(pauses.windows(2).skip(1).all(|pair| pair[1] > pair[0]), "{pauses:?}");
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"1")).await;
    soon(call).await.unwrap().unwrap();
    let end = Instant::now();
    drop(peer);
    let again = stage.attempt().await;
    assert!(again.at.duration_since(end) <= Duration::from_millis(101), "{:?}", again.at.duration_since(end));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_connection_where_it_is_asked_to() {
    let (channel, mut stage) = stage(|builder| builder);
    let desk = DeskClient::new(channel.clone());
    let waits = tokio::spawn(desk.echo(1).wait_for_ready());
    for _ in 0..3 {
        stage.attempt().await.refuse();
    }
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"1")).await;
    assert_eq!(soon(waits).await.unwrap().unwrap(), 1);
    drop(peer);
    // One deadline covers that too.
    stage.attempt().await.refuse();
    soon(channel.changed(ChannelState::Connecting)).await;
    let start = Instant::now();
    let late = desk.echo(2).wait_for_ready().timeout(50 * SECOND / 1000).await.unwrap_err();
    assert_eq!((late.code(), late.delivery()), (Code::DeadlineExceeded, Delivery::NotSent));
    assert!(start.elapsed().as_millis() <= 52);
}

/// Where the channel has its calls wait, one may say otherwise; so may a stream.
#[tokio::test(start_paused = true)]
async fn a_call_fails_at_once_where_it_is_asked_to() {
    let (channel, mut stage) = stage(|builder| builder.wait_for_ready().backoff(20 * SECOND, 20 * SECOND));
    let desk = DeskClient::new(channel.clone());
    let waits = tokio::spawn(desk.echo(1));
    stage.attempt().await.refuse();
    soon(channel.changed(ChannelState::Connecting)).await;
    let start = Instant::now();
    assert_eq!(desk.echo(2).fail_fast().await.unwrap_err().delivery(), Delivery::NotSent);
    let ended = desk.numbers(1).fail_fast().next().await.unwrap();
    assert_eq!(ended.unwrap_err().delivery(), Delivery::NotSent);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(!waits.is_finished());
    let mut reading = desk.numbers(1).fail_fast().wait_for_ready();
    assert!(poll_immediate(reading.next()).await.is_none(), "the last word counts");
}

#[tokio::test(start_paused = true)]
async fn a_program_that_knows_better_ends_a_pause() {
    let (channel, mut stage) = stage(|builder| builder.backoff(20 * SECOND, 20 * SECOND));
    let desk = DeskClient::new(channel.clone());
    let first = tokio::spawn(desk.echo(1));
    stage.attempt().await.refuse();
    soon(first).await.unwrap().unwrap_err();
    assert_eq!(channel.state(), ChannelState::Failing);
    let start = Instant::now();
    channel.reconnect();
    stage.greet().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_channel_says_what_it_does() {
    let (channel, mut stage) = stage(|builder| builder.backoff(Duration::ZERO, Duration::ZERO));
    let desk = DeskClient::new(channel.clone());
    assert_eq!(channel.state(), ChannelState::Idle);
    let call = tokio::spawn(desk.echo(1).wait_for_ready());
    assert_eq!(soon(channel.changed(ChannelState::Idle)).await, ChannelState::Connecting);
    let attempt = stage.attempt().await;
    let failed = tokio::spawn({
        let channel = channel.clone();
        async move { channel.changed(ChannelState::Connecting).await }
    });
    tokio::task::yield_now().await;
    attempt.refuse();
    assert_eq!(soon(failed).await.unwrap(), ChannelState::Failing);
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"1")).await;
    soon(call).await.unwrap().unwrap();
    assert_eq!(channel.state(), ChannelState::Ready);
    assert_eq!(channel.changed(ChannelState::Failing).await, ChannelState::Ready, "no change is missed");
    channel.close();
    assert_eq!(channel.state(), ChannelState::Closed);
    soon(channel.closed()).await;
    let error = desk.echo(2).await.unwrap_err();
    assert_eq!((error.message(), error.delivery()), ("the channel was closed", Delivery::NotSent));
    assert_eq!(peer.frame().await.goaway().1, 0);
    assert!(peer.next().await.is_none());
}

#[tokio::test]
async fn calls_that_were_sent_outlive_the_closing_of_their_channel() {
    let (channel, desk, mut stage, mut peer) = used().await;
    let (call, id) = begin(&mut peer, &desk, 1).await;
    channel.close();
    peer.put(&reply(id, b"1")).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 1);
    assert_eq!(peer.frame().await.kind, kind::GOAWAY);
    assert!(peer.next().await.is_none());
    assert!(!stage.has_attempt());
}

#[tokio::test]
async fn hooks_are_told_of_connections_and_of_why_they_end() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let (one, two) = (Arc::clone(&told), Arc::clone(&told));
    let (channel, mut stage) = stage(|builder| {
        builder.on_connect(move |peer| one.lock().unwrap().push(format!("{peer} is here"))).on_disconnect(
            move |peer, error| {
                let why = error.map_or("in good order", RpcError::message);
                two.lock().unwrap().push(format!("{peer} has gone: {why}"));
                panic!("hooks may");
            },
        )
    });
    let desk = DeskClient::new(channel.clone());
    let call = tokio::spawn(desk.echo(1));
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await;
    peer.put(&reply(id, b"1")).await;
    soon(call).await.unwrap().unwrap();
    peer.put(&goaway(u64::MAX, 0, "")).await;
    let mut peer = stage.greet().await;
    let (_call, _) = begin(&mut peer, &desk, 1).await;
    drop(peer);
    stage.greet().await;
    let told = told.lock().unwrap().join("; ");
    let expected = "stage is here; stage has gone: in good order; stage is here; \
                    stage has gone: the peer closed the connection";
    assert!(told.starts_with(expected), "{told}");
}

/// A stream that is answered moves too, as long as nothing of it has come.
#[tokio::test]
async fn a_stream_that_was_not_taken_moves_to_another_connection() {
    let (_, desk, mut stage, mut peer) = used().await;
    let mut numbers = desk.numbers(2);
    let reading = tokio::spawn(async move { (numbers.next().await, numbers.next().await.is_none()) });
    let id = called(&mut peer).await;
    peer.put(&goaway(id - 1, 0, "")).await;
    let mut next = stage.greet().await;
    let id = called(&mut next).await;
    next.put(&Frame::new(kind::DATA, id, *b"5").index(1)).await;
    next.put(&end(id, 0, b"")).await;
    let (first, is_over) = soon(reading).await.unwrap();
    assert_eq!((first.unwrap().unwrap(), is_over), (5, true));
}

/// What a caller streams is gone with its connection: such a call fails, and says that it did not run.
#[tokio::test]
async fn a_call_that_streams_does_not_move() {
    let (_, desk, _stage, mut peer) = used().await;
    let call = tokio::spawn(desk.total(rpc_core::stream::iter([vec![1]])));
    let id = called(&mut peer).await;
    peer.put(&goaway(id - 1, 0, "")).await;
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotExecuted));
}

#[tokio::test]
async fn without_retries_nothing_moves() {
    let (channel, mut stage) = stage(|builder| builder.no_retry());
    let desk = DeskClient::new(channel);
    let call = tokio::spawn(desk.echo(1));
    let mut peer = stage.greet().await;
    called(&mut peer).await;
    peer.put(&goaway(0, 0, "")).await;
    assert_eq!(soon(call).await.unwrap().unwrap_err().delivery(), Delivery::NotExecuted);
}

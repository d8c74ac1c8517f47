//! Calls that are made again although they may have run, and those that are not.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use rpc_core::{Code, Delivery, RetryPolicy, RpcError, rpc_service};
use tests::frames::{Frame, Hello, end, fields, flag, kind, reply};
use tests::peer::Peer;
use tests::soon;
use tests::stage::{Stage, stage};
use tokio::io::DuplexStream;
use tokio::time::Instant;

/// What a test calls; the other side is always scripted.
#[rpc_service]
trait Store {
    #[rpc(idempotent)]
    async fn get(&self, key: u64) -> u64;

    async fn add(&self, key: u64) -> u64;

    #[rpc(once)]
    async fn pay(&self, key: u64) -> u64;
}

/// A client of a server that is there, and did something useful.
async fn used() -> (StoreClient, Stage, Peer<DuplexStream>) {
    let (channel, mut stage) = stage(|builder| builder);
    let store = StoreClient::new(channel);
    let first = tokio::spawn(store.get(0));
    let mut peer = stage.greet().await;
    answer(&mut peer, 0).await;
    soon(first).await.unwrap().unwrap();
    (store, stage, peer)
}

/// The next call.
async fn called(peer: &mut Peer<DuplexStream>) -> Frame {
    let frame = peer.frame().await;
    assert_eq!(frame.kind, kind::CALL, "{frame:?}");
    frame
}

async fn answer(peer: &mut Peer<DuplexStream>, number: u64) {
    let call = called(peer).await;
    peer.put(&reply(call.call, number.to_string().as_bytes())).await;
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_call_whose_connection_is_lost_is_made_again() {
    let (store, mut stage, mut peer) = used().await;
    let call = tokio::spawn(store.get(7));
    called(&mut peer).await;
    drop(peer);
    let mut peer = stage.greet().await;
    answer(&mut peer, 7).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn any_other_call_is_not() {
    let (store, mut stage, mut peer) = used().await;
    let call = tokio::spawn(store.add(7));
    called(&mut peer).await;
    drop(peer);
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown));
    let mut peer = stage.greet().await;
    drop(store);
    assert!(peer.rest().await.iter().all(|frame| frame.kind != kind::CALL));
}

/// K8: as often as the policy says, with its pauses, and then the caller learns that it may have run.
#[tokio::test(start_paused = true)]
async fn a_call_is_made_as_often_as_its_policy_says() {
    for attempts in [1, 2, 4] {
        let (store, _stage, mut peer) = used().await;
        let first = Duration::from_millis(100);
        let policy = RetryPolicy::default().attempts(attempts).backoff(first, first);
        let start = Instant::now();
        let call = tokio::spawn(store.get(7).retry(policy));
        for _ in 0..attempts {
            let id = called(&mut peer).await.call;
            peer.put(&end(id, 14, b"not now")).await;
        }
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Executed));
        let paused = start.elapsed().as_millis() as u32;
        let pauses = 66 * (attempts - 1)..=102 * (attempts - 1);
        assert!(pauses.contains(&paused), "{attempts}: {paused} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn other_codes_are_final_unless_the_policy_says_otherwise() {
    let (store, _stage, mut peer) = used().await;
    for (number, code) in [(10, Code::Aborted), (13, Code::Internal), (4, Code::DeadlineExceeded)] {
        let call = tokio::spawn(store.get(7));
        let id = called(&mut peer).await.call;
        peer.put(&end(id, number, b"no")).await;
        assert_eq!(soon(call).await.unwrap().unwrap_err().code(), code);
    }
    let call = tokio::spawn(store.get(7).retry(RetryPolicy::default().on(Code::Aborted)));
    let id = called(&mut peer).await.call;
    peer.put(&end(id, 10, b"no")).await;
    answer(&mut peer, 7).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 7);
}

/// One deadline covers all attempts; where a pause would pass it, the call fails at once.
#[tokio::test(start_paused = true)]
async fn no_attempt_is_made_that_its_deadline_would_end() {
    let (store, _stage, mut peer) = used().await;
    let second = Duration::from_secs(1);
    let policy = RetryPolicy::default().backoff(second, second);
    let start = Instant::now();
    let call = tokio::spawn(store.get(7).retry(policy).timeout(second / 2));
    let id = called(&mut peer).await.call;
    peer.put(&end(id, 14, b"not now")).await;
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "not now"));
    assert_eq!(start.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_and_a_channel_can_do_without() {
    let (store, _stage, mut peer) = used().await;
    let call = tokio::spawn(store.get(7).no_retry());
    let id = called(&mut peer).await.call;
    peer.put(&end(id, 14, b"not now")).await;
    assert_eq!(soon(call).await.unwrap().unwrap_err().message(), "not now");

    let (channel, mut stage) = stage(|builder| builder.no_retry());
    let call = tokio::spawn(StoreClient::new(channel).get(7));
    let mut peer = stage.greet().await;
    let id = called(&mut peer).await.call;
    peer.put(&end(id, 14, b"busy").flags(flag::NOT_EXECUTED)).await;
    assert_eq!(soon(call).await.unwrap().unwrap_err().delivery(), Delivery::NotExecuted);
}

/// An attempt that may have run is not forgotten when a later one did not.
#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_run_once_may_have_run() {
    let (channel, mut stage) = stage(|builder| builder.backoff(Duration::ZERO, Duration::ZERO));
    let store = StoreClient::new(channel);
    let call = tokio::spawn(store.get(7));
    let mut peer = stage.greet().await;
    called(&mut peer).await;
    drop(peer);
    tokio::spawn(async move {
        loop {
            stage.attempt().await.refuse();
            // However many there are, the clock goes on.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let error = soon(call).await.unwrap().unwrap_err();
    assert!(error.message().starts_with("cannot connect"), "{error}");
    assert_eq!(error.delivery(), Delivery::Unknown);
}

/// K9: a server that always fails gets a share more than it is called, and some each second.
#[tokio::test(start_paused = true)]
async fn a_failing_server_is_not_called_all_the_more() {
    let (channel, mut stage) = stage(|builder| builder);
    let store = StoreClient::new(channel);
    let serving = tokio::spawn(async move {
        let hello = Hello { calls: 1 << 16, ..Hello::default() };
        let mut peer = stage.attempt().await.accept().greeted(&hello).await;
        let mut calls = 0;
        while let Some(frame) = peer.next().await {
            if frame.kind == kind::CALL {
                calls += 1;
                peer.put(&end(frame.call, 14, b"down")).await;
            }
        }
        calls
    });
    let (mut made, start) = (0, Instant::now());
    while start.elapsed() < Duration::from_secs(20) {
        let calls: Vec<_> = (0..20).map(|key| tokio::spawn(store.get(key))).collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        made += calls.len();
    }
    // The last ones may still pause.
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(store);
    let seen: usize = soon(serving).await.unwrap();
    let most = made * 12 / 10 + 10 * 22 + 100;
    assert!(seen > made && seen <= most, "{made} calls were made, {seen} came; {most} may");
}

#[tokio::test(start_paused = true)]
async fn the_server_learns_which_attempt_it_is() {
    let (store, _stage, mut peer) = used().await;
    let call: tokio::task::JoinHandle<Result<u64, RpcError>> = tokio::spawn(store.get(7));
    let first = called(&mut peer).await;
    peer.put(&end(first.call, 14, b"not now")).await;
    let second = called(&mut peer).await;
    assert_eq!((first.field(0x03), second.field(0x03)), (None, Some(&1_u32.to_le_bytes()[..])));
    assert!(second.call > first.call);
    peer.put(&reply(second.call, b"7")).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 7);
}

/// The request id that a CALL carries, and the server that it names (W-43).
fn request_of(call: &Frame) -> (u64, [u8; 16]) {
    let (number, instance) = call.field(0x04).unwrap().split_first_chunk().unwrap();
    (u64::from_le_bytes(*number), instance.try_into().unwrap())
}

/// W-43: every attempt carries the same request id; a later one names the server that the first one went to.
#[tokio::test(start_paused = true)]
async fn a_call_that_runs_once_is_made_again_under_its_request_id() {
    let (store, mut stage, mut peer) = used().await;
    let call = tokio::spawn(store.pay(7));
    let (number, server) = request_of(&called(&mut peer).await);
    assert_eq!(server, [0; 16]);
    drop(peer);
    let mut peer = stage.greet().await;
    let again = called(&mut peer).await;
    assert_eq!(request_of(&again), (number, [9; 16]), "the name that the scripted server has");
    peer.put(&reply(again.call, b"7")).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 7);

    let next = tokio::spawn(store.pay(8));
    let call = called(&mut peer).await;
    assert!(request_of(&call).0 > number);
    peer.put(&reply(call.call, b"8")).await;
    assert_eq!(soon(next).await.unwrap().unwrap(), 8);
}

/// What was refused has not run: it begins anew.
#[tokio::test(start_paused = true)]
async fn a_call_that_runs_once_and_was_refused_names_no_server() {
    let (store, _stage, mut peer) = used().await;
    let call = tokio::spawn(store.pay(7));
    let first = called(&mut peer).await;
    peer.put(&end(first.call, 14, b"busy").flags(flag::NOT_EXECUTED)).await;
    let again = called(&mut peer).await;
    assert_eq!(request_of(&again), (request_of(&first).0, [0; 16]));
    peer.put(&reply(again.call, b"7")).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 7);
}

/// A server that has not said who it is cannot be asked again.
#[tokio::test(start_paused = true)]
async fn a_call_that_runs_once_is_not_made_again_to_a_server_without_a_name() {
    let (channel, mut stage) = stage(|builder| builder);
    let call = tokio::spawn(StoreClient::new(channel).pay(7));
    let mut peer = stage.attempt().await.accept();
    peer.read_greeting().await;
    called(&mut peer).await;
    drop(peer);
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown));
}

/// An answer is the answer, also when it says that something was unavailable.
#[tokio::test(start_paused = true)]
async fn the_answer_of_a_call_that_runs_once_is_final() {
    let (store, _stage, mut peer) = used().await;
    let call = tokio::spawn(store.pay(7).retry(RetryPolicy::default().on(Code::Aborted)));
    let id = called(&mut peer).await.call;
    peer.put(&end(id, 14, b"the bank is closed")).await;
    assert_eq!(soon(call).await.unwrap().unwrap_err().delivery(), Delivery::Executed);
    // Nor is it asked a second time when the server does not know.
    let call = tokio::spawn(store.pay(8));
    let id = called(&mut peer).await.call;
    peer.put(&end(id, 10, b"unknown whether it ran; not run again").flags(flag::UNKNOWN)).await;
    assert_eq!(soon(call).await.unwrap().unwrap_err().delivery(), Delivery::Unknown);
}

/// W-47: a server says when it wants to be asked again.
#[tokio::test(start_paused = true)]
async fn a_server_asks_for_a_pause_or_for_no_further_attempt() {
    let (store, _stage, mut peer) = used().await;
    let call = tokio::spawn(store.get(7));
    let start = Instant::now();
    let id = called(&mut peer).await.call;
    peer.put(&later(id, 5_000)).await;
    answer(&mut peer, 7).await;
    assert_eq!((soon(call).await.unwrap().unwrap(), start.elapsed().as_secs()), (7, 5));

    let call = tokio::spawn(store.get(7));
    let id = called(&mut peer).await.call;
    peer.put(&later(id, u32::MAX)).await;
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::MAX));
}

/// An END with a push-back.
fn later(id: u64, millis: u32) -> Frame {
    let push_back = fields(&[(0x0B, &millis.to_le_bytes())]);
    Frame::new(kind::END, id, [&14_u16.to_le_bytes()[..], &push_back, b"later"].concat())
}

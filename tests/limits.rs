//! Every limit, at its value and one past it.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use rpc_core::codec::Bincode;
use rpc_core::{Channel, Code, Delivery, Limits, Metadata};
use tests::desk::{DeskClient, Event};
use tests::frames::{Hello, reply};
use tests::peer::Peer;
use tests::tap::Tap;
use tests::world::{Office, Way};
use tests::{masked, soon};
use tokio::net::TcpListener;

const LEAST: usize = 64 * 1024;
/// What bincode puts around the bytes of `exchange`: their length, and `answer`.
const AROUND: usize = 8 + 4;
/// What it puts around the bytes that come back.
const LENGTH: usize = 8;

async fn bincode_client(office: &Office, limits: Limits) -> DeskClient {
    DeskClient::new(Channel::builder(&office.address).codec(Bincode).limits(limits).connect().await.unwrap())
}

#[tokio::test]
async fn arguments_at_the_servers_limit_pass_and_one_byte_more_is_not_sent() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_message(LEAST))).await;
    let desk = bincode_client(&office, Limits::default()).await;
    assert_eq!(soon(desk.exchange(vec![1; LEAST - AROUND], 1)).await.unwrap().len(), 1);

    let error = soon(desk.exchange(vec![1; LEAST - AROUND + 1], 1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::ResourceExhausted, Delivery::NotSent));
    assert!(!error.is_retryable());
    assert_eq!(
        masked(&error),
        "resource exhausted: the arguments are 65537 bytes; the server takes at most 65536 (its Limits::message) \
         (Desk.exchange, at tcp://127.0.0.1:PORT, while sending, after TIME, not sent)"
    );
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "the connection lives");
    office.close().await;
}

#[tokio::test]
async fn a_call_made_before_the_handshake_meets_the_servers_limit_all_the_same() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_message(LEAST))).await;
    let desk = DeskClient::new(Channel::builder(&office.address).codec(Bincode).lazy().unwrap());
    let error = soon(desk.exchange(vec![1; LEAST], 1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::ResourceExhausted, Delivery::NotSent));
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    office.close().await;
}

#[tokio::test]
async fn a_result_at_the_clients_limit_passes_and_one_byte_more_is_not_sent_to_it() {
    let office = Office::open().await;
    let desk = bincode_client(&office, Limits::default().with_message(LEAST)).await;
    let most = (LEAST - LENGTH) as u32;
    assert_eq!(soon(desk.exchange(vec![], most)).await.unwrap().len(), most as usize);

    let error = soon(desk.exchange(vec![], most + 1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::ResourceExhausted, Delivery::Executed));
    assert_eq!(
        masked(&error),
        "resource exhausted: the result is 65537 bytes; the caller takes at most 65536 (its Limits::message) \
         (Desk.exchange, at tcp://127.0.0.1:PORT, while waiting for the answer, after TIME, executed)"
    );
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "the connection lives");
    office.close().await;
}

/// The same limit on the receiving side, where the server does not heed it.
#[tokio::test]
async fn a_result_over_the_limit_is_refused_at_the_client_before_room_is_made() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let limits = Limits::default().with_message(LEAST);
    let channel = Channel::builder(&address).codec(Bincode).limits(limits).lazy().unwrap();
    let desk = DeskClient::new(channel);
    let hello = Hello { codecs: vec!["bincode"], ..Hello::default() };
    let server = async {
        let mut peer = Peer::accept(&listener, &hello).await;
        for length in [LEAST, LEAST + 1] {
            let call = peer.frame().await;
            let mut head = vec![0, 0];
            head.extend((length as u32).to_le_bytes());
            let mut body = ((length - LENGTH) as u64).to_le_bytes().to_vec();
            body.resize(length, 7);
            peer.put(&tests::frames::Frame::new(tests::frames::kind::REPLY, call.call, head).flags(2)).await;
            for chunk in body.chunks(60_000) {
                peer.put(&tests::frames::Frame::new(tests::frames::kind::CHUNK, call.call, chunk)).await;
            }
        }
        let call = peer.frame().await;
        peer.put(&reply(call.call, &5u64.to_le_bytes())).await;
    };
    let client = async {
        assert_eq!(desk.exchange(vec![], 0).await.unwrap(), vec![7; LEAST - LENGTH]);
        let error = desk.exchange(vec![], 0).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::ResourceExhausted, Delivery::Executed));
        assert_eq!(error.message(), "the result is 65537 bytes; this end takes at most 65536 (its Limits::message)");
        assert_eq!(desk.echo(5).await.unwrap(), 5, "the connection lives");
    };
    soon(async { tokio::join!(server, client) }).await;
}

#[tokio::test]
async fn calls_over_the_slots_of_a_connection_wait_for_their_turn() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_calls(16))).await;
    let desk = office.client().await;
    let calls: Vec<_> = (0..40).map(|number| tokio::spawn(desk.hold(number))).collect();
    for _ in 0..16 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    // Another connection has slots of its own.
    assert_eq!(soon(office.client().await.echo(9)).await.unwrap(), 9);
    assert_eq!(office.watch.so_far(), [], "a seventeenth began");
    office.watch.release(40);
    for (number, call) in (0..).zip(calls) {
        assert_eq!(soon(call).await.unwrap().unwrap(), number);
    }
    assert_eq!(office.watch.most_at_once(), 16);
    office.close().await;
}

/// W-14, told by what each call knows of itself when its time is up.
#[tokio::test]
async fn before_the_server_has_greeted_no_more_is_sent_than_may_be() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let limit = Duration::from_millis(100);
    for (calls, bytes, sent) in [(40, 10, 16), (10, 10_000, 6)] {
        let desk = DeskClient::new(Channel::builder(&address).codec(Bincode).lazy().unwrap());
        let outcomes = soon(join_all((0..calls).map(|_| desk.exchange(vec![1; bytes], 1).timeout(limit)))).await;
        let errors = outcomes.into_iter().map(Result::unwrap_err);
        let (out, kept): (Vec<_>, Vec<_>) = errors.partition(|error| error.delivery() == Delivery::Unknown);
        assert_eq!((out.len(), kept.len()), (sent, calls - sent));
        assert!(kept.iter().all(|error| error.delivery() == Delivery::NotSent));
    }
}

#[tokio::test]
async fn messages_over_the_assembly_budget_wait_and_arrive() {
    let limits = Limits::default().with_message(1 << 20).with_assembly(8 << 20);
    let office = Office::with(Way::Tcp, |builder| builder.limits(limits.clone())).await;
    let desk = bincode_client(&office, limits).await;
    let up = (0..20).map(|_| desk.exchange(vec![1; (1 << 20) - AROUND], 1));
    for answer in soon(join_all(up)).await {
        assert_eq!(answer.unwrap(), [((1 << 20) - AROUND) as u8]);
    }
    let down = (0..20).map(|_| desk.exchange(vec![], (1 << 20) - LENGTH as u32));
    for answer in soon(join_all(down)).await {
        assert_eq!(answer.unwrap().len(), (1 << 20) - LENGTH);
    }
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_runs_all_it_may_lets_some_wait_and_refuses_the_others() {
    let wait = Duration::from_secs(3);
    let office = Office::with(Way::Memory, |builder| builder.max_running(2).max_waiting(1, wait)).await;
    let desk = office.client().await;
    let held: Vec<_> = (0..2).map(|number| tokio::spawn(desk.hold(number))).collect();
    for _ in 0..2 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    let waiting = tokio::spawn(desk.hold(2));
    while office.server.calls() < 3 {
        tokio::task::yield_now().await;
    }
    // The limit is the server's, not the connection's.
    let refused = soon(office.client().await.hold(3)).await.unwrap_err();
    assert_eq!((refused.code(), refused.delivery()), (Code::Unavailable, Delivery::NotExecuted));
    assert!(refused.is_retryable());
    assert_eq!(refused.message(), "the server runs 2 handlers, as many as it may (ServerBuilder::max_running)");

    office.watch.release(3);
    for call in held.into_iter().chain([waiting]) {
        soon(call).await.unwrap().unwrap();
    }
    assert_eq!(office.watch.most_at_once(), 2);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_handler_to_end_no_longer_than_it_may() {
    let wait = Duration::from_secs(3);
    let office = Office::with(Way::Memory, |builder| builder.max_running(1).max_waiting(10, wait)).await;
    let channel = Channel::builder(&office.address).no_retry().connect().await.unwrap();
    let desk = DeskClient::new(channel);
    let held = tokio::spawn(desk.hold(0));
    assert_eq!(office.watch.next().await, Event::Begun(0));
    let start = tokio::time::Instant::now();
    let refused = soon(join_all((1..=10).map(|number| desk.hold(number)))).await;
    assert_eq!(start.elapsed().as_secs(), 3);
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotExecuted));
    }
    office.watch.release(1);
    soon(held).await.unwrap().unwrap();
    assert_eq!(office.watch.so_far(), [Event::Done(0)], "none that was refused began");
    office.close().await;
}

#[tokio::test]
async fn a_connection_over_the_limit_is_told_so_and_the_others_live() {
    let mut office = Office::with(Way::Tcp, |builder| builder.max_connections(2)).await;
    let (one, two) = (office.client().await, office.client().await);
    let error = soon(Channel::connect(&office.address)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent));
    assert_eq!(
        masked(&error),
        "unavailable: the peer closed the connection: too many connections are open \
         (at tcp://127.0.0.1:PORT, in the handshake, not sent)"
    );
    assert_eq!(
        office.error().await.message(),
        "2 connections are open, as many as may be (ServerBuilder::max_connections)"
    );
    assert_eq!((soon(one.echo(1)).await.unwrap(), soon(two.echo(2)).await.unwrap()), (1, 2));

    drop(two);
    while office.server.connections() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(soon(office.client().await.echo(3)).await.unwrap(), 3, "there is a place again");
    office.close().await;
}

/// B7, B8, B9: what may not be sent is refused where it is made: too much, our own prefix, control characters.
#[tokio::test]
async fn metadata_at_its_limits_passes_and_past_them_is_not_sent() {
    let office = Office::open().await;
    let desk = office.client().await;
    let with = |entries: usize, length: usize| {
        let value = "v".repeat(length);
        (0..entries).fold(desk.metadata(), |call, _| call.metadata("k", value.as_str()))
    };
    // Each entry takes four bytes more than its value.
    let (seen, returned): (_, Metadata) = soon(with(64, 252).with_metadata()).await.unwrap();
    assert_eq!((seen.len(), returned.len()), (64, 64));

    for (entries, length, rule) in [
        (65, 1, "65 metadata entries are more than the 64 allowed"),
        (1, 16 * 1024 - 3, "16385 bytes of metadata are more than the 16384 allowed"),
    ] {
        let error = soon(with(entries, length)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::ResourceExhausted, Delivery::NotSent));
        assert_eq!(error.message(), rule);
    }
    for (key, value) in
        [("", "x"), ("Upper", "x"), ("rpc-own", "x"), ("k", "a\r\nb"), ("k", "\r"), ("k", "\n"), ("k", "\0")]
    {
        let error = soon(desk.metadata().metadata(key, value)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::InvalidArgument, Delivery::NotSent), "{key:?}");
    }
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "the connection lives");
    office.close().await;
}

/// B7 the other way.
#[tokio::test]
async fn reply_metadata_at_its_limits_passes_and_past_them_fails_the_call_alone() {
    let office = Office::open().await;
    let desk = office.client().await;
    let ((), returned) = soon(desk.much_metadata(64, 252).with_metadata()).await.unwrap();
    assert_eq!(returned.len(), 64);
    for (entries, length) in [(65, 1), (1, 16 * 1024 - 3)] {
        let error = soon(desk.much_metadata(entries, length)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed));
        assert!(error.message().starts_with("the handler's reply metadata cannot be sent: "), "{error}");
    }
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "the connection lives");
    office.close().await;
}

/// Whoever has an answer may call again: the right to run is given back before the answer is.
///
/// One thread is kept within the write, another may come to wait for the same stream, and the rest serve the next call.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_has_its_answer_is_not_one_too_many() {
    let office = Office::with(Way::Memory, |builder| builder.max_running(1).max_waiting(0, Duration::ZERO)).await;
    let other = office.client().await;
    let (written, mut is_written) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, goes_on) = std::sync::mpsc::channel();
    let (near, far) = tokio::io::duplex(1024);
    let armed = Arc::new(AtomicBool::new(false));
    let is_armed = Arc::clone(&armed);
    let far = Tap::new(far).before_write(move || {
        if is_armed.swap(false, Ordering::SeqCst) {
            written.send(()).unwrap();
            // Whoever writes the answer does nothing more until the next call has been made.
            goes_on.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    });
    office.server.attach(far, "far");
    let desk = DeskClient::new(soon(Channel::builder("near").over(near)).await.unwrap());
    let held = tokio::spawn(desk.hold(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    armed.store(true, Ordering::SeqCst);
    office.watch.release(1);
    soon(is_written.recv()).await.unwrap();
    let next = soon(other.echo(2)).await;
    go_on.send(()).unwrap();
    assert_eq!((next.unwrap(), soon(held).await.unwrap().unwrap()), (2, 1));
    office.close().await;
}

#[tokio::test]
async fn the_longest_duration_is_no_limit() {
    let limits = Limits::default().with_handshake(Duration::MAX).with_stall(Duration::MAX);
    let settings = |builder: rpc_core::ServerBuilder| {
        builder.limits(limits.clone()).grace(Duration::MAX).max_running(1).max_waiting(1, Duration::MAX)
    };
    let office = Office::with(Way::Tcp, settings).await;
    let builder = Channel::builder(&office.address).limits(limits.clone()).connect_timeout(Duration::MAX);
    let desk = DeskClient::new(soon(builder.connect()).await.unwrap());
    let (one, two) = (tokio::spawn(desk.hold(1)), tokio::spawn(desk.hold(2)));
    office.watch.release(2);
    assert_eq!((soon(one).await.unwrap().unwrap(), soon(two).await.unwrap().unwrap()), (1, 2));

    // So narrow that frames are half read and half written all the time.
    let (near, far) = tokio::io::duplex(5);
    office.server.attach(far, "far");
    let desk = DeskClient::new(soon(Channel::builder("near").limits(limits).over(near)).await.unwrap());
    assert_eq!(soon(desk.exchange(vec![1; 1_000], 1_000)).await.unwrap().len(), 1_000);
    drop(desk);
    office.close().await;
}

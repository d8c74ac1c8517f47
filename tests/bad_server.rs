//! A server that keeps no rules, against our client: it must not crash, hang, or give a caller what is not its own.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use futures::StreamExt as _;
use futures::future::join_all;
use rpc_core::codec::Json;
use rpc_core::{Channel, Code, Delivery, Phase, RpcError};
use tests::desk::DeskClient;
use tests::frames::{Frame, Hello, end, fields, flag, goaway, kind, reply};
use tests::peer::Peer;
use tests::soon;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

async fn pair() -> (Peer, DeskClient) {
    pair_with(&Hello::default()).await
}

async fn pair_with(hello: &Hello) -> (Peer, DeskClient) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let (peer, channel) =
        tokio::join!(Peer::accept(&listener, hello), Channel::builder(&address).codec(Json).no_retry().connect());
    (peer, DeskClient::new(channel.unwrap()))
}

type Echo = JoinHandle<Result<u64, RpcError>>;

/// Begins a call and gives its id.
async fn begin(peer: &mut Peer, desk: &DeskClient, number: u64) -> (Echo, u64) {
    let call = tokio::spawn(desk.echo(number));
    let frame = peer.frame().await;
    assert_eq!(frame.kind, kind::CALL);
    (call, frame.call)
}

/// Sends what breaks a rule while a call is open, and gives what the client says of it.
async fn breach(frames: impl FnOnce(u64) -> Vec<Frame>) -> String {
    let (mut peer, desk) = pair().await;
    let (open, id) = begin(&mut peer, &desk, 1).await;
    for frame in frames(id) {
        peer.put(&frame).await;
    }
    let (_, reason, text) = peer.frame().await.goaway();
    assert_eq!(reason, 1, "{text}");
    assert!(peer.next().await.is_none());
    let error = soon(open).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Unknown));
    assert_eq!(error.message(), format!("the peer broke the protocol: {text}"));
    let late = soon(desk.echo(2)).await.unwrap_err();
    assert_eq!(late.delivery(), Delivery::NotSent);
    text.replace(&id.to_string(), "ID")
}

/// G1, G5: an id that never was, and one that is not sent yet.
#[tokio::test]
async fn an_answer_to_a_call_never_made_ends_the_connection() {
    assert_eq!(breach(|_| vec![reply(1 << 60 | 1, b"1")]).await.split(',').nth(1), Some(" which was never sent"));
    let next = breach(|id| vec![reply(id + (1 << 32), b"1")]).await;
    assert_eq!(next.split(',').nth(1), Some(" which was never sent"), "{next}");
    assert_eq!(breach(|_| vec![reply(2, b"1")]).await, "an answer to call 2, which was never sent");
    assert_eq!(breach(|_| vec![end(1 << 50 | 1, 5, b"")]).await.split(',').nth(1), Some(" which was never sent"));
}

/// G2, G3: two answers to one call, of each kind.
#[tokio::test]
async fn a_second_answer_ends_the_connection_and_the_first_stands() {
    let good: fn(u64) -> Frame = |id| reply(id, b"1");
    let bad: fn(u64) -> Frame = |id| end(id, 5, b"no");
    for (answer, again) in [(good, good), (good, bad), (bad, good), (bad, bad)] {
        let (mut peer, desk) = pair().await;
        let (first, id) = begin(&mut peer, &desk, 1).await;
        peer.put(&answer(id)).await;
        let first = soon(first).await.unwrap().map_err(|error| error.code());
        assert_eq!(first, if answer(id).kind == kind::REPLY { Ok(1) } else { Err(Code::NotFound) });
        let (second, other) = begin(&mut peer, &desk, 2).await;
        assert_ne!(id, other);
        peer.put(&again(id)).await;
        let error = soon(second).await.unwrap().unwrap_err();
        assert_eq!(error.message(), format!("the peer broke the protocol: call {id} was answered twice"));
        assert_eq!(peer.frame().await.goaway().1, 1);
    }
}

/// G4: an END without a code, or with that of no error, and other frames that break a rule.
#[tokio::test]
async fn frames_that_break_a_rule_end_the_connection() {
    assert_eq!(breach(|id| vec![end(id, 0, b"")]).await, "an END with code 0 for call ID, which is not a stream");
    let without_code = |id| vec![Frame::new(kind::END, id, [])];
    assert_eq!(breach(without_code).await, "a payload is shorter than its kind needs");
    let huge = |_| vec![Frame { kind: kind::PONG, ..Frame::default() }];
    assert_eq!(breach(huge).await, "a payload of 0 bytes should have 8");
    let data = |id| vec![Frame::new(kind::DATA, id, *b"x").index(1)];
    assert_eq!(breach(data).await, "a frame for stream 1 of call ID, which has no such stream");
    let done = |_| vec![Frame::new(kind::DONE, 0, 1u32.to_le_bytes())];
    assert_eq!(breach(done).await, "DONE of 1 with 0 one-way calls open");
    let unknown = |_| vec![Frame::new(0x40, 0, [])];
    assert_eq!(breach(unknown).await, "frames of kind 0x40 are not known here");
    let chunk = |id| vec![Frame::new(kind::CHUNK, id, *b"x")];
    assert_eq!(breach(chunk).await, "a CHUNK for call ID, which has no unfinished message");
    let flags = |id| vec![reply(id, b"1").flags(0x80)];
    assert_eq!(breach(flags).await, "REPLY with flags 0x80");
    let hello = |_| vec![Hello::default().build()];
    assert_eq!(breach(hello).await, "a second HELLO");
}

/// G9: a length of 4 GiB.
#[tokio::test]
async fn a_frame_of_four_gigabytes_is_refused_by_its_header() {
    let (mut peer, desk) = pair().await;
    let (open, id) = begin(&mut peer, &desk, 1).await;
    let mut header = u32::MAX.to_le_bytes().to_vec();
    header.extend([kind::REPLY, 0, 0, 0]);
    header.extend(id.to_le_bytes());
    peer.send(&header).await;
    assert_eq!(peer.frame().await.goaway().1, 1);
    let error = soon(open).await.unwrap().unwrap_err();
    assert!(error.message().ends_with("a frame of 4294967295 bytes is over the limit of 131072"), "{error}");
}

/// G6: the result is of another type.
#[tokio::test]
async fn a_result_of_the_wrong_type_fails_its_call_alone() {
    let (mut peer, desk) = pair().await;
    let (good, good_id) = begin(&mut peer, &desk, 1).await;
    for body in [&b"\"text\""[..], b"", b"7 8", b"-1", b"{", b"\xFF"] {
        let (bad, id) = begin(&mut peer, &desk, 2).await;
        peer.put(&reply(id, body)).await;
        let error = soon(bad).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed));
        assert_eq!(error.phase(), Some(Phase::Decode));
        assert!(error.message().starts_with("the result is not a u64: "), "{error}");
    }
    peer.put(&reply(good_id, b"1")).await;
    assert_eq!(soon(good).await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_typed_error_where_none_is_declared_fails_its_call_alone() {
    let (mut peer, desk) = pair().await;
    let (bad, id) = begin(&mut peer, &desk, 1).await;
    peer.put(&end(id, 2, b"\"Closed\"").flags(flag::TYPED)).await;
    let error = soon(bad).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed));

    let queue = tokio::spawn(desk.queue("x", 1));
    let id = peer.frame().await.call;
    peer.put(&end(id, 2, b"\"Unheard\"").flags(flag::TYPED)).await;
    let error = soon(queue).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed));
    let (good, id) = begin(&mut peer, &desk, 2).await;
    peer.put(&reply(id, b"2")).await;
    assert_eq!(soon(good).await.unwrap().unwrap(), 2);
}

/// G7, G8: a code of no name, and a text that is not UTF-8.
#[tokio::test]
async fn a_strange_code_is_unknown_and_a_torn_text_is_mended() {
    let (mut peer, desk) = pair().await;
    for (code, expected, number) in [
        (17, Code::Unknown, " (code 17)"),
        (999, Code::Unknown, " (code 999)"),
        (u16::MAX, Code::Unknown, " (code 65535)"),
        (2, Code::Unknown, ""),
        (5, Code::NotFound, ""),
    ] {
        let (call, id) = begin(&mut peer, &desk, 1).await;
        peer.put(&end(id, code, b"no \xFF\xFE key \xE2\x98\xBA")).await;
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!(error.code(), expected);
        assert_eq!(error.message(), format!("no \u{FFFD}\u{FFFD} key ☺{number}"));
    }
}

#[tokio::test]
async fn the_mark_not_executed_decides_what_may_be_tried_again() {
    let (mut peer, desk) = pair().await;
    for (flags, delivery) in [(flag::NOT_EXECUTED, Delivery::NotExecuted), (0, Delivery::Executed)] {
        let (call, id) = begin(&mut peer, &desk, 1).await;
        peer.put(&end(id, 14, b"busy").flags(flags)).await;
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, delivery));
        assert_eq!(error.is_retryable(), delivery == Delivery::NotExecuted);
    }
}

/// F17: of frames and fields that are not known, an even number counts and an odd one does not.
#[tokio::test]
async fn fields_and_kinds_from_the_future_are_ignored_or_fail_one_call() {
    let (mut peer, desk) = pair().await;
    let answer = |id, tag| {
        let mut payload = fields(&[(tag, b"?")]);
        payload.extend(b"1");
        Frame::new(kind::REPLY, id, payload)
    };
    peer.put(&Frame::new(0x41, 77, *b"anything").flags(0xFF).index(9)).await;
    let (call, id) = begin(&mut peer, &desk, 1).await;
    peer.put(&answer(id, 0x31)).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 1, "odd tags may be ignored");
    let (call, id) = begin(&mut peer, &desk, 1).await;
    peer.put(&answer(id, 0x30)).await;
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!(error.message(), "the answer needs field 0x30, which this version does not know");
    let (call, id) = begin(&mut peer, &desk, 3).await;
    peer.put(&reply(id, b"3")).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 3);
}

#[tokio::test]
async fn a_server_that_goes_in_the_middle_of_an_answer_gives_no_half_value() {
    for chunked in [false, true] {
        let (mut peer, desk) = pair().await;
        let call = tokio::spawn(desk.exchange(vec![], 0));
        let id = peer.frame().await.call;
        if chunked {
            let mut payload = vec![0, 0];
            payload.extend(100_000u32.to_le_bytes());
            payload.extend(b"\"AAAA");
            peer.put(&Frame::new(kind::REPLY, id, payload).flags(flag::CHUNKED)).await;
        } else {
            let whole = reply(id, b"\"AAAA\"").bytes();
            peer.send(&whole[..whole.len() - 1]).await;
        }
        drop(peer);
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown));
        assert!(!error.is_retryable());
        assert_eq!(soon(desk.echo(1)).await.unwrap_err().delivery(), Delivery::NotSent);
    }
}

/// F10: what the server has not read when it closes makes the system reset the connection, here within a frame.
#[tokio::test]
async fn a_reset_connection_fails_its_calls() {
    let (mut peer, desk) = pair().await;
    let (first, id) = begin(&mut peer, &desk, 1).await;
    let unread: Vec<_> = (0..50).map(|number| tokio::spawn(desk.echo(number))).collect();
    peer.send(&reply(id, b"1").bytes()[..10]).await;
    tokio::task::yield_now().await;
    drop(peer);
    for call in unread.into_iter().chain([first]) {
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        assert!(matches!(error.delivery(), Delivery::Unknown | Delivery::NotSent), "{error}");
    }
}

/// F9: the server closes its half behind answers that are on their way.
#[tokio::test]
async fn answers_that_came_before_the_end_are_delivered() {
    let (mut peer, desk) = pair().await;
    let mut calls = Vec::new();
    for number in 0..20 {
        calls.push(begin(&mut peer, &desk, number).await);
    }
    let answers: Vec<u8> = (0..19).flat_map(|number| reply(calls[number].1, b"7").bytes()).collect();
    peer.send(&answers).await;
    peer.finish().await;
    let outcomes = join_all(calls.into_iter().map(|(call, _)| async { soon(call).await.unwrap() })).await;
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Ok(7))).count(), 19);
    assert_eq!(outcomes[19].as_ref().unwrap_err().delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn a_goodbye_divides_the_calls_that_were_taken_from_the_others() {
    let (mut peer, desk) = pair().await;
    let (taken, last) = begin(&mut peer, &desk, 1).await;
    let (refused, _) = begin(&mut peer, &desk, 2).await;
    peer.put(&goaway(u64::MAX, 0, "")).await;
    peer.put(&goaway(last, 0, "")).await;
    let error = soon(refused).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotExecuted));
    assert!(error.is_retryable());
    let late = soon(desk.echo(3)).await.unwrap_err();
    assert_eq!((late.delivery(), late.is_retryable()), (Delivery::NotSent, true));
    peer.put(&reply(last, b"1")).await;
    assert_eq!(soon(taken).await.unwrap().unwrap(), 1);
    let rest: Vec<u8> = peer.rest().await.iter().map(|frame| frame.kind).collect();
    assert_eq!(rest, [kind::GOAWAY], "nothing is left, so the client closes");
}

/// G11: the last call of a GOAWAY grows.
#[tokio::test]
async fn a_goodbye_that_takes_back_what_it_said_ends_the_connection() {
    let (mut peer, desk) = pair().await;
    let (open, id) = begin(&mut peer, &desk, 1).await;
    peer.put(&goaway(id, 0, "")).await;
    peer.put(&goaway(id + 2, 0, "")).await;
    let (_, reason, text) = peer.frame().await.goaway();
    assert_eq!((reason, text), (1, format!("GOAWAY grew from {id} to {}", id + 2)));
    let error = soon(open).await.unwrap().unwrap_err();
    assert_eq!((error.delivery(), error.is_retryable()), (Delivery::Unknown, false));
}

/// G11: a storm of goodbyes, of which none says anything new or each a little, is a flood.
#[tokio::test]
async fn a_storm_of_goodbyes_ends_the_connection() {
    for step in [0, 1] {
        let (mut peer, desk) = pair().await;
        let (open, _) = begin(&mut peer, &desk, 1).await;
        let storm: Vec<u8> = (0..20_000).flat_map(|at| goaway(u64::MAX - step * at, 0, "").bytes()).collect();
        // The client may close before it has taken all.
        let _ = peer.try_send(&storm).await;
        let frames = peer.rest().await;
        assert_eq!(frames.last().unwrap().goaway().1, 5, "{frames:?}");
        assert_eq!(soon(open).await.unwrap().unwrap_err().delivery(), Delivery::Unknown);
    }
}

/// G10: items of a stream that its reader has dropped are read over, as long as there is credit for them.
#[tokio::test]
async fn an_endless_stream_that_nobody_wants_is_read_over_as_far_as_it_may_go() {
    let (mut peer, desk) = pair().await;
    let mut numbers = desk.numbers(u64::MAX);
    let reading = tokio::spawn(async move { (numbers.next().await.unwrap().unwrap(), numbers) });
    let id = peer.frame().await.call;
    let item = Frame::new(kind::DATA, id, *b"7").index(1);
    peer.put(&item).await;
    let (first, numbers) = soon(reading).await.unwrap();
    assert_eq!(first, 7);
    drop(numbers);
    let cancel = peer.frame().await;
    assert_eq!((cancel.kind, cancel.call), (kind::CANCEL, id));
    // An item takes 17 of the 2 KiB, so there is credit for 120 of them.
    for _ in 0..100 {
        peer.put(&item).await;
    }
    let (call, other) = begin(&mut peer, &desk, 1).await;
    peer.put(&reply(other, b"1")).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 1, "the connection lives");
    let (open, _) = begin(&mut peer, &desk, 2).await;
    for _ in 0..100 {
        // The client may close before it has taken all.
        let _ = peer.try_send(&item.bytes()).await;
    }
    let (_, reason, text) = peer.frame().await.goaway();
    assert_eq!((reason, text), (1, format!("an item of stream 1 of call {id}, without credit")));
    assert_eq!(soon(open).await.unwrap().unwrap_err().delivery(), Delivery::Unknown);
}

/// F4 `rst_after_header`, `rst_during_data`, `rst_after_data`: cut at any byte, an answer is whole or an error.
#[tokio::test]
async fn an_answer_that_is_cut_off_at_any_byte_is_no_half_value() {
    // The first frame of a long answer has its total before the first bytes.
    let head = |id| Frame::new(kind::REPLY, id, *b"\0\0\x06\0\0\0\"AA").flags(flag::CHUNKED).bytes();
    let rest = |id| [Frame::new(kind::CHUNK, id, *b"AA").bytes(), Frame::new(kind::CHUNK, id, *b"\"").bytes()].concat();
    let short: fn(u64) -> Vec<u8> = |id| reply(id, b"\"AAAA\"").bytes();
    let long = |id| [head(id), rest(id)].concat();
    for (answer, is_long) in [(&short as &dyn Fn(u64) -> Vec<u8>, false), (&long, true)] {
        for cut in 0..=answer(1).len() {
            let (mut peer, desk) = pair().await;
            let call = tokio::spawn(desk.exchange(vec![], 0));
            // What is not read before the end makes it a reset.
            let other = tokio::spawn(desk.echo(1));
            let frame = peer.frame().await;
            let is_whole = cut == answer(1).len();
            peer.send(&answer(frame.call)[..cut]).await;
            drop(peer);
            match soon(call).await.unwrap() {
                Ok(bytes) => assert!(is_whole && bytes == [0; 3], "{is_long} {cut}: {bytes:?}"),
                Err(error) => assert_eq!(error.code(), Code::Unavailable, "{is_long} {cut}: {error}"),
            }
            soon(other).await.unwrap().unwrap_err();
        }
    }
}

/// F6: a PING before and behind every frame of an answer, of a long one, and of a stream.
#[tokio::test]
async fn pings_around_every_frame_are_answered() {
    let (mut peer, desk) = pair().await;
    let call = tokio::spawn(desk.exchange(vec![], 0));
    let exchange = peer.frame().await.call;
    let numbers = tokio::spawn(desk.numbers(3).collect::<Vec<_>>());
    let stream = peer.frame().await.call;
    let item = |number: &[u8]| Frame::new(kind::DATA, stream, number).index(1);
    let frames = [
        Frame::new(kind::REPLY, exchange, *b"\0\0\x06\0\0\0\"A").flags(flag::CHUNKED),
        item(b"0"),
        Frame::new(kind::CHUNK, exchange, *b"AA"),
        item(b"1"),
        Frame::new(kind::CHUNK, exchange, *b"A\""),
        item(b"2"),
        end(stream, 0, b""),
    ];
    for (at, frame) in (0u64..).zip(&frames) {
        peer.put(&Frame::new(kind::PING, 0, at.to_le_bytes())).await;
        let pong = peer.frame().await;
        assert_eq!((pong.kind, pong.payload), (kind::PONG, at.to_le_bytes().to_vec()));
        peer.put(frame).await;
    }
    peer.put(&Frame::new(kind::PING, 0, *b"the last")).await;
    assert_eq!(peer.frame().await.kind, kind::PONG);
    assert_eq!(soon(call).await.unwrap().unwrap(), [0; 3]);
    let numbers: Vec<u64> = soon(numbers).await.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

#[tokio::test]
async fn pings_are_answered_and_a_flood_of_them_is_not() {
    let (mut peer, desk) = pair().await;
    let ping = Frame::new(kind::PING, 0, *b"12345678");
    peer.put(&ping).await;
    let pong = peer.frame().await;
    assert_eq!((pong.kind, &pong.payload[..]), (kind::PONG, &b"12345678"[..]));
    let (open, _) = begin(&mut peer, &desk, 1).await;
    let flood = ping.bytes().repeat(20_000);
    // The client may close before it has taken all.
    let _ = peer.try_send(&flood).await;
    let frames = peer.rest().await;
    assert!(frames.len() <= 10_001);
    let error = soon(open).await.unwrap().unwrap_err();
    assert!(error.message().ends_with("more than 10000 frames without effect"), "{error}");
}

#[tokio::test]
async fn a_server_that_calls_its_client_is_told_that_it_has_no_services() {
    let (mut peer, desk) = pair().await;
    peer.put(&tests::frames::call(2, "echo", "{}")).await;
    let (code, not_executed, text) = peer.frame().await.end();
    assert_eq!((code, not_executed, text.as_str()), (12, true, "this end has no services"));
    let (call, id) = begin(&mut peer, &desk, 1).await;
    peer.put(&reply(id, b"1")).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 1);
}

/// F5: a hundred calls, where sixteen may be open, the fewest that a peer may allow.
#[tokio::test]
async fn a_client_never_has_more_calls_open_than_the_server_allows() {
    let (mut peer, desk) = pair_with(&Hello { calls: 16, ..Hello::default() }).await;
    let calls: Vec<_> = (0..100).map(|number| tokio::spawn(desk.echo(number))).collect();
    let mut open = std::collections::VecDeque::new();
    for _ in 0..100 {
        if open.len() == 16 {
            // The oldest is answered only when no other may come: had the client sent a seventeenth, it would be next.
            peer.put(&Frame::new(kind::PING, 0, *b"are any?")).await;
            assert_eq!(peer.frame().await.kind, kind::PONG, "a call past the slots");
            let (id, number): (u64, String) = open.pop_front().unwrap();
            peer.put(&reply(id, number.as_bytes())).await;
        }
        let frame = peer.frame().await;
        let body = String::from_utf8_lossy(&frame.payload).into_owned();
        open.push_back((frame.call, body.split(':').next_back().unwrap().trim_end_matches('}').to_owned()));
    }
    for (id, number) in open {
        peer.put(&reply(id, number.as_bytes())).await;
    }
    for (number, call) in (0..).zip(calls) {
        assert_eq!(soon(call).await.unwrap().unwrap(), number);
    }
}

//! A client that keeps no rules, against our server: it loses its own connection, and nobody else notices.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpc_core::Limits;
use tests::desk::Event;
use tests::frames::{Frame, Hello, PREFACE, call, call_with, fields, flag, goaway, kind};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Office, Way};

const SEVEN: &str = r#"{"number":7}"#;

/// Sends what breaks a rule, and gives the reason and the text with which the server ends the connection.
async fn breach(frames: &[Frame]) -> (u16, String) {
    let mut office = Office::open().await;
    let good = office.client().await;
    let mut peer = Peer::greet(&office.address).await;
    for frame in frames {
        // The server may close before it has taken all.
        let _ = peer.try_send(&frame.bytes()).await;
    }
    // Calls that were not started are refused beside it.
    let goodbyes: Vec<Frame> = peer.rest().await.into_iter().filter(|frame| frame.kind == kind::GOAWAY).collect();
    let [goodbye] = &goodbyes[..] else { unreachable!("one goodbye: {goodbyes:?}") };
    let (_, reason, text) = goodbye.goaway();
    let error = office.error().await;
    assert_eq!(error.message(), format!("the peer broke the protocol: {text}"));
    assert_eq!(soon(good.echo(1)).await.unwrap(), 1, "a good client notices nothing");
    office.close().await;
    (reason, text)
}

async fn breach_text(frames: &[Frame]) -> String {
    let (reason, text) = breach(frames).await;
    assert_eq!(reason, 1, "{text}");
    text
}

#[tokio::test]
async fn ids_only_grow_and_are_the_clients_own() {
    for (first, second, text) in [
        (5, 5, "call 5 is not above call 5 before it"),
        (5, 3, "call 3 is not above call 5 before it"),
        (5, 6, "call 6 is not above call 5 before it"),
        (5, 0, "CALL with call 0"),
    ] {
        assert_eq!(breach_text(&[call(first, "echo", SEVEN), call(second, "echo", SEVEN)]).await, text);
    }
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    for id in [1, 3, 1 << 40 | 1, u64::MAX] {
        peer.put(&call(id, "echo", SEVEN)).await;
        assert_eq!(peer.frame().await.call, id, "gaps are legal, to the last id");
    }
    drop(peer);
    office.close().await;
}

#[tokio::test]
async fn what_has_no_meaning_is_zero() {
    for (frame, text) in [
        (Frame::new(kind::PING, 0, [0; 8]).flags(1), "PING with flags 0x01"),
        (Frame::new(kind::PING, 0, [0; 8]).index(1), "PING with index 1"),
        (Frame::new(kind::PING, 1, [0; 8]), "PING with call 1"),
        (call(1, "echo", SEVEN).flags(0x10), "CALL with flags 0x10"),
        (Frame::new(kind::CANCEL, 1, []).flags(0x02), "CANCEL with flags 0x02"),
        (Frame::new(0x18, 0, []), "frames of kind 0x18 are not known here"),
        (Frame::new(0xFE, 0, []), "frames of kind 0xfe are not known here"),
    ] {
        assert_eq!(breach_text(&[frame]).await, text);
    }
}

/// B9: among others, metadata with control characters.
#[tokio::test]
async fn payloads_have_the_layout_of_their_kind() {
    let torn_fields = |fields: &[u8]| call_with(1, "Desk", "echo", fields, b"");
    for (frame, text) in [
        (Frame::new(kind::CALL, 1, []), "a payload is shorter than its kind needs"),
        (Frame::new(kind::CALL, 1, [0; 9]), "a payload is shorter than its kind needs"),
        (Frame::new(kind::PING, 0, [0; 7]), "a payload of 7 bytes should have 8"),
        (Frame::new(kind::PING, 0, [0; 9]), "a payload of 9 bytes should have 8"),
        (Frame::new(kind::CANCEL, 1, [0]), "a payload of 1 bytes should have 0"),
        (Frame::new(kind::DONE, 0, [0; 4]), "DONE of 0"),
        (Frame::new(kind::CREDIT, 1, [0; 4]).index(1), "CREDIT of 0"),
        (Frame::new(kind::CHUNK, 1, []), "an empty CHUNK"),
        (Frame::new(kind::GOAWAY, 0, [0; 9]), "a payload is shorter than its kind needs"),
        (torn_fields(&[9, 0, 1]), "a payload is shorter than its kind needs"),
        (torn_fields(&[4, 0, 1, 8, 0, 0]), "a field's length passes the end of the fields"),
        (torn_fields(&fields(&[(1, &[0; 7])])), "a field of 7 bytes should have 8"),
        (torn_fields(&fields(&[(1, &[0; 8]), (1, &[0; 8])])), "field 0x01 appears twice"),
        (
            torn_fields(&fields(&[(7, &[1, b'K', 0, 0])])),
            "a metadata key or value has characters that it must not have",
        ),
        (
            torn_fields(&fields(&[(7, &[1, b'k', 1, 0, b'\n'])])),
            "a metadata key or value has characters that it must not have",
        ),
        (
            torn_fields(&fields(&[(7, &[1, b'k', 1, 0, 0])])),
            "a metadata key or value has characters that it must not have",
        ),
        (torn_fields(&fields(&[(7, &[200, b'k'])])), "a field's length passes the end of the fields"),
        (torn_fields(&fields(&[(7, &b"\x01k\x00\x00".repeat(65))])), "more than 64 metadata entries"),
    ] {
        assert_eq!(breach_text(&[frame]).await, text);
    }
}

#[tokio::test]
async fn a_frame_at_the_limit_passes_and_one_byte_more_ends_the_connection() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_frame(65_536))).await;
    let mut peer = Peer::greet(&office.address).await;
    let most = 65_536 - 10;
    let body = |length: usize| format!("{:<length$}", r#"{"number":7}"#);
    peer.put(&call(1, "echo", &body(most))).await;
    assert_eq!(peer.frame().await.reply(), b"7");
    peer.put(&call(3, "echo", &body(most + 1))).await;
    assert_eq!(peer.frame().await.goaway().2, "a frame of 65537 bytes is over the limit of 65536");
    assert!(peer.next().await.is_none());

    let mut peer = Peer::greet(&office.address).await;
    peer.send(&[0xFF, 0xFF, 0xFF, 0xFF, kind::CALL, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]).await;
    assert_eq!(peer.frame().await.goaway().2, "a frame of 4294967295 bytes is over the limit of 65536");
    office.close().await;
}

#[tokio::test]
async fn a_hello_comes_first_and_once_and_keeps_its_minima() {
    assert_eq!(breach_text(&[Hello::default().build()]).await, "a second HELLO");
    let mut office = Office::open().await;
    let small = |name, value| format!("HELLO says {name}; the least is {value}");
    for (first, text) in [
        (call(1, "echo", SEVEN), "the first frame is not HELLO".to_owned()),
        (Hello { frame: 65_535, ..Hello::default() }.build(), small("frame 65535", 65_536)),
        (Hello { message: 1, ..Hello::default() }.build(), small("message 1", 65_536)),
        (Hello { calls: 0, ..Hello::default() }.build(), small("calls 0", 16)),
        (Hello { credit: 0, ..Hello::default() }.build(), small("credit 0", 1)),
        (Hello { codecs: vec![], ..Hello::default() }.build(), small("codecs 0", 1)),
        (Frame::new(kind::HELLO, 0, [0; 20]), "HELLO is too short".to_owned()),
    ] {
        let mut peer = Peer::dial(&office.address).await;
        peer.send(&[&PREFACE[..], &first.bytes()].concat()).await;
        peer.read_greeting().await;
        assert_eq!(peer.frame().await.goaway(), (0, 1, text));
        assert!(peer.next().await.is_none());
        assert_eq!(office.error().await.code(), rpc_core::Code::FailedPrecondition);
    }
    office.close().await;
}

/// F17: of a HELLO, what is not known is ignored where its number is odd, and refused where it is even.
#[tokio::test]
async fn a_greeting_from_the_future_is_understood_where_it_may_be() {
    let with_field = |tag| {
        let mut hello = Hello::default().build();
        hello.payload.truncate(hello.payload.len() - 2);
        hello.payload.extend(fields(&[(tag, b"?")]));
        // Features that this end does not have are not in force.
        hello.payload[16..24].fill(0xFF);
        [&PREFACE[..], &hello.bytes()].concat()
    };
    let mut office = Office::open().await;
    let mut peer = Peer::dial(&office.address).await;
    peer.send(&with_field(0x31)).await;
    peer.put(&call(1, "echo", SEVEN)).await;
    peer.read_greeting().await;
    assert_eq!(peer.frame().await.reply(), b"7");
    drop(peer);
    let mut peer = Peer::dial(&office.address).await;
    peer.send(&with_field(0x30)).await;
    peer.read_greeting().await;
    assert_eq!(peer.frame().await.goaway(), (0, 1, "HELLO needs field 0x30, which is not known here".to_owned()));
    assert!(peer.next().await.is_none());
    assert_eq!(office.error().await.code(), rpc_core::Code::FailedPrecondition);
    office.close().await;
}

#[tokio::test]
async fn chunks_keep_to_their_message_and_its_budget() {
    let begin = |id, total: u32, first: &[u8]| {
        let body = [&total.to_le_bytes()[..], first].concat();
        call_with(id, "Desk", "echo", &fields(&[]), &body).flags(flag::CHUNKED)
    };
    let chunk = |id, bytes: &[u8]| Frame::new(kind::CHUNK, id, bytes);
    assert_eq!(breach_text(&[chunk(1, b"x")]).await, "a CHUNK for call 1, which has no unfinished message");
    let over = breach_text(&[begin(1, 4, b"ab"), chunk(1, b"cde")]).await;
    assert_eq!(over, "a message of 4 bytes goes on after its end");
    assert_eq!(breach_text(&[begin(1, 0, b"")]).await, "a chunked message of 0 bytes begins with 0");
    let budget: Vec<Frame> = (0..9).map(|number| begin(2 * number + 1, 4 << 20, b"")).collect();
    assert_eq!(breach_text(&budget).await, "37748736 bytes of unfinished messages are over the limit of 33554432");

    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    for (frame, answer) in [
        (begin(1, 12, b""), None),
        (begin(3, 12, b""), None),
        (chunk(3, SEVEN.as_bytes()), Some(3)),
        (chunk(1, SEVEN.as_bytes()), Some(1)),
    ] {
        peer.put(&frame).await;
        if let Some(id) = answer {
            assert_eq!(peer.frame().await.call, id, "messages interleave");
        }
    }
    drop(peer);
    office.close().await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_and_read_over() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_message(65_536))).await;
    let mut peer = Peer::greet(&office.address).await;
    let total = 200_000u32;
    let head = call_with(1, "Desk", "echo", &fields(&[]), &total.to_le_bytes()).flags(flag::CHUNKED);
    peer.put(&head).await;
    let (code, not_executed, text) = peer.frame().await.end();
    assert_eq!((code, not_executed), (8, true));
    assert_eq!(text, "the arguments are 200000 bytes; the server takes at most 65536 (its Limits::message)");
    for _ in 0..4 {
        peer.put(&Frame::new(kind::CHUNK, 1, vec![b'x'; 50_000])).await;
    }
    peer.put(&call(3, "echo", SEVEN)).await;
    assert_eq!(peer.frame().await.reply(), b"7", "the connection lives");
    drop(peer);
    office.close().await;
}

#[tokio::test]
async fn calls_over_the_slots_are_refused_and_do_not_run() {
    let office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default().with_calls(16))).await;
    let mut peer = Peer::greet(&office.address).await;
    for id in 0..17u64 {
        peer.put(&call(2 * id + 1, "hold", &format!(r#"{{"number":{id}}}"#))).await;
    }
    let refused = peer.frame().await;
    assert_eq!(refused.call, 33);
    let (code, not_executed, text) = refused.end();
    assert_eq!((code, not_executed), (14, true));
    assert_eq!(text, "16 calls are open on this connection (the server's Limits::calls)");
    office.watch.release(16);
    for _ in 0..16 {
        assert_eq!(peer.frame().await.kind, kind::REPLY);
    }
    assert!(!office.watch.so_far().contains(&Event::Begun(16)));
    drop(peer);
    office.close().await;
}

#[tokio::test]
async fn streams_that_a_call_does_not_have_end_the_connection() {
    for frame in [
        Frame::new(kind::DATA, 1, *b"x").index(1),
        Frame::new(kind::CREDIT, 1, 1u32.to_le_bytes()).index(1),
        Frame::new(kind::CANCEL, 1, []).index(1),
    ] {
        let text = breach_text(&[call(1, "hold", SEVEN), frame]).await;
        assert_eq!(text, "a frame for stream 1 of call 1, which has no such stream");
    }
    let answer = breach_text(&[tests::frames::reply(2, b"1")]).await;
    assert_eq!(answer, "an answer to call 2, which was never sent");
}

/// A call of a method that takes a stream, in JSON.
fn total() -> Frame {
    call(1, "total", "").flags(flag::STREAMS)
}

/// An item of its stream.
fn item(bytes: impl Into<Vec<u8>>) -> Frame {
    Frame::new(kind::DATA, 1, bytes).index(1)
}

/// The end of its stream.
fn over(code: u16) -> Frame {
    Frame::new(kind::END, 1, [code.to_le_bytes(), [0, 0]].concat()).index(1)
}

/// An item that goes on in chunks.
fn head_of(total: u32) -> Frame {
    item(total.to_le_bytes()).flags(flag::CHUNKED)
}

/// E5, E6, W-26, W-31, W-32.
#[tokio::test]
async fn a_stream_that_breaks_a_rule_ends_the_connection() {
    let chunk = |len| Frame::new(kind::CHUNK, 1, vec![b'1'; len]).index(1);
    let credit = |amount: u32| Frame::new(kind::CREDIT, 1, amount.to_le_bytes()).index(1);
    let numbers = || call(1, "numbers", r#"{"below":9}"#).flags(flag::READS);
    let second = Frame::new(kind::DATA, 1, *b"\"\"").index(2);
    for (frames, text) in [
        (vec![total(), over(0), item("\"\"")], "an item of stream 1 of call 1, behind its end"),
        (vec![total(), over(0), over(0)], "stream 1 of call 1 ended twice"),
        (vec![total(), second], "a frame for stream 2 of call 1, which has no such stream"),
        (vec![total(), item([b'"'; 3000]), item("\"\"")], "an item of stream 1 of call 1, without credit"),
        (vec![total(), head_of(100), over(0)], "stream 1 of call 1 ended within an item"),
        (vec![total(), chunk(1)], "a CHUNK for call 1, which has no unfinished message"),
        (vec![total(), head_of(100), chunk(101)], "a message of 100 bytes goes on after its end"),
        (vec![total(), chunk(0)], "an empty CHUNK"),
        (vec![numbers(), credit(u32::MAX)], "the credit of stream 1 of call 1 is past 2147483647"),
        (vec![call(1, "note", SEVEN).flags(flag::ONEWAY | flag::READS)], "call 1 is one-way, and has streams"),
    ] {
        let heard = breach_text(&frames).await;
        // The handler may have ended with the stream, and the call with it.
        let is_over = heard == "a frame for stream 1 of call 1, which has no such stream";
        assert!(heard == text || is_over && frames.len() == 3, "{heard}, not {text}");
    }
}

/// Both ends must mean the same streams; where they do not, the call fails and nothing else.
#[tokio::test]
async fn streams_that_a_method_does_not_have_refuse_the_call() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    for (id, frame, text) in [
        (1, call(1, "echo", SEVEN).flags(flag::READS), "Desk.echo takes 0 streams and gives one result"),
        (3, call(3, "numbers", SEVEN), "Desk.numbers takes 0 streams and gives a stream"),
        (5, call(5, "total", ""), "Desk.total takes 1 streams and gives one result"),
    ] {
        peer.put(&frame).await;
        let answer = peer.frame().await;
        let (code, not_executed, heard) = answer.end();
        assert_eq!((answer.call, code, not_executed), (id, 12, true));
        assert!(heard.starts_with(text), "{heard}");
    }
    peer.put(&call(7, "echo", SEVEN)).await;
    assert_eq!(peer.frame().await.kind, kind::REPLY);
    drop(peer);
    office.close().await;
}

/// An item over the limit fails its stream alone; the rest of it is read over.
#[tokio::test]
async fn an_item_over_the_limit_fails_its_stream_alone() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    peer.put(&total()).await;
    peer.put(&head_of(4 * 1024 * 1024 + 1)).await;
    // The stream is refused, the handler gets the error and passes it on.
    let mut frames = [peer.frame().await, peer.frame().await];
    frames.sort_by_key(|frame| frame.kind);
    assert_eq!((frames[1].kind, frames[1].index), (kind::CANCEL, 1));
    let (code, _, text) = frames[0].end();
    assert_eq!(code, 8);
    assert_eq!(text, "an item of 4194305 bytes came; this end takes at most 4194304 (its Limits::message)");
    peer.put(&Frame::new(kind::CHUNK, 1, vec![0; 60_000]).index(1)).await;
    peer.put(&over(1)).await;
    peer.put(&call(3, "echo", SEVEN)).await;
    assert_eq!(peer.frame().await.kind, kind::REPLY);
    drop(peer);
    office.close().await;
}

/// C9: a second CANCEL of a call, and one of a call that has ended, or never was.
#[tokio::test]
async fn cancels_of_calls_that_are_over_or_never_were_are_ignored() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    let cancel = |id| Frame::new(kind::CANCEL, id, []);
    peer.put(&cancel(99)).await;
    peer.put(&call(1, "echo", SEVEN)).await;
    assert_eq!(peer.frame().await.reply(), b"7");
    peer.put(&cancel(1)).await;
    peer.put(&call(3, "hold", SEVEN)).await;
    assert_eq!(office.watch.next().await, Event::Begun(7));
    peer.put(&cancel(3)).await;
    peer.put(&cancel(3)).await;
    let (code, not_executed, _) = peer.frame().await.end();
    assert_eq!((code, not_executed), (1, false));
    peer.put(&call(5, "echo", SEVEN)).await;
    assert_eq!(peer.frame().await.reply(), b"7", "each call was answered once");
    drop(peer);
    office.close().await;
}

/// B14: in JSON, with what no client of ours would send.
#[tokio::test]
async fn arguments_that_do_not_fit_fail_their_call_and_do_not_run() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    let refusals = [
        ("hold", r#"{"number":"seven"}"#, 3),
        ("hold", r#"{"number":-1}"#, 3),
        ("hold", "{}", 3),
        ("hold", "", 3),
        ("hold", r#"{"number":7} trailing"#, 3),
        ("hold", "\u{FEFF}", 3),
        ("nothing", "{}", 3),
        ("Hold", SEVEN, 12),
    ];
    for (id, (method, body, expected)) in (1u64..).step_by(2).zip(refusals) {
        peer.put(&call(id, method, body)).await;
        let (code, not_executed, text) = peer.frame().await.end();
        assert_eq!((code, not_executed), (expected, true), "{method} {body}: {text}");
    }
    for (id, frame) in [(101, call(101, "echo", SEVEN).index(1)), (103, call_with(103, "Nobody", "echo", &[0, 0], b""))]
    {
        peer.put(&frame).await;
        let (code, not_executed, text) = peer.frame().await.end();
        assert_eq!((code, not_executed), (12, true), "{id}: {text}");
    }
    let even = call_with(105, "Desk", "echo", &fields(&[(0x30, b"?")]), SEVEN.as_bytes());
    peer.put(&even).await;
    assert_eq!(peer.frame().await.end().0, 12, "an even field must be understood");
    let odd = call_with(107, "Desk", "echo", &fields(&[(0x31, b"?")]), SEVEN.as_bytes());
    peer.put(&odd).await;
    assert_eq!(peer.frame().await.reply(), b"7", "an odd one need not be");
    peer.put(&call(109, "echo", r#"{"extra":[{}],"number":7,"more":null}"#)).await;
    assert_eq!(peer.frame().await.reply(), b"7", "unknown names are ignored");
    assert_eq!(office.watch.so_far(), []);
    drop(peer);
    office.close().await;
}

#[tokio::test]
async fn frames_without_effect_are_bounded() {
    for frame in [
        Frame::new(kind::CANCEL, 99, []),
        Frame::new(kind::PING, 0, [0; 8]),
        Frame::new(kind::PONG, 0, [0; 8]),
        Frame::new(0x41, 5, [1, 2, 3]),
    ] {
        let flood = Frame { payload: frame.payload.clone(), ..frame.clone() };
        let (reason, text) = breach(&vec![flood; 10_100]).await;
        assert_eq!((reason, text.as_str()), (5, "more than 10000 frames without effect"), "{frame:?}");
    }
}

/// What a peer causes to be written and does not read is bounded, and ends its connection.
#[tokio::test]
async fn a_client_that_never_reads_is_sent_away() {
    let limits = Limits::default().with_stall(Duration::from_millis(300));
    let mut office = Office::with(Way::Tcp, |builder| builder.limits(limits)).await;
    let good = office.client().await;
    let mut peer = Peer::greet(&office.address).await;
    for id in 0..64u64 {
        peer.put(&call(2 * id + 1, "exchange", r#"{"bytes":"","answer":700000}"#)).await;
    }
    assert_eq!(soon(good.exchange(vec![1], 700_000)).await.unwrap().len(), 700_000, "others are answered meanwhile");
    let error = office.error().await;
    assert_eq!(error.message(), "the peer has taken nothing of what was written for 0.3 s (Limits::stall)");
    drop(peer);
    office.close().await;
}

/// W-12: a GOAWAY may stand where HELLO should, and then it is the last word.
#[tokio::test]
async fn a_goodbye_in_place_of_the_greeting_lets_no_call_in() {
    let office = Office::open().await;
    let mut peer = Peer::dial(&office.address).await;
    peer.send(&PREFACE).await;
    peer.put(&goaway(u64::MAX, 0, "")).await;
    // The server may close before it has taken this.
    let _ = peer.try_send(&call(1, "note", SEVEN).flags(flag::ONEWAY).bytes()).await;
    let _ = peer.try_send(&call(3, "echo", SEVEN).bytes()).await;
    peer.read_greeting().await;
    let rest = peer.rest().await;
    assert!(rest.iter().all(|frame| frame.kind == kind::GOAWAY), "{rest:?}");
    assert_eq!(office.watch.so_far(), []);
    office.close().await;
}

/// What comes with the end of the stream is read first: an end behind whole frames is not one within a frame.
#[tokio::test]
async fn a_peer_that_closes_right_behind_a_frame_has_done_nothing_wrong() {
    let errors = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&errors);
    let settings =
        |builder: rpc_core::ServerBuilder| builder.on_error(move |error| seen.lock().unwrap().push(error.to_string()));
    for whole in [true, false] {
        let office = Office::with(Way::Tcp, settings.clone()).await;
        let mut peer = Peer::greet(&office.address).await;
        let ping = Frame::new(kind::PING, 0, [1; 8]).bytes();
        peer.send(if whole { &ping } else { &ping[..20] }).await;
        peer.finish().await;
        soon(async {
            while office.server.connections() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let errors = std::mem::take(&mut *errors.lock().unwrap());
        assert_eq!(errors.is_empty(), whole, "{errors:?}");
        office.close().await;
    }
}

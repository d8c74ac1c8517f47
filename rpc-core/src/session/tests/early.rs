//! Before the peer's HELLO has come, and handshakes that fail.

use std::sync::mpsc;

use super::*;

/// What CALL costs besides its message.
const OVERHEAD: usize = 16 + 8 + 2;

/// W-14.
#[test]
fn sixteen_calls_go_before_hello_and_the_next_waits_for_it() {
    let mut client = Bench::new(Role::Client, Limits::default());
    for _ in 0..EARLY_CALLS + 1 {
        client.start(1);
    }
    assert_eq!(calls(&client.said()).len(), EARLY_CALLS);
    client.hear(Frame::Hello(Box::new(Hello { calls: 17, ..hello() })));
    assert_eq!(calls(&client.said()).len(), 1);
}

/// W-14: the longest message that goes early, and one byte more. What the end may have to say besides its calls stays
/// within the allowance too.
#[test]
fn early_bytes_stay_within_the_allowance() {
    let longest = EARLY_BYTES - EARLY_RESERVE - OVERHEAD - HEADER;
    for (len, goes) in [(longest, true), (longest + 1, false)] {
        let mut client = Bench::new(Role::Client, Limits::default());
        let ticket = client.start(len);
        assert_eq!(calls(&client.said()).len(), usize::from(goes), "{len}");
        client.session.abandon(ticket);
        client.session.shut_down();
        client.said();
        let mut hello = Bench::new(Role::Client, Limits::default());
        hello.said();
        assert!(client.written - hello.written <= EARLY_BYTES as u64);
        assert!(!goes || client.written - hello.written == EARLY_BYTES as u64, "nothing is left unused");
    }
}

/// W-14.
#[test]
fn early_bytes_add_up() {
    let mut client = Bench::new(Role::Client, Limits::default());
    for _ in 0..3 {
        client.start(30_000);
    }
    assert_eq!(calls(&client.said()).len(), 2);
}

/// W-14.
#[test]
fn a_message_for_chunks_waits_for_hello() {
    let mut client = Bench::new(Role::Client, Limits::default());
    client.start(100_000);
    assert!(matches!(client.said()[..], [Frame::Hello(_)]));
    client.hear(Frame::Hello(Box::new(roomy())));
    assert_eq!(calls(&client.said()).len(), 1);
}

/// W-14: what the caller counts is not the receiver's to punish; past its slots it refuses.
#[test]
fn a_call_past_the_allowance_is_no_breach() {
    let mut server = Bench::server();
    for at in 0..=EARLY_CALLS as u64 {
        server.hear(small_call(2 * at + 1));
    }
    assert_eq!(answers(&server.said()), [(33, false, Code::Unavailable.number())]);
}

/// W-13: the codec is the caller's choice from its own list, and comes to the callee as it was named.
#[test]
fn the_codec_of_a_call_arrives_and_may_be_refused() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let ticket = pair.client.call(&Outgoing { codec: 3, ..outgoing(1) });
    pair.exchange();
    let incoming = pair.server.session.poll_call(pair.server.now).unwrap();
    assert_eq!(incoming.codec, 3);
    let refusal = Refusal::new(Code::Unimplemented, "codecs: messagepack, json");
    pair.server.session.reply(incoming.id, Answer::Refused(refusal));
    pair.exchange();
    let error = pair.client.failure(ticket);
    assert_eq!((error.delivery(), error.code()), (Delivery::NotExecuted, Code::Unimplemented));
    assert_eq!(error.message(), "codecs: messagepack, json");
}

/// W-15: what was sent was not executed, what waited was not sent.
#[test]
fn a_refused_handshake_executes_nothing() {
    for (reason, code) in [
        (Reason::Refused, Code::Unauthenticated),
        (Reason::Version, Code::Unimplemented),
        (Reason::Crowded, Code::Unavailable),
    ] {
        let mut client = Bench::new(Role::Client, Limits::default());
        let sent = client.start(1);
        let waits = client.start(100_000);
        client.said();
        client.hear(Frame::Goaway { last: 0, reason, text: "no".to_owned() });
        client.lose();
        assert_eq!(client.verdict(sent), (Delivery::NotExecuted, code));
        assert_eq!(client.verdict(waits), (Delivery::NotSent, code));
        client.assert_empty();
    }
}

/// The end of a connection without a word proves nothing about what was written.
#[test]
fn lost_before_hello_is_unknown_where_bytes_were_written() {
    let mut client = Bench::new(Role::Client, Limits::default());
    let written = client.start(1);
    client.said();
    let unwritten = client.start(1);
    let waits = client.start(100_000);
    client.lose();
    assert_eq!(client.verdict(written).0, Delivery::Unknown);
    assert_eq!(client.verdict(unwritten).0, Delivery::NotSent);
    assert_eq!(client.verdict(waits).0, Delivery::NotSent);
    client.assert_empty();
}

/// W-14: a long answer to an early call is not begun before HELLO, and looking for something to send comes to an end.
#[test]
fn a_long_answer_before_hello_waits_for_it() {
    let (done, is_done) = mpsc::channel();
    // A thread of its own: where it spins, the test fails all the same.
    std::thread::spawn(move || {
        let mut server = Bench::new(Role::Server, Limits::default());
        server.hear(small_call(1));
        assert_eq!(server.begin(), Some(1));
        server.reply(1, 100_000);
        let early = server.said();
        server.hear(Frame::Hello(Box::new(roomy())));
        let late = server.said();
        server.assert_empty();
        done.send((answers(&early), answers(&late))).unwrap();
    });
    let (early, late) = is_done.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!((early, late), (vec![], vec![(1, true, 0)]));
}

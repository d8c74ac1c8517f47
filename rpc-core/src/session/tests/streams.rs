//! Which streams a call has, and which frames of them there may be.

use super::flow::*;
use super::*;

/// A stream that nobody opened has no frames: neither items and credit (W-31), nor an end (W-32), nor a reader that goes
/// (W-33).
#[test]
fn a_frame_for_a_stream_that_is_not_there_is_a_breach() {
    for frame in [data(1, 1, 1), credit(1, 1, 1000), cancel_of(1, 1), badly(1, 1, Code::Internal), chunk_of(1, 1, 1)] {
        let mut server = Bench::server();
        server.hear(small_call(1));
        server.breach(frame);
    }
}

/// W-31 to W-33: nor has one of a call that does not exist yet.
#[test]
fn a_frame_for_a_call_that_was_not_made_is_a_breach() {
    for frame in [data(1, 1, 1), credit(1, 1, 1000), cancel_of(1, 1), well(1, 1), chunk_of(1, 1, 1)] {
        Bench::server().breach(frame);
    }
    for frame in [data(1, 1, 1), credit(1, 1, 1000), cancel_of(1, 1), well(1, 0), chunk_of(1, 1, 1)] {
        Bench::client().breach(frame);
    }
}

/// W-31, W-32: the streams of a call are as many as it says, at the last and one past it.
#[test]
fn streams_are_numbered_from_one_to_as_many_as_there_are() {
    for count in [1, 2, 16] {
        for frame in [data as fn(u64, u16, usize) -> Frame, |id, index, _| well(id, index)] {
            let mut server = Bench::server();
            server.take(1, count, false);
            (1..=count).for_each(|index| server.hear(frame(1, index, 1)));
            server.breach(frame(1, count + 1, 1));
        }
    }
}

/// W-31, W-33: so are those of the own calls, for credit and for readers that go.
#[test]
fn own_streams_are_numbered_from_one_to_as_many_as_there_are() {
    for count in [1, 2, 16] {
        for frame in [credit as fn(u64, u16, u32) -> Frame, |id, index, _| cancel_of(id, index)] {
            let mut client = Bench::client();
            let (_, id) = client.open(count, false);
            (1..=count).for_each(|index| client.hear(frame(id, index, 1000)));
            client.breach(frame(id, count + 1, 1000));
        }
    }
}

/// W-32: a call says that it sends streams, how many where there are several, and that it reads one.
#[test]
fn a_call_says_which_streams_it_has() {
    for (streams, reads) in [(0, false), (1, false), (2, false), (16, true), (0, true), (1, true)] {
        let mut client = Bench::client();
        client.start(1);
        client.said();
        client.call(&streaming(streams, reads));
        let frames = client.said();
        let [Frame::Call(call)] = &frames[..] else { panic!("{frames:?}") };
        let field = if streams > 1 { streams as u8 } else { 0 };
        assert_eq!((call.streams, call.reads, call.fields.streams), (streams > 0, reads, field));
        let mut server = Bench::server();
        server.hear(Frame::Call(call.clone()));
        let incoming = server.session.poll_call(server.now).unwrap();
        assert_eq!((incoming.streams, incoming.reads), (streams, reads));
    }
}

/// W-32: at the limit (above) and one past it, the call alone is refused, and what comes of it is read over.
#[test]
fn a_call_with_too_many_streams_is_refused() {
    let mut server = Bench::server();
    server.hear(streaming_call(1, 17, false));
    assert_eq!(answers(&server.said()), [(1, false, Code::ResourceExhausted.number())]);
    server.hear(data(1, 17, 100));
    assert_eq!(server.begin(), None);
    assert!(server.session.serving() == 1, "it keeps its slot while its streams go on");
    server.hear(cancel(1));
    server.assert_settled();
}

/// W-32: only callers have streams that end apart from the call.
#[test]
fn an_end_with_an_index_from_the_callee_is_a_breach() {
    for (streams, reads) in [(1, false), (0, true), (1, true)] {
        let mut client = Bench::client();
        let (_, id) = client.open(streams, reads);
        client.breach(badly(id, 1, Code::Internal));
    }
}

/// W-31: no items of a stream that the call does not read.
#[test]
fn items_of_a_call_that_reads_none_are_a_breach() {
    let mut client = Bench::client();
    let (_, id) = client.open(1, false);
    client.breach(data(id, 1, 1));
    let mut client = Bench::client();
    let (_, id) = client.open(1, true);
    client.hear(data(id, 1, 1));
    client.breach(data(id, 2, 1));
}

/// W-25, W-32: a stream is no REPLY's to end.
#[test]
fn a_reply_to_a_call_that_reads_a_stream_is_a_breach() {
    let mut client = Bench::client();
    let (_, id) = client.open(0, true);
    client.breach(reply(id, part(1)));
    let mut client = Bench::client();
    let (ticket, id) = client.open(1, false);
    client.hear(reply(id, part(1)));
    assert!(matches!(client.outcome(ticket), Outcome::Reply(_)));
}

/// W-25, W-32: and no other call ends well by an END.
#[test]
fn an_end_with_code_0_for_a_call_that_reads_none_is_a_breach() {
    let mut client = Bench::client();
    let (_, id) = client.open(1, false);
    client.breach(well(id, 0));
    let mut client = Bench::client();
    let (ticket, id) = client.open(1, true);
    client.hear(well(id, 0));
    assert!(matches!(client.outcome(ticket), Outcome::Reply(_)));
    client.breach(well(id, 0));
}

/// W-23: a stream that answers ends once, whatever the code.
#[test]
fn a_call_that_reads_is_answered_once() {
    for (one, two) in [(0, 0), (0, 13), (13, 0), (13, 13)] {
        let mut client = Bench::client();
        let (_, id) = client.open(0, true);
        let answer = |code| Frame::End(End { code, ..status(id, Code::Internal) });
        client.hear(answer(one));
        client.breach(answer(two));
    }
}

/// W-31, W-33, W-39: credit, and a reader that goes, may cross the end of the call: they are ignored, within bounds.
#[test]
fn late_credit_and_readers_that_go_late_are_ignored() {
    for late in [credit as fn(u64, u16, u32) -> Frame, |id, index, _| cancel_of(id, index)] {
        let mut client = Bench::client();
        let (_, id) = client.open(1, false);
        client.hear(reply(id, part(1)));
        for _ in 0..10_000 {
            client.hear(late(id, 1, 1000));
        }
        let breach = client.breach(late(id, 1, 1000));
        assert_eq!(breach.reason(), Reason::Flood);
    }
    let mut server = Bench::server();
    server.take(1, 0, true);
    server.finish_answer(1);
    for _ in 0..10_000 {
        server.hear(credit(1, 1, 1000));
    }
    assert_eq!(server.breach(credit(1, 1, 1000)).reason(), Reason::Flood);
}

/// W-31: items and ends are never late: who sends them knows whether the call is over.
#[test]
fn an_item_or_an_end_behind_the_answer_is_a_breach() {
    for late in [data as fn(u64, u16, usize) -> Frame, |id, index, _| badly(id, index, Code::Internal)] {
        let mut client = Bench::client();
        let (_, id) = client.open(0, true);
        client.hear(well(id, 0));
        client.breach(late(id, 1, 1));
        let mut server = Bench::server();
        server.take(1, 1, false);
        server.hear(well(1, 1));
        server.reply(1, 1);
        server.breach(late(1, 1, 1));
    }
}

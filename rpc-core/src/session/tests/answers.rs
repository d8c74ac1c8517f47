//! What answers say, and which are wrong.

use super::*;
use crate::metadata::Metadata;

/// W-18: in any order, each to its own call.
#[test]
fn answers_match_by_id_in_any_order() {
    let mut client = Bench::client();
    let tickets: Vec<Ticket> = (0..5).map(|_| client.start(1)).collect();
    let ids = calls(&client.said());
    for at in [3, 0, 4, 1, 2] {
        client.hear(reply(ids[at], part(at)));
    }
    for (at, ticket) in tickets.into_iter().enumerate() {
        let Outcome::Reply(reply) = client.outcome(ticket) else { panic!("a reply was sent") };
        assert_eq!(reply.body.len(), at);
        assert!(client.take_outcome(ticket).is_none(), "an outcome is taken once");
    }
    client.assert_empty();
}

/// The caller that waits is given back once, with its outcome.
#[test]
fn a_caller_is_told_once() {
    let mut client = Bench::client();
    client.sent(1);
    let (ticket, id) = client.sent(1);
    assert!(client.poll_ended().is_empty());
    client.hear(reply(id, part(1)));
    assert_eq!(client.poll_ended(), [client.callers[&ticket]]);
    assert!(client.poll_ended().is_empty());
}

/// W-23.
#[test]
fn an_answer_to_a_call_that_was_never_sent_is_a_breach() {
    let mut client = Bench::client();
    let (_, id) = client.sent(1);
    for never in [id + 1, id + 2, id - 2, u64::MAX, 1 << 40 | 1] {
        assert!(client.session.handle_frame(reply(never, part(1)), client.now).is_err(), "{never}");
        assert!(client.session.handle_frame(end(never, Code::Internal), client.now).is_err(), "{never}");
        assert!(client.session.handle_frame(reply(never, head_of(9)), client.now).is_err(), "{never}");
    }
}

/// W-23: also to a call of the peer itself.
#[test]
fn an_answer_to_the_peers_own_call_is_a_breach() {
    let mut client = Bench::client();
    client.hear(small_call(2));
    client.breach(reply(2, part(1)));
}

/// W-18, W-23.
#[test]
fn a_call_answered_twice_is_a_breach() {
    for first in [reply(0, part(1)), end(0, Code::Internal), refusal(0, Code::Internal), reply(0, head_of(5))] {
        for second in [reply(0, part(1)), end(0, Code::Internal), reply(0, head_of(5))] {
            let mut client = Bench::client();
            let (_, id) = client.sent(1);
            client.hear(with_id(first.clone(), id));
            client.breach(with_id(second, id));
        }
    }
}

fn with_id(frame: Frame, id: u64) -> Frame {
    match frame {
        Frame::Reply { fields, message, .. } => Frame::Reply { id, fields, message },
        Frame::End(end) => Frame::End(End { id, ..end }),
        other => other,
    }
}

/// W-25.
#[test]
fn an_end_with_code_0_is_a_breach() {
    let mut client = Bench::client();
    let (_, id) = client.sent(1);
    client.breach(Frame::End(End { code: 0, ..status(id, Code::Internal) }));
}

/// W-25: a strange code is read as 2; bytes that are not UTF-8 are replaced, not refused.
#[test]
fn strange_codes_and_texts_are_read() {
    let mut client = Bench::client();
    let (ticket, id) = client.sent(1);
    let message = Part { total: None, bytes: Bytes::from_static(b"a\xFFb").into() };
    client.hear(Frame::End(End { code: 999, message, ..status(id, Code::Internal) }));
    let error = client.failure(ticket);
    assert_eq!((error.code(), error.message()), (Code::Unknown, "a\u{FFFD}b (code 999)"));
    assert_eq!(error.delivery(), Delivery::Executed);
}

/// W-22: what NOT_EXECUTED says reaches the caller.
#[test]
fn an_end_says_whether_the_handler_was_started() {
    let mut client = Bench::client();
    let (ran, ran_id) = client.sent(1);
    let (refused, refused_id) = client.sent(1);
    client.hear(end(ran_id, Code::Unavailable));
    client.hear(refusal(refused_id, Code::Unavailable));
    assert_eq!(client.verdict(ran).0, Delivery::Executed);
    assert_eq!(client.verdict(refused).0, Delivery::NotExecuted);
}

/// Typed errors, statuses and their metadata arrive as they were sent.
#[test]
fn every_kind_of_answer_crosses() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let metadata = || -> Option<Box<Metadata>> { Some(Box::new([("k", "v")].into_iter().collect())) };
    let tickets: Vec<Ticket> = (0..4).map(|_| pair.client.start(1)).collect();
    pair.exchange();
    for answer in [
        Answer::Reply { metadata: metadata(), message: message(3) },
        Answer::Typed { metadata: metadata(), message: message(4) },
        Answer::Status {
            code: Code::NotFound,
            message: "no such key".to_owned(),
            metadata: metadata(),
            push_back: Some(250),
        },
        Answer::Stopped,
    ] {
        let id = pair.server.begin().unwrap();
        pair.server.session.reply(id, answer);
    }
    pair.exchange();
    let Outcome::Reply(reply) = pair.client.outcome(tickets[0]) else { panic!() };
    assert_eq!((reply.metadata, reply.body), (metadata(), bytes(3).into()));
    let Outcome::Typed(error) = pair.client.outcome(tickets[1]) else { panic!() };
    assert_eq!((error.metadata, error.body), (metadata(), bytes(4).into()));
    let error = pair.client.failure(tickets[2]);
    assert_eq!((error.code(), error.message(), error.delivery()), (Code::NotFound, "no such key", Delivery::Executed));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(250)), "W-47");
    assert_eq!(error.metadata().get("k"), Some("v"));
    assert_eq!(pair.client.verdict(tickets[3]), (Delivery::Executed, Code::Internal));
    pair.client.assert_empty();
    pair.server.assert_empty();
}

/// A status is a line; an endless one is cut, at a character.
#[test]
fn a_long_status_is_cut() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let ticket = pair.client.start(1);
    pair.exchange();
    let id = pair.server.begin().unwrap();
    let message = "ü".repeat(500_000);
    pair.server.session.reply(id, Answer::Status { code: Code::Internal, message, metadata: None, push_back: None });
    pair.exchange();
    assert_eq!(pair.client.failure(ticket).message(), "ü".repeat(4096));
}

/// W-9: what must be understood and is not refuses the call, and nothing else.
#[test]
fn a_call_with_an_unknown_even_field_is_refused() {
    let mut server = Bench::server();
    let fields = Fields { unknown: Some(0x70), ..Fields::default() };
    server.hear(Frame::Call(Call { fields: fields.clone(), ..call(1, part(1)) }));
    server.hear(Frame::Call(Call { fields, ..call(3, head_of(9)) }));
    server.hear(chunk(3, 9));
    server.hear(small_call(5));
    let unimplemented = Code::Unimplemented.number();
    assert_eq!(answers(&server.said()), [(1, false, unimplemented), (3, false, unimplemented)]);
    assert_eq!(server.begin(), Some(5));
    assert_eq!(server.session.serving(), 1);
}

/// W-9: an answer that is not understood fails the call; the handler was started, unless the answer may say otherwise.
#[test]
fn an_answer_with_an_unknown_even_field_fails_the_call() {
    let fields = || Fields { unknown: Some(0x70), ..Fields::default() };
    for message in [part(9), head_of(9)] {
        for (ran, delivery) in [
            (None, Delivery::Executed),
            (Some(Ran::Yes), Delivery::Executed),
            (Some(Ran::No), Delivery::Unknown),
            (Some(Ran::Unknown), Delivery::Unknown),
        ] {
            let mut client = Bench::client();
            let (ticket, id) = client.sent(1);
            let message = message.clone();
            let chunked = message.total.is_some();
            client.hear(match ran {
                None => Frame::Reply { id, fields: fields(), message },
                Some(ran) => Frame::End(End { ran, fields: fields(), message, ..status(id, Code::NotFound) }),
            });
            if chunked {
                client.hear(chunk(id, 9));
            }
            assert_eq!(client.verdict(ticket), (delivery, Code::Internal));
            client.assert_empty();
        }
    }
}

/// W-24: a call that fails takes nothing else with it.
#[test]
fn a_failed_call_leaves_the_others() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let tickets: Vec<Ticket> = (0..3).map(|_| pair.client.start(1)).collect();
    pair.exchange();
    let ids: Vec<u64> = (0..3).map(|_| pair.server.begin().unwrap()).collect();
    pair.server.session.reply(
        ids[1],
        Answer::Status { code: Code::Internal, message: String::new(), metadata: None, push_back: None },
    );
    pair.exchange();
    assert_eq!(pair.client.verdict(tickets[1]), (Delivery::Executed, Code::Internal));
    assert!(pair.client.is_waiting(tickets[0]) && pair.client.is_waiting(tickets[2]));
    pair.server.reply(ids[0], 1);
    pair.server.reply(ids[2], 1);
    pair.exchange();
    assert!(matches!(pair.client.outcome(tickets[0]), Outcome::Reply(_)));
    assert!(matches!(pair.client.outcome(tickets[2]), Outcome::Reply(_)));
}

/// Both ends may call at the same time; their ids do not meet.
#[test]
fn both_ends_call() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let (up, down) = (pair.client.start(1), pair.server.start(1));
    pair.exchange();
    let (at_server, at_client) = (pair.server.begin().unwrap(), pair.client.begin().unwrap());
    pair.server.reply(at_server, 2);
    pair.client.reply(at_client, 3);
    pair.exchange();
    let Outcome::Reply(reply) = pair.client.outcome(up) else { panic!() };
    assert_eq!(reply.body.len(), 2);
    let Outcome::Reply(reply) = pair.server.outcome(down) else { panic!() };
    assert_eq!(reply.body.len(), 3);
    pair.client.assert_empty();
    pair.server.assert_empty();
}

//! How long a message may be: at the limit and past it, both directions, at both ends.

use super::*;

const LIMIT: usize = 70_000;

fn limited() -> Limits {
    Limits::default().with_message(LIMIT).with_frame(65_536)
}

/// The caller checks before it sends.
#[test]
fn arguments_past_the_peers_limit_are_not_sent() {
    let mut pair = Pair::new(Limits::default(), limited());
    let ticket = pair.client.start(LIMIT);
    let error = pair.client.try_call(&outgoing(LIMIT + 1)).unwrap_err();
    assert_eq!((error.delivery(), error.code()), (Delivery::NotSent, Code::ResourceExhausted));
    assert!(error.message().contains("70001") && error.message().contains("70000"), "{error}");
    assert!(error.message().contains("Limits::message"), "{error}");
    pair.exchange();
    let id = pair.server.begin().unwrap();
    pair.server.reply(id, 1);
    pair.exchange();
    assert!(matches!(pair.client.outcome(ticket), Outcome::Reply(_)));
}

/// What waited for the peer's HELLO is checked when that has come; what waits behind it goes.
#[test]
fn arguments_that_waited_for_hello_are_checked_then() {
    let mut client = Bench::new(Role::Client, Limits::default());
    let (fits, past) = (client.start(LIMIT), client.start(LIMIT + 1));
    let behind = client.start(1);
    client.hear(Frame::Hello(Box::new(Hello { message: LIMIT as u32, assembly: LIMIT as u32, ..roomy() })));
    assert_eq!(client.verdict(past), (Delivery::NotSent, Code::ResourceExhausted));
    assert_eq!(calls(&client.said()).len(), 2);
    assert!(client.is_waiting(fits) && client.is_waiting(behind));
}

/// W-28: the callee refuses that message alone, reads over its chunks, and the connection lives.
#[test]
fn arguments_past_the_limit_are_refused() {
    let mut server = Bench::greeted(Role::Server, limited(), roomy());
    server.hear(Frame::Call(call(1, head_of(LIMIT + 1))));
    assert_eq!(answers(&server.said()), [(1, false, Code::ResourceExhausted.number())]);
    server.hear(Frame::Call(call(3, head_of(LIMIT))));
    for len in [60_000, 10_000] {
        server.hear(chunk(1, len));
        server.hear(chunk(3, len));
    }
    server.hear(chunk(1, 1));
    assert_eq!(server.begin(), Some(3));
    assert_eq!(server.session.serving(), 1);
    server.reply(3, 1);
    server.said();
    server.assert_empty();
}

/// The same for a message in one frame, where the frame limit is the larger one.
#[test]
fn arguments_in_one_frame_are_refused_too() {
    let mut server = Bench::greeted(Role::Server, Limits::default().with_message(65_536), roomy());
    server.hear(Frame::Call(call(1, part(65_537))));
    server.hear(Frame::Call(call(3, part(65_536))));
    assert_eq!(answers(&server.said()), [(1, false, Code::ResourceExhausted.number())]);
    assert_eq!(server.begin(), Some(3));
}

/// The callee checks before it sends: the handler ran, and the caller is told what to change.
#[test]
fn a_result_past_the_callers_limit_is_not_sent() {
    let answers: [fn(Message) -> Answer; 2] =
        [|message| Answer::Reply { metadata: None, message }, |message| Answer::Typed { metadata: None, message }];
    for answer in answers {
        let mut pair = Pair::new(limited(), Limits::default());
        let (fits, past) = (pair.client.start(1), pair.client.start(1));
        pair.exchange();
        for len in [LIMIT, LIMIT + 1] {
            let id = pair.server.begin().unwrap();
            pair.server.session.reply(id, answer(message(len)));
        }
        pair.exchange();
        assert!(!matches!(pair.client.outcome(fits), Outcome::Failed(_)));
        let error = pair.client.failure(past);
        assert_eq!((error.delivery(), error.code()), (Delivery::Executed, Code::ResourceExhausted));
        assert!(error.message().contains("70001") && error.message().contains("Limits::message"), "{error}");
        pair.client.assert_empty();
        pair.server.assert_empty();
    }
}

/// The caller fails that call alone, reads over the answer, and keeps the slot until it has gone by.
#[test]
fn an_answer_past_the_limit_fails_the_call() {
    let mut client = Bench::greeted(Role::Client, limited(), roomy());
    let (ticket, id) = client.sent(1);
    client.hear(reply(id, head_of(LIMIT + 1)));
    let error = client.failure(ticket);
    assert_eq!((error.delivery(), error.code()), (Delivery::Executed, Code::ResourceExhausted));
    assert!(error.message().contains("70001") && error.message().contains("Limits::message"), "{error}");
    client.hear(chunk(id, 60_000));
    assert!(!client.session.is_idle());
    client.hear(chunk(id, 10_001));
    client.assert_empty();
}

/// Whether the handler ran is what the answer says, also when it is too long to be read.
#[test]
fn a_refusal_past_the_limit_is_still_a_refusal() {
    let mut client = Bench::greeted(Role::Client, limited(), roomy());
    let (ticket, id) = client.sent(1);
    client.hear(Frame::End(End { ran: Ran::No, message: head_of(LIMIT + 1), ..status(id, Code::NotFound) }));
    assert_eq!(client.verdict(ticket), (Delivery::NotExecuted, Code::ResourceExhausted));
}

/// An answer in one frame is held to the limit too.
#[test]
fn an_answer_in_one_frame_past_the_limit_fails_the_call() {
    let mut client = Bench::greeted(Role::Client, Limits::default().with_message(65_536), roomy());
    let (fits, past) = (client.start(1), client.start(1));
    let ids = calls(&client.said());
    client.hear(reply(ids[0], part(65_536)));
    client.hear(reply(ids[1], part(65_537)));
    assert!(matches!(client.outcome(fits), Outcome::Reply(_)));
    assert_eq!(client.verdict(past), (Delivery::Executed, Code::ResourceExhausted));
    client.assert_empty();
}

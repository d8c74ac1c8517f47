//! Calls that run once: their request ids, and answers that know nothing of them.

use super::*;

fn request(number: u64, instance: u8) -> Option<Box<RequestId>> {
    Some(Box::new(RequestId { number, instance: [instance; 16] }))
}

fn with_request(id: u64) -> Call {
    Call { fields: Fields { request: request(7, 0), ..Fields::default() }, ..call(id, part(1)) }
}

/// W-43: short or long, in the first attempt and later.
#[test]
fn a_request_id_reaches_the_handlers_end() {
    for (len, instance) in [(1, 0), (1, 3), (200_000, 0), (200_000, 3)] {
        let mut pair = Pair::new(Limits::default(), Limits::default());
        pair.client.call(&Outgoing { request: request(7, instance), ..outgoing(len) });
        pair.exchange();
        let incoming = pair.server.session.poll_call(pair.server.now).unwrap();
        assert_eq!((incoming.request.as_ref(), incoming.body.len()), (request(7, instance).as_ref(), len));
        assert_eq!(incoming.request.unwrap().is_retry(), instance > 0);
    }
}

/// W-43.
#[test]
fn a_call_that_runs_once_has_one_answer_and_no_streams() {
    for wrong in [
        Call { oneway: true, ..with_request(1) },
        Call { streams: true, ..with_request(1) },
        Call { reads: true, ..with_request(1) },
    ] {
        let breach = Bench::server().breach(Frame::Call(wrong));
        assert_eq!(breach.text(), "call 1 has a request id, and is one-way or has streams");
    }
    let mut server = Bench::server();
    server.hear(Frame::Call(with_request(1)));
    assert_eq!(server.begin(), Some(1));
}

/// W-45.
#[test]
fn what_was_not_run_by_this_call_is_neither_executed_nor_not() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let ticket = pair.client.call(&Outgoing { request: request(7, 3), ..outgoing(1) });
    pair.exchange();
    let id = pair.server.begin().unwrap();
    pair.server.session.reply(id, Answer::Unknown("unknown whether it ran".to_owned()));
    let said = pair.server.said();
    let [Frame::End(end)] = &said[..] else { panic!("{said:?}") };
    assert_eq!((end.code, end.ran), (Code::Aborted.number(), Ran::Unknown));
    said.into_iter().for_each(|frame| pair.client.hear(frame));
    assert_eq!(pair.client.verdict(ticket), (Delivery::Unknown, Code::Aborted));
    pair.client.assert_empty();
}

/// What is kept of an answer is no part of a longer buffer, which it would keep too.
#[test]
fn a_copy_of_an_answer_has_memory_of_its_own() {
    for len in [0, 10, 100_000] {
        let answer = Answer::Reply { metadata: None, message: message(len) };
        let copy = answer.copy();
        let (Answer::Reply { message: mine, .. }, Answer::Reply { message, .. }) = (&copy, &answer) else {
            panic!("{copy:?}")
        };
        assert_eq!((copy.len(), mine.tail(), mine.segments()), (len, message.tail(), message.segments()));
        let apart = |(one, other): (&Bytes, &Bytes)| one.as_ptr() != other.as_ptr();
        assert!(mine.segments().iter().zip(message.segments()).all(apart));
    }
}

/// W-45: also where the text is longer than the caller takes.
#[test]
fn an_unknown_outcome_stays_unknown_where_its_text_cannot_be_read() {
    let mut client = Bench::greeted(Role::Client, least(), roomy());
    let (ticket, id) = client.sent(1);
    let message = head_of(client.session.limits.message + 1);
    client.hear(Frame::End(End { ran: Ran::Unknown, message, ..status(id, Code::Aborted) }));
    assert_eq!(client.verdict(ticket), (Delivery::Unknown, Code::ResourceExhausted));
}

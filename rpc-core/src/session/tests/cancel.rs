//! Calls that are given up, at every moment.

use super::*;

/// A call that is given up while it waits sends nothing, then and later.
#[test]
fn a_call_given_up_while_it_waits_sends_nothing() {
    let mut client = Bench::client();
    for _ in 0..16 {
        client.start(1);
    }
    let waits = client.start(1);
    let ids = calls(&client.said());
    client.session.abandon(waits);
    assert!(client.said().is_empty());
    client.hear(reply(ids[0], part(1)));
    assert!(client.said().is_empty());
    assert!(client.take_outcome(waits).is_none());
}

/// The same before the peer's HELLO.
#[test]
fn a_call_given_up_before_hello_is_forgotten() {
    let mut client = Bench::new(Role::Client, Limits::default());
    let waits = client.start(100_000);
    client.session.abandon(waits);
    assert!(matches!(client.said()[..], [Frame::Hello(_)]));
    client.hear(Frame::Hello(Box::new(roomy())));
    assert!(client.said().is_empty());
    client.assert_empty();
}

/// Calls that are given up behind one that cannot go do not pile up.
#[test]
fn given_up_calls_do_not_pile_up() {
    let mut client = Bench::new(Role::Client, Limits::default());
    client.start(100_000);
    for _ in 0..10_000 {
        let ticket = client.start(100_000);
        client.session.abandon(ticket);
    }
    assert!(client.session.line.len() < 1000);
}

/// W-21: CANCEL, and then one answer, which is late and not wrong.
#[test]
fn an_answer_that_crosses_a_cancel_is_late_not_wrong() {
    for answer in [reply as fn(u64, Part) -> Frame, |id, _| end(id, Code::Internal)] {
        let mut client = Bench::client();
        let (ticket, id) = client.sent(1);
        client.session.abandon(ticket);
        assert_eq!(client.said(), [cancel(id)]);
        client.hear(answer(id, part(1)));
        assert!(client.said().is_empty());
        client.assert_empty();
        client.breach(answer(id, part(1)));
    }
}

/// Nobody is told of an outcome twice, and no CANCEL follows an answer.
#[test]
fn giving_up_after_the_answer_sends_nothing() {
    let mut client = Bench::client();
    let (ticket, id) = client.sent(1);
    client.hear(reply(id, part(1)));
    client.session.abandon(ticket);
    client.session.abandon(ticket);
    assert!(client.said().is_empty());
    client.assert_empty();
}

/// A call is cancelled once, however often it is given up.
#[test]
fn giving_up_twice_cancels_once() {
    let mut client = Bench::client();
    let (ticket, id) = client.sent(1);
    client.session.abandon(ticket);
    client.session.abandon(ticket);
    assert_eq!(client.said(), [cancel(id)]);
}

/// W-21: a CANCEL for a call that has been answered, or was never taken, is ignored.
#[test]
fn a_cancel_that_crosses_the_answer_is_ignored() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    assert_eq!(server.begin(), Some(1));
    server.reply(1, 1);
    server.hear(cancel(1));
    server.hear(cancel(7));
    server.hear(cancel(2));
    assert_eq!(answers(&server.said()), [(1, true, 0)]);
    assert!(server.session.poll_stop().is_none());
    server.assert_empty();
}

/// W-21: the handler is told once, and the call is answered once, when it has ended.
#[test]
fn a_cancel_stops_the_handler_once() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    assert_eq!(server.begin(), Some(1));
    server.hear(cancel(1));
    server.hear(cancel(1));
    assert_eq!(server.session.poll_stop(), Some((1, Stop::Cancelled)));
    assert_eq!(server.session.poll_stop(), None);
    assert!(server.said().is_empty(), "it is answered when it has ended");
    server.end_stopped(1);
    server.end_stopped(1);
    server.reply(1, 1);
    assert_eq!(answers(&server.said()), [(1, true, Code::Cancelled.number())]);
}

/// A CANCEL may come between the start of a handler and the moment it can be stopped.
#[test]
fn a_cancel_before_the_handler_is_attached_is_not_lost() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    let incoming = server.session.poll_call(server.now).unwrap();
    server.hear(cancel(1));
    assert_eq!(server.session.attach(incoming.id, 9), Some((9, Stop::Cancelled)));
}

/// A handler that has answered before it was attached ended well: it is not told to stop, unless all are.
#[test]
fn a_handler_that_has_answered_is_not_stopped() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.session.poll_call(server.now).unwrap();
    server.reply(1, 1);
    assert_eq!(server.session.attach(1, 9), None);
    server.session.handle_lost(RpcError::new(Code::Unavailable, "lost"));
    assert_eq!(server.session.attach(1, 9), Some((9, Stop::Lost)));
}

/// A call that has not been started is refused, and never started.
#[test]
fn a_cancel_before_the_start_is_not_executed() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.hear(cancel(1));
    assert_eq!(server.begin(), None);
    assert_eq!(answers(&server.said()), [(1, false, Code::Cancelled.number())]);
    server.assert_empty();
}

/// W-30: nothing of the message follows the CANCEL.
#[test]
fn giving_up_amid_the_message_ends_it() {
    let mut client = Bench::greeted(Role::Client, Limits::default(), roomy());
    let ticket = client.start(1_000_000);
    let frames = client.polled();
    let id = calls(&frames)[0];
    assert!(matches!(frames.last(), Some(Frame::Chunk { .. })));
    client.session.abandon(ticket);
    client.written();
    assert_eq!(client.said(), [cancel(id)]);
    client.hear(refusal(id, Code::Cancelled));
    client.assert_empty();
}

/// W-30: the callee forgets what has come of the message, and was never in danger of starting it.
#[test]
fn a_cancel_amid_the_message_is_not_executed() {
    let mut server = Bench::server();
    server.hear(Frame::Call(call(1, head_of(60_000))));
    server.hear(chunk(1, 50_000));
    server.hear(cancel(1));
    assert_eq!(answers(&server.said()), [(1, false, Code::Cancelled.number())]);
    server.assert_empty();
    server.breach(chunk(1, 10_000));
}

/// W-30: an answer on its way is cut off, and the caller takes that for its end.
#[test]
fn a_cancel_amid_the_answer_cuts_it_off() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let ticket = pair.client.start(1);
    pair.exchange();
    let id = pair.server.begin().unwrap();
    pair.server.reply(id, 1_000_000);
    for frame in pair.server.polled() {
        pair.client.hear(frame);
    }
    assert_eq!(pair.client.session.assembly.len(), 1);
    pair.client.session.abandon(ticket);
    pair.client.said().into_iter().for_each(|frame| pair.server.hear(frame));
    pair.server.written();
    let rest = pair.server.said();
    assert_eq!(answers(&rest), [(id, true, Code::Cancelled.number())]);
    assert_eq!(rest.len(), 1);
    rest.into_iter().for_each(|frame| pair.client.hear(frame));
    pair.client.assert_empty();
    pair.server.assert_empty();
}

/// W-18, W-30: only an END with code 1 that is not chunked may follow a REPLY that is unfinished, and only after a
/// CANCEL.
#[test]
fn an_answer_is_cut_off_only_after_a_cancel() {
    let chunked = Frame::End(End { message: head_of(5), ..status(0, Code::Cancelled) });
    for (cancelled, answer, fits) in [
        (true, end(0, Code::Cancelled), true),
        (false, end(0, Code::Cancelled), false),
        (true, end(0, Code::Internal), false),
        (true, chunked, false),
        (true, reply(0, part(1)), false),
        (true, reply(0, head_of(5)), false),
    ] {
        let mut client = Bench::client();
        let (ticket, id) = client.sent(1);
        client.hear(reply(id, head_of(60_000)));
        client.hear(chunk(id, 1));
        if cancelled {
            client.session.abandon(ticket);
        }
        let answer = match answer {
            Frame::End(end) => Frame::End(End { id, ..end }),
            Frame::Reply { fields, message, .. } => Frame::Reply { id, fields, message },
            other => other,
        };
        let result = client.session.handle_frame(answer.clone(), client.now);
        assert_eq!(result.is_ok(), fits, "{cancelled} {answer:?}");
    }
}

/// W-29: the caller stops sending, says so, and has its outcome.
#[test]
fn an_answer_amid_the_message_ends_the_call() {
    let mut client = Bench::greeted(Role::Client, Limits::default(), roomy());
    let ticket = client.start(1_000_000);
    let id = calls(&client.polled())[0];
    client.hear(refusal(id, Code::Unavailable));
    client.written();
    assert_eq!(client.said(), [cancel(id)]);
    assert_eq!(client.verdict(ticket), (Delivery::NotExecuted, Code::Unavailable));
    client.assert_empty();
}

/// W-29: until the CANCEL or the last chunk has come, the callee reads over the chunks and the call keeps its slot.
#[test]
fn a_call_refused_amid_its_message_keeps_its_slot_until_it_has_gone_by() {
    for by_cancel in [true, false] {
        let mut server = Bench::server();
        server.hear(Frame::Call(call(1, head_of(70_000))));
        assert_eq!(answers(&server.said()), [(1, false, Code::ResourceExhausted.number())]);
        server.hear(chunk(1, 60_000));
        assert_eq!(server.session.serving(), 1);
        server.hear(if by_cancel { cancel(1) } else { chunk(1, 10_000) });
        server.assert_empty();
        assert!(server.said().is_empty(), "it was answered already");
    }
}

/// An abandoned call whose answer comes in chunks frees its slot with the last of them.
#[test]
fn an_unwanted_answer_is_read_over() {
    let mut client = Bench::client();
    let (ticket, id) = client.sent(1);
    client.session.abandon(ticket);
    client.hear(reply(id, head_of(60_000)));
    client.hear(chunk(id, 50_000));
    assert!(!client.session.is_idle());
    client.hear(chunk(id, 10_000));
    client.assert_empty();
}

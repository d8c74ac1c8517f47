//! How many calls are open, and when a slot is free again.

use super::*;

/// W-19: at the limit, and one past it.
#[test]
fn a_call_past_the_slots_waits_at_the_caller() {
    let mut client = Bench::client();
    for _ in 0..16 {
        client.start(1);
    }
    let last = client.start(1);
    let ids = calls(&client.said());
    assert_eq!(ids.len(), 16);
    assert!(client.is_waiting(last));
    client.hear(reply(ids[7], part(1)));
    assert_eq!(calls(&client.said()).len(), 1);
}

/// Calls that wait go in the order they came.
#[test]
fn calls_that_wait_keep_their_order() {
    let mut client = Bench::client();
    for _ in 0..16 {
        client.start(1);
    }
    for len in [2, 3, 4] {
        client.start(len);
    }
    let ids = calls(&client.said());
    let mut lengths = Vec::new();
    for id in &ids[..3] {
        client.hear(reply(*id, part(1)));
        lengths.extend(client.said().iter().filter_map(|frame| match frame {
            Frame::Call(call) => Some(call.message.bytes.len()),
            _ => None,
        }));
    }
    assert_eq!(lengths, [2, 3, 4]);
}

/// W-19: at the limit, and one past it; the connection lives.
#[test]
fn a_peer_that_passes_the_slots_is_refused() {
    let mut server = Bench::server();
    for at in 0..17 {
        server.hear(small_call(2 * at + 1));
    }
    assert_eq!(answers(&server.said()), [(33, false, Code::Unavailable.number())]);
    assert_eq!(server.begin(), Some(1));
    server.reply(1, 1);
    server.hear(small_call(35));
    assert_eq!(answers(&server.said()), [(1, true, 0)]);
    assert_eq!(server.session.serving(), 16);
}

/// W-19, W-21: at the callee, a slot is free when the handler has ended.
#[test]
fn a_cancelled_call_keeps_its_slot_until_the_handler_has_ended() {
    let mut server = Bench::server();
    for at in 0..16 {
        server.hear(small_call(2 * at + 1));
        assert_eq!(server.begin(), Some(2 * at + 1));
        server.hear(cancel(2 * at + 1));
    }
    server.hear(small_call(33));
    assert_eq!(answers(&server.said()), [(33, false, Code::Unavailable.number())]);
    server.end_stopped(5);
    server.hear(small_call(35));
    assert_eq!(answers(&server.said()), [(5, true, Code::Cancelled.number())]);
    assert_eq!(server.begin(), Some(35));
}

/// W-19, W-21: at the caller, when the answer has come.
#[test]
fn an_abandoned_call_keeps_its_slot_until_it_is_answered() {
    let mut client = Bench::client();
    let tickets: Vec<Ticket> = (0..17).map(|_| client.start(1)).collect();
    let ids = calls(&client.said());
    for ticket in &tickets[..16] {
        client.session.abandon(*ticket);
    }
    let frames = client.said();
    assert_eq!(frames.len(), 16);
    assert!(frames.iter().all(|frame| matches!(frame, Frame::Cancel { .. })));
    client.hear(end(ids[3], Code::Cancelled));
    assert_eq!(calls(&client.said()).len(), 1);
}

/// W-18, W-20: a one-way call is never answered; its slot comes back through DONE, gathered.
#[test]
fn one_way_calls_are_counted_in_one_done() {
    let mut server = Bench::server();
    for id in [1, 3, 5] {
        server.hear(oneway_call(id, part(1)));
        assert_eq!(server.begin(), Some(id));
    }
    assert!(server.said().is_empty());
    server.reply(3, 1);
    server
        .session
        .reply(1, Answer::Status { code: Code::Internal, message: "lost".to_owned(), metadata: None, push_back: None });
    assert!(server.session.has_output());
    assert_eq!(server.said(), [Frame::Done(2)]);
    assert!(!server.session.is_idle());
    server.end_stopped(5);
    assert_eq!(server.said(), [Frame::Done(1)]);
    server.assert_empty();
}

/// W-20.
#[test]
fn a_one_way_call_holds_a_slot_until_done() {
    let mut client = Bench::client();
    for _ in 0..16 {
        client.send(1);
    }
    let waits = client.call(&oneway(1));
    assert_eq!(calls(&client.said()).len(), 16);
    assert!(client.take_outcome(waits).is_none());
    client.hear(Frame::Done(3));
    assert_eq!(calls(&client.said()).len(), 1);
    assert_eq!(client.poll_ended(), [client.callers[&waits]]);
    assert!(matches!(client.outcome(waits), Outcome::Sent));
    client.hear(Frame::Done(14));
    client.assert_empty();
}

/// W-20: at what is open, and one past it.
#[test]
fn done_for_more_than_is_open_is_a_breach() {
    let mut client = Bench::client();
    client.start(1);
    for _ in 0..2 {
        client.send(1);
    }
    client.hear(Frame::Done(2));
    client.breach(Frame::Done(1));
}

/// W-18: an answer to a one-way call is a breach.
#[test]
fn an_answer_to_a_one_way_call_is_a_breach() {
    for answer in [reply as fn(u64, Part) -> Frame, |id, _| end(id, Code::Internal)] {
        let mut client = Bench::client();
        client.send(1);
        let ids = calls(&client.said());
        client.breach(answer(ids[0], part(1)));
    }
}

/// W-20: run or refused.
#[test]
fn a_refused_one_way_call_is_counted_too() {
    let mut server = Bench::server();
    for at in 0..17 {
        server.hear(oneway_call(2 * at + 1, part(1)));
    }
    assert_eq!(server.said(), [Frame::Done(1)]);
    server.hear(cancel(3));
    assert_eq!(server.said(), [Frame::Done(1)]);
}

/// W-20, W-29: a refused one-way call whose message still comes keeps its slot until it has gone by; otherwise the
/// next call of an honest caller would be past the slots.
#[test]
fn a_refused_one_way_call_is_counted_when_its_message_has_gone_by() {
    let mut server = Bench::server();
    let fields = Fields { deadline: Some(Duration::from_millis(1)), ..Fields::default() };
    server.hear(Frame::Call(Call { oneway: true, fields, ..call(1, head_of(60_000)) }));
    server.wait(Duration::from_millis(1));
    assert!(server.said().is_empty());
    server.hear(chunk(1, 50_000));
    assert!(server.said().is_empty());
    server.hear(chunk(1, 10_000));
    assert_eq!(server.said(), [Frame::Done(1)]);
    server.assert_empty();
}

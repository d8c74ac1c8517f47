//! How a connection ends on purpose.

use super::*;

/// Two ends with `count` calls of the client running at the server, and the tickets and ids of these.
fn running(count: usize) -> (Pair, Vec<Ticket>, Vec<u64>) {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let tickets = (0..count).map(|_| pair.client.start(1)).collect();
    pair.exchange();
    let ids = (0..count).map(|_| pair.server.begin().unwrap()).collect();
    (pair, tickets, ids)
}

/// W-36: announced, then concluded when nothing is on its way any more; what was taken is finished.
#[test]
fn a_graceful_end_has_two_phases() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.begin();
    server.session.shut_down();
    server.session.shut_down();
    let frames = server.said();
    let [Frame::Goaway { last: ANNOUNCED, reason: Reason::Shutdown, .. }, Frame::Ping(token)] = frames[..] else {
        panic!("{frames:?}")
    };
    server.hear(small_call(3));
    assert_eq!(server.begin(), Some(3), "it was on its way");
    server.hear(Frame::Pong(token));
    assert!(matches!(server.said()[..], [Frame::Goaway { last: 3, .. }]));
    server.hear(small_call(5));
    assert_eq!(server.begin(), None);
    server.reply(1, 1);
    assert!(!server.session.is_finished());
    server.reply(3, 1);
    assert_eq!(answers(&server.said()), [(1, true, 0), (3, true, 0)]);
    assert!(server.session.is_finished());
    server.assert_empty();
}

/// W-36: or after a bounded time, without the PONG.
#[test]
fn an_end_may_be_concluded_without_the_pong() {
    let mut server = Bench::server();
    server.session.shut_down();
    server.said();
    assert!(!server.session.is_finished());
    server.session.conclude(Reason::Shutdown, "");
    server.session.conclude(Reason::Shutdown, "");
    assert!(matches!(server.said()[..], [Frame::Goaway { last: 0, .. }]));
    assert!(server.session.is_finished());
}

/// A PONG that nobody asked for concludes nothing.
#[test]
fn a_pong_out_of_the_blue_ends_nothing() {
    let mut server = Bench::server();
    server.hear(Frame::Pong(*b"goaway\0\0"));
    server.hear(Frame::Pong([0; 8]));
    assert!(server.said().is_empty());
    server.hear(small_call(1));
    assert_eq!(server.begin(), Some(1));
}

/// W-35: a call above `last` is neither answered nor executed, also one in chunks.
#[test]
fn calls_after_the_conclusion_are_not_taken() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.session.conclude(Reason::Shutdown, "");
    server.said();
    server.hear(Frame::Call(call(3, head_of(60_000))));
    server.hear(chunk(3, 30_000));
    server.hear(cancel(3));
    server.hear(Frame::Call(call(5, head_of(60_000))));
    server.hear(chunk(5, 60_000));
    server.hear(oneway_call(7, part(1)));
    server.hear(cancel(5));
    assert_eq!(server.begin(), Some(1));
    assert_eq!(server.begin(), None);
    assert!(server.said().is_empty());
    server.reply(1, 1);
    server.said();
    server.assert_empty();
}

/// W-16 holds for them too.
#[test]
fn ids_grow_after_the_conclusion_too() {
    let mut server = Bench::server();
    server.session.conclude(Reason::Shutdown, "");
    server.hear(small_call(5));
    server.breach(small_call(5));
}

/// W-35: above `last` not executed, up to it still awaited; what waited is not sent, and nothing is started any more.
#[test]
fn a_goaway_parts_the_calls() {
    let mut client = Bench::client();
    let tickets: Vec<Ticket> = (0..17).map(|_| client.start(1)).collect();
    let ids = calls(&client.said());
    client.hear(goaway(ids[4]));
    for ticket in &tickets[5..16] {
        assert_eq!(client.verdict(*ticket), (Delivery::NotExecuted, Code::Unavailable));
    }
    assert_eq!(client.verdict(tickets[16]), (Delivery::NotSent, Code::Unavailable));
    let error = client.try_call(&outgoing(1)).unwrap_err();
    assert_eq!((error.delivery(), error.code()), (Delivery::NotSent, Code::Unavailable));
    assert!(error.is_retryable() && client.session.check_live().is_err());
    for (ticket, id) in tickets[..5].iter().zip(&ids) {
        client.hear(reply(*id, part(1)));
        assert!(matches!(client.outcome(*ticket), Outcome::Reply(_)));
    }
    client.breach(reply(ids[5], part(1)));
    client.said();
    client.assert_empty();
}

/// W-35: the announcement ends no call that was sent.
#[test]
fn an_announcement_lets_open_calls_finish() {
    let (mut pair, tickets, ids) = running(2);
    pair.server.session.shut_down();
    pair.exchange();
    assert!(pair.client.session.check_live().is_err());
    for (ticket, id) in tickets.into_iter().zip(ids) {
        pair.server.reply(id, 1);
        pair.exchange();
        assert!(matches!(pair.client.outcome(ticket), Outcome::Reply(_)));
    }
    assert!(pair.server.session.is_finished() && pair.client.session.is_finished());
}

/// W-35: it may come again, but never grow.
#[test]
fn last_never_grows() {
    for (first, second, fits) in [(9, 9, true), (9, 7, true), (9, 10, false), (9, ANNOUNCED, false)] {
        let mut client = Bench::client();
        client.hear(goaway(first));
        assert_eq!(client.session.handle_frame(goaway(second), client.now).is_ok(), fits, "{first} {second}");
    }
}

/// W-35: the end that closes may still finish calls of its own.
#[test]
fn the_end_that_closes_may_still_call() {
    let (mut pair, _, ids) = running(1);
    pair.server.session.shut_down();
    pair.exchange();
    let nested = pair.server.start(1);
    pair.exchange();
    let id = pair.client.begin().unwrap();
    pair.client.reply(id, 1);
    pair.exchange();
    assert!(matches!(pair.server.outcome(nested), Outcome::Reply(_)));
    assert!(!pair.server.session.is_finished());
    pair.server.reply(ids[0], 1);
    pair.exchange();
    assert!(pair.server.session.is_finished());
}

/// An end that was told of the end says in its turn which calls it took, as soon as it is idle: what crosses that is
/// then not executed, instead of unknown.
#[test]
fn an_end_that_is_told_of_the_end_concludes_too() {
    let mut client = Bench::client();
    let (ticket, id) = client.sent(1);
    client.hear(small_call(2));
    client.hear(goaway(ANNOUNCED));
    client.hear(goaway(id));
    assert_eq!(client.begin(), Some(2));
    client.hear(reply(id, part(1)));
    client.outcome(ticket);
    assert!(client.said().is_empty(), "it still runs a handler");
    client.reply(2, 1);
    assert!(!client.session.is_finished() && client.session.has_output());
    let frames = client.said();
    assert!(matches!(frames[..], [Frame::Reply { .. }, Frame::Goaway { last: 2, .. }]), "{frames:?}");
    assert!(client.session.is_finished());
}

/// W-35: what crossed it.
#[test]
fn a_call_that_crosses_the_other_ends_conclusion_is_not_executed() {
    let mut server = Bench::server();
    server.session.shut_down();
    let crossing = server.start(1);
    server.session.conclude(Reason::Shutdown, "");
    server.hear(goaway(0));
    assert_eq!(server.verdict(crossing), (Delivery::NotExecuted, Code::Unavailable));
}

/// W-20, W-35: one-way calls up to `last` are awaited like others; those above it have ended.
#[test]
fn one_way_calls_up_to_last_are_awaited() {
    let mut client = Bench::client();
    for _ in 0..3 {
        client.send(1);
    }
    let ids = calls(&client.said());
    client.hear(goaway(ids[1]));
    client.hear(Frame::Done(1));
    assert!(!client.session.is_idle());
    client.hear(Frame::Done(1));
    assert!(client.session.is_idle());
    client.breach(Frame::Done(1));
}

/// W-30, W-35: the message of a call that is not taken is not sent on, and the peer is told.
#[test]
fn a_goaway_amid_the_message_ends_it() {
    for is_oneway in [false, true] {
        let mut client = Bench::greeted(Role::Client, Limits::default(), roomy());
        let outgoing = Outgoing { oneway: is_oneway, ..outgoing(1_000_000) };
        client.try_call(&outgoing).unwrap();
        let id = calls(&client.polled())[0];
        client.hear(goaway(0));
        client.written();
        let rest = client.said();
        assert_eq!(rest[0], cancel(id));
        assert!(matches!(rest[1..], [Frame::Goaway { .. }]));
        assert!(client.session.sender.is_idle());
    }
}

/// W-38: what the peer did is said to it, with the last call that was taken.
#[test]
fn a_breach_is_named() {
    let mut server = Bench::server();
    server.hear(small_call(7));
    let breach = server.breach(reply(2, part(1)));
    server.session.break_off(&breach);
    let frames = server.said();
    let [Frame::Goaway { last: 7, reason: Reason::Misbehaviour, text }] = &frames[..] else { panic!("{frames:?}") };
    assert!(text.contains("never sent"), "{text}");
}

/// The grace is over: running handlers are told, the others are never started, and each call is answered once.
#[test]
fn a_forced_end_answers_every_call_once() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.begin();
    server.hear(small_call(3));
    server.hear(Frame::Call(call(5, head_of(40_000))));
    server.hear(chunk(5, 10_000));
    server.hear(Frame::Call(call(7, head_of(70_000))));
    assert_eq!(answers(&server.said()), [(7, false, Code::ResourceExhausted.number())]);
    server.session.stop_all(Stop::Forced);
    server.session.stop_all(Stop::Forced);
    assert_eq!(server.session.poll_stop(), Some((1, Stop::Forced)));
    assert_eq!(server.session.poll_stop(), None);
    let unavailable = Code::Unavailable.number();
    assert_eq!(answers(&server.said()), [(3, false, unavailable), (5, false, unavailable)]);
    assert_eq!(server.begin(), None);
    server.hear(chunk(5, 10_000));
    server.hear(chunk(5, 20_000));
    server.hear(chunk(7, 60_000));
    server.hear(cancel(7));
    server.end_stopped(1);
    assert_eq!(answers(&server.said()), [(1, true, unavailable)]);
    server.assert_empty();
}

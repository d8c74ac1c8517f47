//! What a peer can make this end keep or do is bounded, and an honest one never meets the bounds.

use super::*;

/// How many bytes of answers stop further work, with the least limits.
const WRITE_QUEUE: usize = 65_536;
/// What a REPLY is besides its message.
const REPLY: usize = 16 + 2;

/// A full write queue stops work from being started; answers, cancels and whatever else comes are still taken in.
#[test]
fn a_full_write_queue_starts_no_work() {
    let mut server = Bench::server();
    let own = server.start(1);
    for at in 0..5 {
        server.hear(small_call(2 * at + 1));
    }
    server.begin();
    server.begin();
    server.reply(1, WRITE_QUEUE - REPLY);
    let frames = server.polled();
    assert_eq!(server.begin(), None);
    assert_eq!(server.session.poll_call(server.now).map(|incoming| incoming.id), None);
    server.hear(reply(calls(&frames)[0], part(1)));
    assert!(matches!(server.outcome(own), Outcome::Reply(_)));
    server.hear(cancel(3));
    assert_eq!(server.session.poll_stop(), Some((3, Stop::Cancelled)));
    server.hear(cancel(5));
    server.hear(Frame::Ping([3; 8]));
    server.written();
    let frames = server.said();
    assert_eq!(answers(&frames), [(5, false, Code::Cancelled.number())]);
    assert!(frames.contains(&Frame::Pong([3; 8])));
    assert_eq!(server.begin(), Some(7));
}

/// The queue is full at its limit, and not before.
#[test]
fn work_is_started_below_the_limit() {
    for (len, starts) in [(WRITE_QUEUE - REPLY - 1, true), (WRITE_QUEUE - REPLY, false)] {
        let mut server = Bench::server();
        server.hear(small_call(1));
        server.hear(small_call(3));
        server.begin();
        server.reply(1, len);
        assert_eq!(server.begin().is_some(), starts, "{len}");
    }
}

/// Long answers take turns with everything else: they stop no work, until they take up all the memory they may. What
/// this end uploads itself does not count: both ends may upload at once.
#[test]
fn long_answers_stop_work_only_when_memory_is_short() {
    const LONG: usize = 3_000_000;
    let limits = Limits::default();
    let fit = limits.assembly.div_ceil(LONG) as u64;
    let mut server = Bench::greeted(Role::Server, limits, roomy());
    server.start(LONG);
    for at in 0..fit {
        server.hear(small_call(2 * at + 1));
        assert_eq!(server.begin(), Some(2 * at + 1));
        server.reply(2 * at + 1, LONG);
    }
    server.hear(small_call(2 * fit + 1));
    assert_eq!(server.begin(), None);
}

/// A small call goes out beside a large one also where the write queue is short and the transport slow.
#[test]
fn a_short_write_queue_lets_small_calls_pass() {
    let limits = Limits::default().with_frame(65_536).with_write_queue(65_536);
    let mut client = Bench::greeted(Role::Client, limits, roomy());
    client.start(3_000_000);
    client.polled();
    let mut taken = client.session.outbox.position() - client.session.outbox.backlog() as u64;
    for _ in 0..100 {
        client.start(1);
        assert!(client.session.line.is_empty(), "it went at once");
        taken += 10_000;
        client.session.handle_written(taken, client.now);
        client.polled();
    }
    assert!(!client.session.sender.is_idle(), "the large one is still on its way");
}

/// W-34.
#[test]
fn a_ping_is_answered_with_its_bytes() {
    let mut server = Bench::server();
    server.hear(Frame::Ping(*b"12345678"));
    assert_eq!(server.said(), [Frame::Pong(*b"12345678")]);
}

/// W-39: each kind of frame without effect, at the budget and one past it.
#[test]
fn frames_without_effect_are_bounded() {
    for frame in [Frame::Ping([0; 8]), Frame::Pong([0; 8]), Frame::Skipped, cancel(1), chunk(3, 1), goaway(9)] {
        let mut server = Bench::server();
        server.hear(small_call(1));
        server.hear(cancel(1));
        server.hear(Frame::Call(call(3, head_of(1 << 30))));
        if frame == goaway(9) {
            server.hear(goaway(9));
        }
        for _ in 0..10_000 {
            server.hear(frame.clone());
            server.said();
        }
        assert_eq!(server.breach(frame.clone()).reason(), Reason::Flood, "{frame:?}");
    }
}

/// W-39: a GOAWAY may come again and take more back, but not without end.
#[test]
fn goaways_that_fall_are_bounded() {
    let mut client = Bench::client();
    client.hear(goaway(ANNOUNCED));
    for below in 1..=10_000 {
        client.hear(goaway(ANNOUNCED - below));
    }
    assert_eq!(client.breach(goaway(9)).reason(), Reason::Flood);
}

/// W-39: cancelling what runs again and again has no effect either.
#[test]
fn repeated_cancels_are_bounded() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.begin();
    server.hear(cancel(1));
    for _ in 0..10_000 {
        server.hear(cancel(1));
    }
    assert_eq!(server.breach(cancel(1)).reason(), Reason::Flood);
}

/// A caller whose cancels always cross the answers is honest, however fast it is.
#[test]
fn crossing_cancels_are_no_flood() {
    let mut server = Bench::server();
    for at in 0..50_000 {
        let id = 2 * at + 1;
        server.hear(small_call(id));
        server.begin();
        server.reply(id, 1);
        server.hear(cancel(id));
        server.said();
    }
    server.assert_empty();
}

/// A caller whose calls are refused, for load or because this end is older, is honest too.
#[test]
fn refused_calls_are_no_flood() {
    let mut server = Bench::server();
    let fields = Fields { unknown: Some(0x70), ..Fields::default() };
    for at in 0..50_000 {
        server.hear(Frame::Call(Call { fields: fields.clone(), ..call(2 * at + 1, part(1)) }));
        server.said();
    }
    server.assert_empty();
}

/// And so is a peer whose long messages are refused, or no longer wanted, when much of them is on its way.
#[test]
fn long_chunks_of_refused_messages_are_no_flood() {
    let mut server = Bench::greeted(Role::Server, Limits::default(), roomy());
    server.hear(Frame::Call(call(1, head_of(2_000_000_000))));
    for _ in 0..20_000 {
        server.hear(chunk(1, 65_536));
    }
}

/// The chunks of an answer that this end cancelled are not the peer's doing.
#[test]
fn chunks_of_unwanted_answers_are_no_flood() {
    let mut client = Bench::greeted(Role::Client, Limits::default(), roomy());
    let (ticket, id) = client.sent(1);
    client.hear(reply(id, head_of(20_000)));
    client.session.abandon(ticket);
    for _ in 0..20_000 {
        client.hear(chunk(id, 1));
    }
    client.assert_empty();
}

/// W-39: a peer that causes answers and does not read them is sent away, before much has piled up.
#[test]
fn a_peer_that_does_not_read_is_sent_away() {
    let mut server = Bench::server();
    let fields = Fields { unknown: Some(0x70), ..Fields::default() };
    let mut id = 1;
    let breach = loop {
        let refused = Frame::Call(Call { fields: fields.clone(), ..call(id, part(0)) });
        if let Err(breach) = server.session.handle_frame(refused, server.now) {
            break breach;
        }
        id += 2;
    };
    assert_eq!(breach.reason(), Reason::Flood);
    let backlog = server.session.outbox.backlog();
    assert!((8 << 20..9 << 20).contains(&backlog), "{backlog}");
    server.polled();
    server.written();
    server.hear(small_call(id + 2));
}

/// A peer that calls much at once and reads slowly is honest: its slots bound what piles up.
#[test]
fn many_answers_at_once_are_no_flood() {
    let limits = Limits::default().with_calls(2048);
    let mut server = Bench::greeted(Role::Server, limits, roomy());
    for at in 0..2048 {
        server.hear(small_call(2 * at + 1));
        server.begin();
    }
    for at in 0..2048 {
        server.reply(2 * at + 1, 20_000);
    }
    server.hear(cancel(1));
    assert!(server.session.outbox.backlog() < 2 << 20, "the outbox stays short: {}", server.session.outbox.backlog());
    assert_eq!(server.begin(), None);
    let frames = server.said();
    let mut ids: Vec<u64> = answers(&frames).iter().map(|(id, ..)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..2048).map(|at| 2 * at + 1).collect::<Vec<_>>());
    server.assert_empty();
}

/// Calls that were cancelled before they were started do not stay, also where none can be started.
#[test]
fn cancelled_calls_do_not_pile_up() {
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.begin();
    server.reply(1, WRITE_QUEUE);
    for at in 1..10_000 {
        server.hear(oneway_call(2 * at + 1, part(1000)));
        server.hear(cancel(2 * at + 1));
        assert_eq!(server.session.ready_bytes, 0);
    }
    assert!(server.session.ready.len() < 200, "{}", server.session.ready.len());
    server.said();
    assert_eq!(server.begin(), None);
    server.said();
    server.assert_empty();
}

/// What waits to be started is bounded in bytes, at the limit and one past it; metadata counts.
#[test]
fn what_waits_to_be_started_is_bounded() {
    let metadata = [("k", "v".repeat(997).as_str())].into_iter().collect();
    let fields = Fields { metadata: Some(Box::new(metadata)), ..Fields::default() };
    let mut server = Bench::server();
    server.hear(small_call(1));
    server.begin();
    server.reply(1, WRITE_QUEUE);
    server.hear(Frame::Call(Call { fields, ..call(3, part(9_000)) }));
    server.hear(Frame::Call(call(5, part(55_534))));
    server.hear(Frame::Call(call(7, part(1))));
    server.hear(small_call(9));
    assert_eq!(answers(&server.said()), [(9, false, Code::Unavailable.number()), (1, true, 0)]);
    assert_eq!(server.begin(), Some(3));
    server.hear(Frame::Call(call(11, part(10_000))));
    assert_eq!(server.session.serving(), 4);
}

/// Calls that wait only because the driver has more to read are not refused, until it has read far too much.
#[test]
fn what_was_read_in_one_turn_is_started() {
    let mut server = Bench::greeted(Role::Server, least().with_calls(2048), roomy());
    let mut refused = Vec::new();
    for at in 0..200 {
        server.hear(Frame::Call(call(2 * at + 1, part(65_000))));
        refused.extend(answers(&server.said()));
    }
    assert_eq!(refused.len(), 200 - ((8 << 20) + 65_536) / 65_000);
    assert!(refused.iter().all(|answer| answer.2 == Code::Unavailable.number()));
}

/// A write queue that is full keeps calls of this end waiting too, and they go when it is not.
#[test]
fn a_full_write_queue_keeps_calls_waiting() {
    let limits = Limits::default().with_write_queue(65_536);
    let mut client = Bench::greeted(Role::Client, limits, Hello { calls: 100, ..roomy() });
    for _ in 0..3 {
        client.start(40_000);
    }
    assert_eq!(calls(&client.polled()).len(), 2);
    assert!(client.polled().is_empty());
    client.written();
    assert_eq!(calls(&client.polled()).len(), 1);
}

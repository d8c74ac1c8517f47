//! Deadlines, at both ends.

use super::outcome::LONGEST_DEADLINE;
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

impl Bench {
    /// Starts a call with a deadline a second from now.
    fn start_within_a_second(&mut self) -> Ticket {
        let deadline = Some(self.now + SECOND);
        self.call(&Outgoing { deadline, ..outgoing(1) })
    }
}

fn call_within(id: u64, deadline: Duration, message: Part) -> Frame {
    let fields = Fields { deadline: Some(deadline), ..Fields::default() };
    Frame::Call(Call { fields, ..call(id, message) })
}

/// D1: the caller has its outcome at its deadline, tells the peer, and takes the late answer quietly.
#[test]
fn an_open_call_ends_at_its_deadline() {
    let mut client = Bench::client();
    let ticket = client.start_within_a_second();
    let id = calls(&client.said())[0];
    client.wait(SECOND - MILLI);
    assert!(client.is_waiting(ticket));
    client.wait(MILLI);
    assert_eq!(client.verdict(ticket), (Delivery::Unknown, Code::DeadlineExceeded));
    assert_eq!(client.said(), [cancel(id)]);
    client.hear(reply(id, part(1)));
    client.assert_empty();
    assert_eq!(client.session.poll_timeout(), None);
}

/// A call that never got a slot is not sent, then or later.
#[test]
fn a_call_that_waits_ends_at_its_deadline_unsent() {
    let mut client = Bench::client();
    for _ in 0..16 {
        client.start(1);
    }
    let ids = calls(&client.said());
    let ticket = client.start_within_a_second();
    client.wait(SECOND);
    assert_eq!(client.verdict(ticket), (Delivery::NotSent, Code::DeadlineExceeded));
    client.hear(reply(ids[0], part(1)));
    assert!(client.said().is_empty());
}

/// The slot comes free in the moment the deadline has passed, before the timer has said so.
#[test]
fn a_call_is_not_sent_after_its_deadline() {
    let mut client = Bench::client();
    for _ in 0..16 {
        client.start(1);
    }
    let ids = calls(&client.said());
    let ticket = client.start_within_a_second();
    client.now += SECOND;
    client.hear(reply(ids[0], part(1)));
    assert!(client.said().is_empty());
    assert_eq!(client.verdict(ticket), (Delivery::NotSent, Code::DeadlineExceeded));
}

/// D2 `deadline_in_past`: nothing is sent, not even before HELLO.
#[test]
fn a_deadline_in_the_past_sends_nothing() {
    for mut client in [Bench::client(), Bench::new(Role::Client, Limits::default())] {
        client.said();
        for oneway in [false, true] {
            let outgoing = Outgoing { oneway, deadline: Some(client.now), ..outgoing(1) };
            let error = client.try_call(&outgoing).unwrap_err();
            assert_eq!((error.delivery(), error.code()), (Delivery::NotSent, Code::DeadlineExceeded));
        }
        assert!(client.said().is_empty());
        client.assert_empty();
    }
}

/// W-11: what is sent is the time that remains when the call goes.
#[test]
fn waiting_for_a_slot_counts() {
    let mut client = Bench::client();
    for _ in 0..16 {
        client.start(1);
    }
    let ids = calls(&client.said());
    client.start_within_a_second();
    client.wait(400 * MILLI);
    client.hear(reply(ids[0], part(1)));
    let frames = client.said();
    let [Frame::Call(call)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(call.fields.deadline, Some(600 * MILLI));
}

/// W-11, D7: the longest number there is neither overflows nor stays for ever.
#[test]
fn an_endless_deadline_is_shortened() {
    let mut server = Bench::server();
    server.hear(call_within(1, Duration::from_micros(u64::MAX), part(1)));
    let incoming = server.session.poll_call(server.now).unwrap();
    assert_eq!(incoming.deadline, Some(server.now + LONGEST_DEADLINE));
}

/// The same on the way out.
#[test]
fn an_endless_deadline_is_sent() {
    let mut client = Bench::client();
    let deadline = client.now + 100 * LONGEST_DEADLINE;
    client.call(&Outgoing { deadline: Some(deadline), ..outgoing(1) });
    let frames = client.said();
    let [Frame::Call(call)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(call.fields.deadline, Some(100 * LONGEST_DEADLINE));
}

/// D8: late before it was started: never started, and the caller learns that.
#[test]
fn a_ready_call_is_refused_at_its_deadline() {
    let mut server = Bench::server();
    server.hear(call_within(1, SECOND, part(1)));
    assert_eq!(server.session.poll_timeout(), Some(server.now + SECOND));
    server.wait(SECOND);
    assert_eq!(server.begin(), None);
    assert_eq!(answers(&server.said()), [(1, false, Code::DeadlineExceeded.number())]);
    server.assert_empty();
    assert_eq!(server.session.poll_timeout(), None);
}

/// The same when the timer is late.
#[test]
fn a_late_call_is_not_started() {
    let mut server = Bench::server();
    server.hear(call_within(1, SECOND, part(1)));
    server.now += SECOND;
    assert_eq!(server.begin(), None);
    assert_eq!(answers(&server.said()), [(1, false, Code::DeadlineExceeded.number())]);
    server.assert_empty();
}

/// D9: a running handler is told, and answers 4 when it has ended, not before.
#[test]
fn a_running_handler_is_stopped_at_its_deadline() {
    let mut server = Bench::server();
    server.hear(call_within(1, SECOND, part(1)));
    server.begin();
    server.wait(SECOND - MILLI);
    assert_eq!(server.session.poll_stop(), None);
    server.wait(MILLI);
    assert_eq!(server.session.poll_stop(), Some((1, Stop::DeadlineExceeded)));
    assert!(server.said().is_empty());
    assert_eq!(server.session.serving(), 1);
    assert_eq!(server.session.poll_timeout(), None, "it is told once");
    server.hear(cancel(1));
    assert_eq!(server.session.poll_stop(), None);
    server.end_stopped(1);
    assert_eq!(answers(&server.said()), [(1, true, Code::DeadlineExceeded.number())]);
    server.assert_empty();
}

/// A deadline may pass between the start of a handler and the moment it can be stopped.
#[test]
fn a_deadline_before_the_handler_is_attached_is_not_lost() {
    let mut server = Bench::server();
    server.hear(call_within(1, SECOND, part(1)));
    server.session.poll_call(server.now).unwrap();
    server.wait(SECOND);
    assert_eq!(server.session.attach(1, 9), Some((9, Stop::DeadlineExceeded)));
}

/// Late amid its message: refused, and its chunks are read over.
#[test]
fn a_call_whose_message_is_late_is_refused() {
    let mut server = Bench::server();
    server.hear(call_within(1, SECOND, head_of(60_000)));
    server.hear(chunk(1, 20_000));
    server.wait(SECOND);
    assert_eq!(answers(&server.said()), [(1, false, Code::DeadlineExceeded.number())]);
    assert_eq!(server.session.serving(), 1);
    server.hear(Frame::Call(call(3, head_of(65_536))));
    server.hear(chunk(1, 40_000));
    assert_eq!(server.session.serving(), 1);
    assert_eq!(server.begin(), None);
    server.wait(SECOND);
    assert!(server.said().is_empty(), "it was answered once");
}

/// D3: a call that is answered in time leaves no timer.
#[test]
fn an_answered_call_leaves_no_timer() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let ticket = pair.client.start_within_a_second();
    pair.exchange();
    let id = pair.server.begin().unwrap();
    pair.server.reply(id, 1);
    pair.exchange();
    assert!(matches!(pair.client.outcome(ticket), Outcome::Reply(_)));
    for end in [&mut pair.client, &mut pair.server] {
        end.wait(SECOND);
        assert_eq!(end.session.poll_timeout(), None);
        assert!(end.said().is_empty());
        assert!(end.session.poll_stop().is_none());
    }
}

/// D5: many at once, and each at its own time.
#[test]
fn a_thousand_calls_end_at_their_deadlines() {
    let mut client = Bench::greeted(Role::Client, Limits::default(), roomy());
    let tickets: Vec<Ticket> = (0..1000)
        .map(|at| {
            let deadline = Some(client.now + (at % 10 + 1) * MILLI);
            client.call(&Outgoing { deadline, ..outgoing(1) })
        })
        .collect();
    let ids = calls(&client.said());
    for round in 1..=10 {
        assert_eq!(client.session.poll_timeout(), Some(client.now + MILLI));
        client.wait(MILLI);
        assert_eq!(client.poll_ended().len(), 100, "round {round}");
    }
    assert_eq!(client.session.poll_timeout(), None);
    for ticket in tickets {
        assert_eq!(client.verdict(ticket).0, Delivery::Unknown);
    }
    for id in ids {
        client.hear(end(id, Code::Cancelled));
    }
    client.said();
    client.assert_empty();
}

/// The deadline ends the sending of a large message too.
#[test]
fn a_deadline_amid_the_message_ends_it() {
    let mut client = Bench::greeted(Role::Client, Limits::default(), roomy());
    let deadline = Some(client.now + SECOND);
    let ticket = client.call(&Outgoing { deadline, ..outgoing(1_000_000) });
    let id = calls(&client.polled())[0];
    client.wait(SECOND);
    client.written();
    assert_eq!(client.said(), [cancel(id)]);
    assert_eq!(client.verdict(ticket), (Delivery::Unknown, Code::DeadlineExceeded));
    client.hear(refusal(id, Code::Cancelled));
    client.assert_empty();
}

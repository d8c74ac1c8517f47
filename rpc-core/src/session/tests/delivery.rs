//! What is known of a call when its connection is lost.

use super::*;

/// Unwritten is not sent, written in part or in full is unknown, and what waited was not sent.
#[test]
fn a_loss_says_what_was_written() {
    for (more, delivery) in [(0, Delivery::NotSent), (1, Delivery::Unknown), (100, Delivery::Unknown)] {
        let mut client = Bench::client();
        let first = client.start(100);
        client.polled();
        let before = client.written;
        let second = client.start(100);
        client.polled();
        let third = client.start(100);
        let others: Vec<Ticket> = (0..14).map(|_| client.start(1)).collect();
        client.session.handle_written(before + more, client.now);
        client.lose();
        assert_eq!(client.verdict(first), (Delivery::Unknown, Code::Unavailable));
        assert_eq!(client.verdict(second), (delivery, Code::Unavailable), "{more} bytes of it");
        assert_eq!(client.verdict(third), (Delivery::NotSent, Code::Unavailable), "not even polled");
        assert_eq!(client.verdict(others[13]), (Delivery::NotSent, Code::Unavailable), "never had a slot");
    }
}

/// Last words follow what is queued, and whoever reads them reads that: without proof nothing is claimed.
#[test]
fn a_loss_with_last_words_proves_nothing_of_what_is_queued() {
    let mut client = Bench::client();
    let queued = client.start(1);
    let waits: Vec<Ticket> = (0..16).map(|_| client.start(1)).collect();
    client.session.conclude(Reason::Shutdown, "");
    client.session.handle_lost(RpcError::new(Code::Unavailable, "closed"));
    assert_eq!(client.verdict(queued).0, Delivery::Unknown);
    assert_eq!(client.verdict(waits[15]).0, Delivery::NotSent);
    assert_eq!(calls(&client.said()).len(), 16, "it is said now");
}

/// And with nothing more to be written, nothing is.
#[test]
fn nothing_is_written_after_the_transport_took_no_more() {
    let mut client = Bench::client();
    let queued = client.start(1);
    client.lose();
    assert_eq!(client.verdict(queued).0, Delivery::NotSent);
    client.session.conclude(Reason::Shutdown, "");
    assert!(!client.session.has_output());
    assert!(client.said().is_empty());
}

/// W-35, W-37: only a GOAWAY proves that a call that was written was not executed.
#[test]
fn a_goaway_before_the_loss_decides_what_is_known() {
    for (last, delivery) in [(ANNOUNCED, Delivery::Unknown), (0, Delivery::NotExecuted)] {
        let mut client = Bench::client();
        let (ticket, _) = client.sent(1);
        client.hear(goaway(last));
        client.lose();
        assert_eq!(client.verdict(ticket), (delivery, Code::Unavailable));
    }
}

/// What the peer said explains more than the end of the stream.
#[test]
fn the_peers_reason_is_told_to_the_callers() {
    let mut client = Bench::client();
    let (ticket, id) = client.sent(1);
    client.hear(Frame::Goaway { last: id, reason: Reason::Flood, text: "too many pings".to_owned() });
    client.lose();
    let error = client.failure(ticket);
    assert!(error.message().contains("too many pings"), "{error}");
}

/// A call ends once: an outcome that is there stays.
#[test]
fn a_loss_changes_no_outcome() {
    let mut client = Bench::client();
    let (answered, id) = client.sent(1);
    let deadline = Some(client.now + Duration::from_secs(1));
    let late = client.call(&Outgoing { deadline, ..outgoing(1) });
    let given_up = client.start(1);
    client.said();
    client.hear(reply(id, part(1)));
    client.wait(Duration::from_secs(1));
    client.session.abandon(given_up);
    client.lose();
    client.lose();
    assert!(matches!(client.outcome(answered), Outcome::Reply(_)));
    assert_eq!(client.verdict(late).1, Code::DeadlineExceeded);
    assert!(client.take_outcome(given_up).is_none());
    client.assert_empty();
    assert_eq!(client.session.poll_timeout(), None);
}

/// Half an answer is no answer.
#[test]
fn a_loss_amid_the_answer_is_unknown() {
    let mut client = Bench::client();
    let (ticket, id) = client.sent(1);
    client.hear(reply(id, head_of(60_000)));
    client.hear(chunk(id, 59_999));
    client.lose();
    assert_eq!(client.verdict(ticket), (Delivery::Unknown, Code::Unavailable));
    client.assert_empty();
}

/// The handlers are told, those that were not started never are, and what they answer goes nowhere.
#[test]
fn a_loss_stops_every_handler() {
    let mut server = Bench::server();
    for id in [1, 3] {
        server.hear(small_call(id));
    }
    server.hear(oneway_call(5, part(1)));
    server.hear(Frame::Call(call(7, head_of(60_000))));
    server.begin();
    let unattached = server.session.poll_call(server.now).unwrap();
    server.lose();
    assert_eq!(server.session.poll_stop(), Some((1, Stop::Lost)));
    assert_eq!(server.session.poll_stop(), None);
    assert_eq!(server.session.attach(unattached.id, 3), Some((3, Stop::Lost)));
    assert_eq!(server.begin(), None);
    for id in [1, 3, 5] {
        server.reply(id, 1);
    }
    server.assert_empty();
    assert_eq!(server.session.poll_timeout(), None);
}

/// After the loss nothing is started.
#[test]
fn nothing_is_started_after_the_loss() {
    let mut client = Bench::client();
    client.lose();
    let error = client.try_call(&outgoing(1)).unwrap_err();
    assert_eq!((error.delivery(), error.code()), (Delivery::NotSent, Code::Unavailable));
    assert!(error.is_retryable() && client.session.check_live().is_err());
}

/// A one-way call that is on its way has ended for its caller; one that waits has not been sent.
#[test]
fn one_way_calls_at_the_loss() {
    let mut client = Bench::client();
    (0..16).for_each(|_| client.send(1));
    let waits = client.call(&oneway(1));
    client.said();
    client.lose();
    assert_eq!(client.verdict(waits), (Delivery::NotSent, Code::Unavailable));
    assert!(client.session.is_idle());
}

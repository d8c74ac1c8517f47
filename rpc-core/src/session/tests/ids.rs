//! Who is called what.

use super::calls::LAST_SEQUENCE;
use super::*;

/// W-16: odd for the client, even and above 0 for the server, growing, never used again.
#[test]
fn ids_grow_and_keep_their_parity() {
    for (role, parity) in [(Role::Client, 1), (Role::Server, 0)] {
        let mut bench = Bench::greeted(role, Limits::default(), hello());
        let mut last = 0;
        for round in 0..100 {
            let (ticket, id) = bench.sent(1);
            assert_eq!(id & 1, parity);
            assert!(id > last, "{id} after {last}");
            last = id;
            bench.hear(reply(id, part(1)));
            bench.outcome(ticket);
            // Some stay open, so that places are taken and given back in no order.
            if round % 10 == 0 {
                last = bench.sent(1).1;
            }
        }
    }
}

/// W-16.
#[test]
fn an_id_that_does_not_grow_is_a_breach() {
    for bad in [5, 3, 1, 8] {
        let mut server = Bench::server();
        server.hear(small_call(5));
        server.breach(small_call(bad));
    }
}

/// W-16: also where the call was refused or has ended.
#[test]
fn an_id_is_not_used_again_after_its_call_has_ended() {
    let mut server = Bench::server();
    server.hear(small_call(5));
    assert_eq!(server.begin(), Some(5));
    server.reply(5, 1);
    server.said();
    server.breach(small_call(5));
}

/// W-16: gaps are legal.
#[test]
fn ids_may_leave_gaps() {
    let mut server = Bench::server();
    for id in [1, 1001, u64::MAX] {
        server.hear(small_call(id));
        assert_eq!(server.begin(), Some(id));
    }
    server.reply(1001, 1);
    server.reply(u64::MAX, 1);
    server.reply(1, 1);
    assert_eq!(answers(&server.said()), [(1001, true, 0), (u64::MAX, true, 0), (1, true, 0)]);
}

/// F15: a connection that has used up its ids takes no further calls, instead of going round to the first.
#[test]
fn ids_never_wrap() {
    let mut client = Bench::client();
    client.session.sequence = LAST_SEQUENCE - 1;
    let (last, id) = client.sent(1);
    assert!(id < ANNOUNCED && id > u64::MAX / 2);
    let error = client.try_call(&outgoing(1)).unwrap_err();
    assert_eq!((error.delivery(), error.code()), (Delivery::NotSent, Code::Unavailable));
    assert!(client.session.check_live().is_err(), "a new connection is needed");
    client.hear(reply(id, part(1)));
    client.outcome(last);
    client.assert_empty();
}

/// F15: the same for calls that were waiting when the ids were used up.
#[test]
fn calls_that_wait_fail_when_ids_are_used_up() {
    let mut client = Bench::client();
    client.session.sequence = LAST_SEQUENCE - 17;
    let tickets: Vec<Ticket> = (0..18).map(|_| client.start(1)).collect();
    let ids = calls(&client.said());
    assert_eq!(ids.len(), 16);
    client.hear(reply(ids[0], part(1)));
    assert_eq!(calls(&client.said()).len(), 1);
    client.hear(reply(ids[1], part(1)));
    assert!(client.said().is_empty());
    assert_eq!(client.verdict(tickets[17]), (Delivery::NotSent, Code::Unavailable));
}

/// W-17: the hashes arrive as they were sent.
#[test]
fn service_and_method_arrive() {
    let mut pair = Pair::new(Limits::default(), Limits::default());
    let outgoing = Outgoing { service: 0xDEAD_BEEF, method: 0x1234_5678, ..outgoing(1) };
    pair.client.call(&outgoing);
    pair.exchange();
    let incoming = pair.server.session.poll_call(pair.server.now).unwrap();
    assert_eq!((incoming.service, incoming.method), (0xDEAD_BEEF, 0x1234_5678));
}

/// A ticket never names a later call that has its place.
#[test]
fn an_old_ticket_names_nothing() {
    let mut client = Bench::client();
    let (old, id) = client.sent(1);
    client.hear(reply(id, part(1)));
    client.outcome(old);
    let (new, id) = client.sent(1);
    assert_eq!(old.slot, new.slot, "the place is used again");
    client.session.abandon(old);
    assert!(client.take_outcome(old).is_none());
    assert!(client.said().is_empty());
    client.hear(reply(id, part(1)));
    assert!(matches!(client.outcome(new), Outcome::Reply(_)));
}

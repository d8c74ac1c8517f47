//! How much a stream may have in flight.

use super::flow::*;
use super::*;

/// W-31: an item costs its length and 16; one begins while there is credit, at the last of it and one past that.
#[test]
fn an_item_without_credit_is_a_breach() {
    let mut server = Bench::server();
    server.take(1, 2, false);
    server.hear(data(1, 1, 2048 - EMPTY - 1));
    server.hear(data(1, 1, 60_000));
    server.breach(data(1, 1, 0));
    let mut server = Bench::server();
    server.take(1, 2, false);
    server.hear(data(1, 1, 2048 - EMPTY));
    server.hear(data(1, 2, 1));
    server.breach(data(1, 1, 0));
}

/// W-31: items of no length are not free.
#[test]
fn empty_items_use_up_the_credit() {
    let mut client = Bench::client();
    let (_, id) = client.open(0, true);
    for _ in 0..2048 / EMPTY {
        client.hear(data(id, 1, 0));
    }
    client.breach(data(id, 1, 0));
}

/// W-31: one in chunks costs its total, at its first frame.
#[test]
fn an_item_in_chunks_is_paid_for_at_once() {
    for (total, fits) in [(2048 - EMPTY - 1, true), (2048 - EMPTY, false)] {
        let mut server = Bench::server();
        server.take(1, 1, false);
        server.hear(data_of(1, 1, total));
        server.hear(chunk_of(1, 1, total));
        match fits {
            true => server.hear(data(1, 1, 0)),
            false => drop(server.breach(data(1, 1, 0))),
        }
    }
}

/// W-31: what was overdrawn is settled first.
#[test]
fn credit_settles_what_was_overdrawn() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(1, false);
    assert_eq!(client.lent(), 2048);
    client.make(id, 1, 10_000);
    assert_eq!(items(&client.said()), [(1, 10_000)]);
    client.hear(credit(id, 1, 10_000 + EMPTY as u32 - 2048));
    assert_eq!(client.lent(), 0, "it is even, and no item begins without credit");
    client.hear(credit(id, 1, 1));
    assert_eq!(client.lent(), 10_000 + EMPTY - 2048 + 1);
    client.make(id, 1, 0);
    assert_eq!(client.lent(), 0);
    client.hear(credit(id, 1, EMPTY as u32));
    assert_eq!(client.lent(), EMPTY);
}

/// W-31: at the most credit there is, and one past it.
#[test]
fn credit_past_the_most_is_a_breach() {
    let most = i32::MAX as u32;
    for (first, more) in [(2048, most - 2048), (most, 0)] {
        let peer = Hello { credit: first, ..roomy() };
        let mut client = Bench::greeted(Role::Client, Limits::default(), peer);
        let (_, id) = client.open(1, false);
        if more > 0 {
            client.hear(credit(id, 1, more));
        }
        client.breach(credit(id, 1, 1));
    }
    let mut server = Bench::server();
    server.take(1, 0, true);
    server.hear(credit(1, 1, most - 2048));
    server.breach(credit(1, 1, 1));
    let mut server = Bench::server();
    server.take(1, 0, true);
    server.hear(credit(1, 1, most - 2048));
    server.make(1, 1, 1000 - EMPTY);
    server.hear(credit(1, 1, 1000));
    server.breach(credit(1, 1, 1));
}

/// W-39: credit in crumbs is counted, at what is a crumb and one above it.
#[test]
fn credit_in_crumbs_is_bounded() {
    let mut client = Bench::client();
    let (_, id) = client.open(1, false);
    for _ in 0..10_000 {
        client.hear(credit(id, 1, 255));
    }
    client.hear(credit(id, 1, 256));
    assert_eq!(client.breach(credit(id, 1, 255)).reason(), Reason::Flood);
}

/// W-31: credit comes back when half a window has been read, at that and one below it.
#[test]
fn credit_is_returned_by_half_a_window() {
    let mut server = Bench::server();
    server.take(1, 1, false);
    server.hear(data(1, 1, 2048 - EMPTY));
    server.consume(1, 1, 1023);
    assert!(server.said().is_empty());
    server.consume(1, 1, 1);
    assert_eq!(credits(&server.said()), [(1, 1024)]);
    server.consume(1, 1, 1024);
    assert_eq!(credits(&server.said()), [(1, 1024)]);
    server.hear(data(1, 1, 2048 - EMPTY));
    server.breach(data(1, 1, 0));
}

/// W-31: all of an item that has overdrawn comes back, so that a long one is no end.
#[test]
fn the_credit_of_a_long_item_is_returned_whole() {
    let mut server = Bench::server();
    server.take(1, 1, false);
    server.hear(data(1, 1, 50_000));
    server.consume(1, 1, 50_000 + EMPTY);
    assert_eq!(credits(&server.said()), [(1, 50_000 + EMPTY as u32)]);
    server.hear(data(1, 1, 2048 - EMPTY - 1));
    server.hear(data(1, 1, 0));
    server.breach(data(1, 1, 0));
}

/// A window doubles when its reader has had to wait, and not otherwise.
#[test]
fn a_window_grows_with_its_reader() {
    let mut server = Bench::server();
    server.take(1, 1, false);
    let mut window = 2048;
    for _ in 0..5 {
        server.consume(1, 1, window / 2);
        assert_eq!(credits(&server.said()), [(1, window as u32 / 2)]);
        server.crave(1, 1, window / 2);
        assert_eq!(credits(&server.said()), [(1, window as u32 * 3 / 2)]);
        window *= 2;
        assert_eq!(server.session.widened, window - 2048);
    }
    server.hear(well(1, 1));
    assert_eq!(server.session.widened, 0, "it is returned when the stream ends");
    server.reply(1, 1);
    server.said();
    server.assert_settled();
}

/// A window takes at most half of what is left of `Limits::streams`: at that, and one past it.
#[test]
fn a_window_grows_only_while_there_is_room() {
    for (limit, grown) in [(4096, 2048), (4095, 0), (4096 + 2 * 2048, 2048), (2048 + 2 * 4096, 2048 + 4096)] {
        let limits = least().with_streams(limit);
        let mut server = Bench::greeted(Role::Server, limits, roomy());
        server.take(1, 1, false);
        for _ in 0..5 {
            server.crave(1, 1, 4096);
        }
        assert_eq!(server.session.widened, grown, "{limit}");
    }
}

/// What one stream has of it, others have not; it is theirs when that has ended.
#[test]
fn windows_share_their_room() {
    let mut server = Bench::greeted(Role::Server, least().with_streams(4096), roomy());
    server.take(1, 2, false);
    server.crave(1, 2, 2048);
    server.crave(1, 1, 2048);
    assert_eq!(server.session.widened, 2048);
    server.hear(badly(1, 2, Code::Internal));
    server.crave(1, 1, 4096);
    assert_eq!(server.session.widened, 2048);
    server.hear(cancel(1));
    server.end_stopped(1);
    server.said();
    server.assert_settled();
}

/// What the room of own calls is returned by: their answers, and the end of the connection.
#[test]
fn the_window_of_an_answer_is_returned_with_its_call() {
    for is_lost in [false, true] {
        let mut client = Bench::client();
        let (_, id) = client.open(0, true);
        client.crave(id, 1, 2048);
        assert_eq!(client.session.widened, 2048);
        match is_lost {
            false => client.hear(well(id, 0)),
            true => client.lose(),
        }
        client.poll_ended();
        client.said();
        assert_eq!(client.session.widened, 0);
        assert!(client.session.streams.is_empty());
    }
}

/// A caller may ask for more from the start, as far as there is room.
#[test]
fn a_window_may_be_wide_from_the_start() {
    for (window, granted) in
        [(0, None), (2048, None), (2049, Some(1)), (100_000, Some(97_952)), (200_000, Some(150_000))]
    {
        let mut client = Bench::greeted(Role::Client, Limits::default().with_streams(150_000), roomy());
        let (_, id) = client.open_that(&Outgoing { window, ..streaming(0, true) });
        assert_eq!(credits(&client.said()), granted.map(|more| (1, more)).into_iter().collect::<Vec<_>>());
        let all = 2048 + granted.unwrap_or_default() as usize;
        client.hear(data(id, 1, all - EMPTY));
        client.breach(data(id, 1, 0));
    }
}

/// A producer is lent no more than the credit, nor than 64 KiB beyond what is in the outbox.
#[test]
fn a_producer_is_not_lent_too_much() {
    const AHEAD: usize = 64 * 1024;
    for (granted, lent) in [(0, 2048), (AHEAD - 2048, AHEAD), (AHEAD, AHEAD)] {
        let mut client = Bench::roomy_client();
        let (_, id) = client.open(1, false);
        if granted > 0 {
            client.hear(credit(id, 1, granted as u32));
        }
        let mut all = client.lent();
        client.make(id, 1, 100);
        client.polled();
        all += client.lent();
        assert!(all <= lent, "{all}");
        // It uses up what it has.
        client.make(id, 1, all - EMPTY - 100 - EMPTY);
        assert_eq!(client.lent(), 0, "what it made has not gone");
        client.said();
        assert_eq!(client.lent(), (2048 + granted - all).min(AHEAD));
    }
}

/// W-31: none is lent while the credit is not above zero, though the outbox is empty.
#[test]
fn a_producer_without_credit_is_lent_nothing() {
    let mut server = Bench::server();
    server.take(1, 0, true);
    assert_eq!(server.lent(), 2048);
    server.make(1, 1, 2048 - EMPTY);
    server.said();
    assert_eq!(server.lent(), 0);
    server.hear(credit(1, 1, 1));
    assert_eq!(server.lent(), 1);
}

/// W-31: a call that goes before the peer's HELLO has no credit until that has come, and then what it says.
#[test]
fn the_first_credit_is_what_hello_says() {
    let mut client = Bench::new(Role::Client, Limits::default());
    let (_, id) = client.open(2, false);
    assert!(client.grants().is_empty());
    client.hear(Frame::Hello(Box::new(Hello { credit: 500, ..roomy() })));
    assert_eq!(client.grants(), [(1, Grant::Lend(500)), (2, Grant::Lend(500))]);
    client.make(id, 2, 3);
    assert_eq!(items(&client.said()), [(2, 3)]);
}

/// A peer that grants much on many streams, and may not read, does not have much made for each of them.
#[test]
fn producers_of_many_streams_are_not_far_ahead_all_at_once() {
    const AHEAD: usize = 64 * 1024;
    let mut client = Bench::greeted(Role::Client, least(), roomy());
    let ids: Vec<u64> = (0..3).map(|_| client.open(1, false).1).collect();
    assert_eq!(client.lent(), 3 * 2048);
    let mut lent = |id, amount| {
        client.hear(credit(id, 1, amount));
        client.lent()
    };
    assert_eq!(lent(ids[0], 1 << 20), AHEAD - 2048, "as far as one may be");
    // By now that is as much as `Limits::assembly`, which all may be together.
    assert_eq!([lent(ids[1], 1 << 20), lent(ids[2], 1 << 20)], [2048, 2048]);
    assert_eq!(lent(ids[1], 1 << 20), 0);
    client.make(ids[0], 1, 60_000);
    assert_eq!(items(&client.said()), [(1, 60_000)]);
    assert!(client.lent() > 0, "it goes on when that has gone");
    client.session.handle_lost(RpcError::new(Code::Unavailable, "gone"));
    assert_eq!(client.session.ahead, 0);
}

//! Streams that an end reads: their items, their ends, and readers that go.

use super::flow::*;
use super::*;

/// More than fits in a frame.
const LONG: usize = 70_000;

/// W-31, W-32: items come in order, and the end behind them; of each stream by itself.
#[test]
fn items_come_in_order_and_the_end_behind_them() {
    let mut server = Bench::server();
    server.take(1, 2, false);
    server.hear(data(1, 1, 3));
    server.hear(data(1, 2, 0));
    server.hear(data(1, 1, 900));
    assert_eq!(server.came(), [(1, vec![3, 900], None), (2, vec![0], None)]);
    assert!(server.came().is_empty());
    server.hear(data(1, 2, 20_000));
    server.hear(well(1, 2));
    server.hear(badly(1, 1, Code::Aborted));
    assert_eq!(server.came(), [(2, vec![20_000], Some(Ok(()))), (1, vec![], Some(Err(Code::Aborted)))]);
}

/// W-31, W-32: the same for the stream that answers a call; its end is the call's.
#[test]
fn an_answer_comes_in_order() {
    let mut client = Bench::roomy_client();
    let (ticket, id) = client.open(0, true);
    client.hear(data(id, 1, 3));
    client.hear(data(id, 1, 0));
    assert_eq!(client.came(), [(1, vec![3, 0], None)]);
    client.hear(data(id, 1, 5));
    client.hear(well(id, 0));
    let mut told = Vec::new();
    client.session.poll_told(&mut told);
    assert!(told.is_empty(), "who is told at once would not see the items");
    assert_eq!(client.came(), [(1, vec![5], None)]);
    assert!(matches!(client.outcome(ticket), Outcome::Reply(_)));
    client.said();
    client.assert_settled();
}

/// Nothing is lost of what comes before the call is started.
#[test]
fn what_comes_before_the_start_is_kept() {
    let mut server = Bench::greeted(Role::Server, Limits::default(), roomy());
    server.hear(streaming_call(1, 2, false));
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, LONG));
    server.hear(chunk_of(1, 1, LONG));
    server.hear(well(1, 1));
    server.hear(data(1, 2, 5));
    assert!(server.came().is_empty());
    server.begin_streaming();
    assert_eq!(server.came(), [(1, vec![3, LONG], Some(Ok(()))), (2, vec![5], None)]);
}

/// W-26: items in chunks come whole, in their place; those of other streams go past them.
#[test]
fn items_in_chunks_come_whole() {
    let mut server = Bench::greeted(Role::Server, least().with_assembly(2 * LONG).with_message(LONG), roomy());
    server.take(1, 2, false);
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, 50_000));
    server.hear(data_of(1, 2, LONG));
    server.hear(Frame::Chunk { id: 1, index: 1, bytes: bytes(20_000).into() });
    server.hear(chunk_of(1, 2, LONG));
    assert_eq!(server.came(), [(1, vec![3], None), (2, vec![LONG], None)]);
    server.hear(Frame::Chunk { id: 1, index: 1, bytes: bytes(50_000).slice(20_000..).into() });
    assert_eq!(server.came(), [(1, vec![50_000], None)]);
    assert!(server.session.assembly.is_empty());
}

/// W-27: one unfinished item per stream.
#[test]
fn an_item_within_an_item_is_a_breach() {
    let mut server = Bench::greeted(Role::Server, Limits::default(), roomy());
    server.take(1, 2, false);
    server.hear(data_of(1, 1, 300));
    server.hear(data_of(1, 2, 300));
    server.breach(data_of(1, 1, 300));
}

/// W-31, W-32: nothing comes behind the end.
#[test]
fn an_item_behind_the_end_is_a_breach() {
    for end in [well(1, 1), badly(1, 1, Code::Internal)] {
        for frame in [data(1, 1, 0), data_of(1, 1, 10), chunk_of(1, 1, 1), well(1, 1), badly(1, 1, Code::Internal)] {
            let mut server = Bench::server();
            server.take(1, 1, false);
            server.hear(end.clone());
            server.breach(frame);
        }
    }
}

/// W-32: no stream ends well within an item; otherwise it may, and what had come of the item is gone.
#[test]
fn a_clean_end_within_an_item_is_a_breach() {
    let mut server = Bench::server();
    server.take(1, 1, false);
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, 10));
    server.breach(well(1, 1));

    let mut server = Bench::server();
    server.take(1, 1, false);
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, 10));
    server.hear(badly(1, 1, Code::Aborted));
    assert_eq!(server.came(), [(1, vec![3], Some(Err(Code::Aborted)))]);
    assert!(server.session.assembly.is_empty());

    let mut client = Bench::client();
    let (_, id) = client.open(0, true);
    client.hear(data_of(id, 1, 10));
    client.breach(well(id, 0));

    let mut client = Bench::client();
    let (ticket, id) = client.open(0, true);
    client.hear(data(id, 1, 3));
    client.hear(data_of(id, 1, 10));
    client.hear(end(id, Code::Internal));
    assert_eq!(client.came(), [(1, vec![3], None)]);
    assert_eq!(client.verdict(ticket), (Delivery::Executed, Code::Internal));
    client.said();
    client.assert_settled();
}

/// An item may be as long as a message: at the limit, and one past it. The stream fails alone, behind what had come; the
/// item is read over, and so is what crosses the CANCEL.
#[test]
fn an_item_past_the_limit_fails_its_stream() {
    for is_chunked in [false, true] {
        let item = |len| if is_chunked { data_of(1, 1, len) } else { data(1, 1, len) };
        let mut server = Bench::greeted(Role::Server, least().with_frame(100_000), roomy());
        server.take(1, 2, false);
        server.hear(data(1, 1, 3));
        server.hear(item(65_536));
        if is_chunked {
            server.hear(chunk_of(1, 1, 65_536));
        }
        server.consume(1, 1, 65_536 + EMPTY);
        assert_eq!(credits(&server.said()).len(), 1);
        server.hear(item(65_537));
        assert_eq!(server.came(), [(1, vec![3, 65_536], Some(Err(Code::ResourceExhausted)))]);
        assert_eq!(server.said(), [cancel_of(1, 1)]);
        if is_chunked {
            server.hear(chunk_of(1, 1, 65_537));
        }
        server.hear(badly(1, 1, Code::Cancelled));
        server.hear(data(1, 2, 5));
        server.hear(well(1, 2));
        assert_eq!(server.came(), [(2, vec![5], Some(Ok(())))]);
        server.reply(1, 1);
        server.said();
        server.assert_settled();
    }
}

/// The same for the stream that answers: the call fails, and is cancelled.
#[test]
fn an_item_past_the_limit_fails_the_call_that_reads() {
    let mut client = Bench::greeted(Role::Client, least(), roomy());
    let (ticket, id) = client.open(1, true);
    client.said();
    client.hear(data(id, 1, 3));
    client.hear(data_of(id, 1, 65_537));
    assert_eq!(client.came(), [(1, vec![3], None)]);
    let error = client.failure(ticket);
    assert_eq!((error.delivery(), error.code()), (Delivery::Executed, Code::ResourceExhausted));
    assert!(error.message().contains("65537") && error.message().contains("Limits::message"), "{error}");
    assert_eq!(client.said(), [cancel(id)]);
    client.hear(chunk_of(id, 1, 65_537));
    client.hear(end(id, Code::Cancelled));
    client.assert_settled();
}

/// W-28: items count to what is unfinished, at the limit and one past it.
#[test]
fn unfinished_items_stay_within_assembly() {
    let mut server = Bench::server();
    server.take(1, 3, false);
    server.hear(data_of(1, 1, 65_000));
    server.hear(data_of(1, 2, 536));
    server.breach(data_of(1, 3, 1));
}

/// W-33: the caller is told once that a reader has gone; what still comes is read over, and credit is not returned.
#[test]
fn a_reader_that_goes_is_told_of() {
    let mut server = Bench::server();
    server.take(1, 2, false);
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, 1000));
    server.session.stop_reading(1, 1);
    server.session.stop_reading(1, 1);
    assert_eq!(server.said(), [cancel_of(1, 1)]);
    server.hear(chunk_of(1, 1, 1000));
    server.hear(data(1, 1, 20));
    server.consume(1, 1, 2000);
    assert!(server.came().is_empty() && server.said().is_empty());
    server.hear(data(1, 1, 2048));
    server.breach(data(1, 1, 0));
}

/// W-33: a stream that has ended has nobody to be told.
#[test]
fn a_reader_that_goes_after_the_end_is_not_told_of() {
    let mut server = Bench::server();
    server.take(1, 1, false);
    server.hear(well(1, 1));
    server.session.stop_reading(1, 1);
    assert!(server.said().is_empty());
}

/// W-30: a CANCEL ends all that the caller sends, behind what had come; what is unfinished is gone.
#[test]
fn a_cancel_ends_all_streams_of_its_call() {
    let mut server = Bench::server();
    server.take(1, 3, false);
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 2, 10));
    server.hear(well(1, 3));
    server.hear(cancel(1));
    let cancelled = || Some(Err(Code::Cancelled));
    let mut came = server.came();
    came.sort_by_key(|came| came.0);
    assert_eq!(came, [(1, vec![3], cancelled()), (2, vec![], cancelled()), (3, vec![], Some(Ok(())))]);
    server.breach(well(1, 1));
    server.end_stopped(1);
    server.said();
    server.assert_settled();
}

/// W-37: when the connection is lost, readers get what had come, and then an error; those of own calls with their
/// outcome.
#[test]
fn readers_get_what_had_come_before_the_connection_was_lost() {
    let mut server = Bench::server();
    server.take(1, 3, false);
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, 10));
    server.hear(data(1, 2, 5));
    server.hear(well(1, 2));
    server.lose();
    let lost = || Some(Err(Code::Unavailable));
    let mut came = server.came();
    came.sort_by_key(|came| came.0);
    assert_eq!(came, [(1, vec![3], lost()), (2, vec![5], Some(Ok(()))), (3, vec![], lost())]);
    server.assert_settled();

    let mut client = Bench::client();
    let (ticket, id) = client.open(0, true);
    client.said();
    client.hear(data(id, 1, 3));
    client.lose();
    assert_eq!(client.came(), [(1, vec![3], None)]);
    assert_eq!(client.verdict(ticket).1, Code::Unavailable);
    client.assert_settled();
}

/// A caller that gives up reads no more; what had come is still handed over, as for a deadline it must be.
#[test]
fn a_call_past_its_deadline_hands_over_what_had_come() {
    let mut client = Bench::client();
    let deadline = Some(client.now + Duration::from_secs(1));
    let (ticket, id) = client.open_that(&Outgoing { deadline, ..streaming(0, true) });
    client.hear(data(id, 1, 3));
    client.wait(Duration::from_secs(1));
    assert_eq!(client.came(), [(1, vec![3], None)]);
    assert_eq!(client.verdict(ticket).1, Code::DeadlineExceeded);
    client.hear(data(id, 1, 5));
    assert!(client.came().is_empty());
    client.hear(end(id, Code::Cancelled));
    client.said();
    client.assert_settled();
}

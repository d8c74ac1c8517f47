//! Streams that an end sends: their items, their ends, and readers that go.

use super::flow::*;
use super::*;

/// More than fits in a frame.
const LONG: usize = 150_000;

/// W-31, W-32: items go in order, and the end behind them; of each stream by itself.
#[test]
fn a_stream_ends_behind_its_items() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(2, false);
    client.said();
    client.make(id, 1, 3);
    client.make(id, 2, 0);
    client.make(id, 1, 20_000);
    client.finish(id, 1);
    client.make(id, 2, 5);
    let frames = client.said();
    let of = |stream| items(&frames).into_iter().filter(|item| item.0 == stream).map(|item| item.1).collect::<Vec<_>>();
    assert_eq!((of(1), of(2)), (vec![3, 20_000], vec![0, 5]));
    assert_eq!(ends(&frames), [(1, 0)]);
    let end = frames.iter().position(|frame| matches!(frame, Frame::End(_)));
    let last = frames.iter().rposition(|frame| matches!(frame, Frame::Data { index: 1, .. }));
    assert!(last < end);
    client.finish(id, 2);
    assert_eq!(client.said(), [well(id, 2)]);
}

/// W-26, W-32: also where the last one goes in chunks.
#[test]
fn a_stream_ends_behind_an_item_in_chunks() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(1, false);
    client.said();
    client.make(id, 1, LONG);
    client.finish(id, 1);
    let frames = client.said();
    let [Frame::Data { message, .. }, Frame::Chunk { index: 1, .. }, .., Frame::End(end)] = &frames[..] else {
        panic!("{frames:?}")
    };
    assert_eq!((message.total, end.index, end.code), (Some(LONG as u32), 1, 0));
}

/// W-27: one unfinished item per stream: the next one waits until all of it has gone.
#[test]
fn items_wait_behind_one_in_chunks() {
    let mut client = Bench::greeted(Role::Client, Limits::default(), Hello { credit: 1 << 20, ..roomy() });
    let (_, id) = client.open(1, false);
    client.said();
    client.make(id, 1, 300_000);
    client.make(id, 1, 1);
    client.make(id, 1, LONG);
    let mut frames = client.polled();
    assert_eq!(items(&frames), [(1, 300_000)]);
    client.written();
    frames.extend(client.said());
    let mut left = 0;
    for frame in frames {
        match frame {
            Frame::Data { message, .. } => {
                assert_eq!(left, 0);
                left = message.total.map_or(0, |total| total as usize);
            }
            Frame::Chunk { bytes, .. } => left -= bytes.len(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(left, 0);
    assert!(client.session.sender.is_idle());
}

/// W-32: what a stream failed with goes with its end, behind the items.
#[test]
fn a_stream_that_failed_ends_with_a_status() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(1, false);
    client.said();
    client.make(id, 1, 3);
    client.session.end_stream(id, 1, Err((Code::Aborted, "no".to_owned())));
    let frames = client.said();
    assert_eq!((items(&frames), ends(&frames)), (vec![(1, 3)], vec![(1, Code::Aborted.number())]));
}

/// W-32: it ends once, and nothing is sent behind that.
#[test]
fn nothing_is_sent_behind_the_end() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(1, false);
    client.said();
    client.finish(id, 1);
    client.make(id, 1, 3);
    client.session.end_stream(id, 1, Err((Code::Aborted, String::new())));
    assert_eq!(client.said(), [well(id, 1)]);
    client.hear(credit(id, 1, 1000));
    assert_eq!(client.grants().len(), 1, "what it was lent at first, and no more");
}

/// W-32: the answer of a call that is answered by a stream comes behind the items, whatever it is.
#[test]
fn an_answer_comes_behind_the_items() {
    let answers: [(fn() -> Answer, u16); 4] = [
        (|| Answer::Finished { metadata: None }, 0),
        (|| Answer::Typed { metadata: None, message: message(3) }, Code::Unknown.number()),
        (|| Answer::Typed { metadata: None, message: message(LONG) }, Code::Unknown.number()),
        (
            || Answer::Status { code: Code::Internal, message: "no".to_owned(), metadata: None, push_back: None },
            Code::Internal.number(),
        ),
    ];
    for (answer, code) in answers {
        for last in [3, 20_000, LONG] {
            let mut server = Bench::server();
            server.take(1, 0, true);
            server.make(1, 1, 7);
            server.make(1, 1, last);
            server.session.reply(1, answer());
            let frames = server.said();
            assert_eq!((items(&frames), ends(&frames)), (vec![(1, 7), (1, last)], vec![(0, code)]));
            let end = frames.iter().position(|frame| matches!(frame, Frame::End(_)));
            let last =
                frames.iter().rposition(|frame| matches!(frame, Frame::Data { .. } | Frame::Chunk { index: 1, .. }));
            assert!(last < end);
            server.assert_settled();
        }
    }
}

/// W-21, W-32: a CANCEL cuts off what waits, and the answer is the end: before the handler has answered, and after.
#[test]
fn a_cancel_cuts_off_the_items() {
    for is_answered in [false, true] {
        let mut server = Bench::server();
        server.take(1, 0, true);
        server.grants();
        server.make(1, 1, 7);
        server.make(1, 1, LONG);
        if is_answered {
            server.finish_answer(1);
        }
        server.hear(cancel(1));
        if !is_answered {
            assert_eq!(server.session.poll_stop(), Some((1, Stop::Cancelled)));
            server.make(1, 1, 9);
            server.end_stopped(1);
        }
        let frames = server.said();
        assert_eq!((items(&frames), ends(&frames)), (vec![], vec![(0, Code::Cancelled.number())]));
        assert_eq!(server.grants(), [(1, Grant::Stop)]);
        server.assert_settled();
    }
}

/// W-30: so it does within an item.
#[test]
fn a_cancel_cuts_off_an_item_in_chunks() {
    for is_answered in [false, true] {
        let mut server = Bench::server();
        server.take(1, 0, true);
        server.make(1, 1, 300_000);
        if is_answered {
            server.finish_answer(1);
        }
        assert_eq!(items(&server.polled()), [(1, 300_000)]);
        server.hear(cancel(1));
        server.end_stopped(1);
        server.written();
        let frames = server.said();
        let [Frame::End(end)] = &frames[..] else { panic!("{frames:?}") };
        assert_eq!(end.code, Code::Cancelled.number());
        server.assert_settled();
    }
}

/// W-33: the caller stops a stream whose reader has gone, and says so once; its others go on.
#[test]
fn a_stream_whose_reader_has_gone_is_stopped() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(2, false);
    client.said();
    client.grants();
    client.make(id, 1, 3);
    client.make(id, 1, LONG);
    client.make(id, 2, 5);
    client.hear(cancel_of(id, 1));
    assert_eq!(client.grants(), [(1, Grant::Stop)]);
    client.make(id, 1, 4);
    client.finish(id, 1);
    client.finish(id, 2);
    let frames = client.said();
    assert_eq!((items(&frames), ends(&frames)), (vec![(2, 5)], vec![(1, Code::Cancelled.number()), (2, 0)]));
}

/// W-30, W-33: within an item, too: its end is not a clean one.
#[test]
fn a_stream_is_stopped_within_an_item() {
    let mut client = Bench::greeted(Role::Client, Limits::default(), Hello { credit: 1 << 20, ..roomy() });
    let (_, id) = client.open(1, false);
    client.said();
    client.make(id, 1, 300_000);
    client.polled();
    client.hear(cancel_of(id, 1));
    client.written();
    assert_eq!(ends(&client.said()), [(1, Code::Cancelled.number())]);
    assert!(client.session.sender.is_empty());
}

/// W-33, W-39: a reader that goes when the stream has ended already changes nothing, within bounds.
#[test]
fn a_reader_may_go_when_the_stream_has_ended() {
    let mut client = Bench::client();
    let (_, id) = client.open(1, false);
    client.finish(id, 1);
    client.said();
    for _ in 0..10_000 {
        client.hear(cancel_of(id, 1));
    }
    assert!(client.said().is_empty());
    assert_eq!(client.breach(cancel_of(id, 1)).reason(), Reason::Flood);
}

/// W-30: a caller that gives up sends nothing more, neither items nor ends; its producers are told.
#[test]
fn giving_up_stops_all_that_a_call_sends() {
    let mut client = Bench::roomy_client();
    let (ticket, id) = client.open(3, true);
    client.said();
    client.grants();
    client.finish(id, 3);
    client.said();
    client.make(id, 1, 3);
    client.make(id, 2, LONG);
    client.session.abandon(ticket);
    assert_eq!(client.grants(), [(1, Grant::Stop), (2, Grant::Stop)]);
    (1..=3).for_each(|index| client.finish(id, index));
    assert_eq!(client.said(), [cancel(id)]);
    client.hear(badly(id, 0, Code::Cancelled));
    client.assert_settled();
}

/// W-29: an answer stops what has not ended, and the peer is told; where all had ended, there is nothing to tell.
#[test]
fn an_answer_stops_the_streams_of_its_call() {
    for (ended, told) in [(0, true), (1, true), (2, false)] {
        let mut client = Bench::roomy_client();
        let (ticket, id) = client.open(2, false);
        client.said();
        client.grants();
        (1..=ended).for_each(|index| client.finish(id, index));
        client.said();
        client.hear(reply(id, part(1)));
        assert!(matches!(client.outcome(ticket), Outcome::Reply(_)));
        assert_eq!(client.grants().len(), 2 - usize::from(ended));
        let frames = client.said();
        assert_eq!(frames, if told { vec![cancel(id)] } else { vec![] });
        client.assert_settled();
    }
}

/// W-35: a call that GOAWAY does not take sends no more of its streams, and the peer is told.
#[test]
fn a_call_that_is_not_taken_stops_its_streams() {
    let mut client = Bench::roomy_client();
    let (ticket, id) = client.open(2, true);
    client.said();
    client.grants();
    client.make(id, 1, 3);
    client.hear(goaway(id - 1));
    assert_eq!(client.grants(), [(1, Grant::Stop), (2, Grant::Stop)]);
    assert_eq!(client.verdict(ticket), (Delivery::NotExecuted, Code::Unavailable));
    assert!(client.said().starts_with(&[cancel(id)]));
    client.assert_settled();
}

/// W-37: when the connection is lost, producers at both ends stop.
#[test]
fn producers_stop_when_the_connection_is_lost() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(2, false);
    client.grants();
    client.make(id, 1, 3);
    client.finish(id, 2);
    client.said();
    client.lose();
    assert_eq!(client.grants(), [(1, Grant::Stop)]);
    client.make(id, 1, 3);
    client.finish(id, 1);
    assert!(client.grants().is_empty() && !client.session.has_output());
    client.poll_ended();
    client.assert_settled();

    let mut server = Bench::server();
    server.take(1, 0, true);
    server.grants();
    server.make(1, 1, 3);
    server.lose();
    assert_eq!(server.grants(), [(1, Grant::Stop)]);
    server.finish_answer(1);
    assert!(!server.session.has_output());
    server.assert_settled();
}

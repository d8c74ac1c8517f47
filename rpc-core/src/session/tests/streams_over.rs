//! Calls that are answered while their streams go on, and ends that come at odd times.

use super::flow::*;
use super::*;

/// W-19, W-29: a call keeps its slot until all that its caller sends has ended, one by one or by a CANCEL.
#[test]
fn an_answered_call_keeps_its_slot_while_its_streams_go_on() {
    for is_cancelled in [false, true] {
        let mut server = Bench::server();
        for at in 0..16 {
            server.take(2 * at + 1, 2, false);
            server.reply(2 * at + 1, 1);
        }
        server.said();
        server.hear(data(1, 1, 100));
        server.hear(badly(1, 2, Code::Aborted));
        server.hear(small_call(33));
        assert_eq!(answers(&server.said()), [(33, false, Code::Unavailable.number())]);
        server.hear(if is_cancelled { cancel(1) } else { well(1, 1) });
        server.hear(small_call(35));
        assert_eq!(server.begin(), Some(35));
        assert!(server.said().is_empty(), "it was answered before");
    }
}

/// W-18, W-29: an answer is given once, also when the CANCEL that it caused comes: with a stream that answers, too.
#[test]
fn a_cancel_that_an_answer_caused_is_not_answered() {
    let answers: [(fn() -> Answer, u16); 2] = [
        (|| Answer::Finished { metadata: None }, 0),
        (
            || Answer::Status { code: Code::Internal, message: "no".to_owned(), metadata: None, push_back: None },
            Code::Internal.number(),
        ),
    ];
    for (answer, code) in answers {
        let mut server = Bench::server();
        server.take(1, 1, true);
        server.session.reply(1, answer());
        assert_eq!(ends(&server.said()), [(0, code)]);
        server.hear(cancel(1));
        assert!(server.said().is_empty());
        server.assert_settled();
    }
}

/// W-32: nothing is sent behind the answer, though the call is kept for what its caller sends.
#[test]
fn nothing_is_sent_behind_the_answer() {
    let mut server = Bench::server();
    server.take(1, 1, true);
    server.grants();
    server.finish_answer(1);
    server.make(1, 1, 3);
    server.hear(credit(1, 1, 1000));
    assert_eq!(ends(&server.said()), [(0, 0)]);
    assert!(server.said().is_empty() && server.grants().is_empty());
    server.hear(well(1, 1));
    server.assert_settled();
}

/// W-18, W-22: so it is with calls that are refused before they are started.
#[test]
fn a_cancel_that_a_refusal_caused_is_not_answered() {
    let fields = || Fields { deadline: Some(Duration::from_millis(1)), ..Fields::default() };
    for message in [part(1), head_of(60_000)] {
        for starts in [false, true] {
            let mut server = Bench::server();
            let call = Call { fields: fields(), message: message.clone(), ..call_that_streams(1, 1, true) };
            server.hear(Frame::Call(call));
            match starts {
                true => server.now += Duration::from_millis(1),
                false => server.wait(Duration::from_millis(1)),
            }
            assert_eq!(server.begin(), None);
            server.session.handle_timeout(server.now);
            assert_eq!(ends(&server.said()), [(0, Code::DeadlineExceeded.number())]);
            server.hear(cancel(1));
            assert!(server.said().is_empty());
            server.assert_settled();
        }
    }
}

/// W-32: an answer that waits behind its items is given, also when the caller's own streams end meanwhile.
#[test]
fn an_answer_that_waits_is_given_when_the_callers_streams_have_ended() {
    for is_before in [false, true] {
        let mut server = Bench::server();
        server.take(1, 1, true);
        server.make(1, 1, 300_000);
        server.make(1, 1, 7);
        server.finish_answer(1);
        let mut frames = if is_before { vec![] } else { server.polled() };
        server.hear(well(1, 1));
        server.written();
        frames.extend(server.said());
        assert_eq!((items(&frames), ends(&frames)), (vec![(1, 300_000), (1, 7)], vec![(0, 0)]));
        server.assert_settled();
    }
}

/// W-29: the handler of a call may have ended before the driver can stop it; the slot is free all the same when the
/// streams have ended.
#[test]
fn a_handler_that_has_ended_is_not_kept() {
    let mut server = Bench::server();
    server.hear(streaming_call(1, 1, false));
    let id = server.session.poll_call(server.now).unwrap().id;
    server.reply(id, 1);
    assert!(server.session.attach(id, 1).is_none());
    server.hear(well(1, 1));
    server.said();
    server.assert_settled();
}

/// W-29: what comes behind the answer is read over. Who still reads is told so, and gets no stream with a gap.
#[test]
fn a_reader_that_outlives_its_handler_is_told() {
    let mut server = Bench::greeted(Role::Server, Limits::default(), roomy());
    server.take(1, 2, false);
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, 100));
    server.hear(well(1, 2));
    server.reply(1, 1);
    server.hear(chunk_of(1, 1, 100));
    server.hear(data(1, 1, 5));
    server.hear(well(1, 1));
    let mut came = server.came();
    came.sort_by_key(|came| came.0);
    assert_eq!(came, [(1, vec![3], Some(Err(Code::Cancelled))), (2, vec![], Some(Ok(())))]);
    server.said();
    server.assert_settled();
}

/// W-29, W-30: the CANCEL that says that the caller's streams have stopped does not cut off the answer that stopped
/// them.
#[test]
fn a_long_answer_is_not_cut_off_by_the_streams_that_it_stops() {
    for reads in [false, true] {
        let limits = || Limits::default().with_frame(0);
        let mut pair = Pair::new(limits(), limits());
        let (ticket, id) = pair.client.open(1, reads);
        pair.exchange();
        assert_eq!(pair.server.begin_streaming(), Some(id));
        let answer = match reads {
            false => Answer::Reply { metadata: None, message: message(1_000_000) },
            true => Answer::Typed { metadata: None, message: message(1_000_000) },
        };
        pair.server.session.reply(id, answer);
        for frame in pair.server.polled() {
            pair.client.hear(frame);
        }
        assert!(pair.client.grants().contains(&(1, Grant::Stop)), "it stops at once");
        let frames = pair.client.said();
        assert_eq!(ends(&frames), [(1, Code::Cancelled.number())]);
        frames.into_iter().for_each(|frame| pair.server.hear(frame));
        pair.server.written();
        pair.exchange();
        let (Outcome::Reply(answer) | Outcome::Typed(answer)) = pair.client.outcome(ticket) else { panic!() };
        assert!(answer.body == bytes(1_000_000));
        pair.client.assert_settled();
        pair.server.assert_settled();
    }
}

/// W-32: a handler that does not know of the CANCEL ends well; what is cut off does not.
#[test]
fn what_is_cut_off_does_not_end_well() {
    for (len, code) in [(300_000, Code::Cancelled.number()), (3, 0)] {
        let mut pair = Pair::new(Limits::default(), least());
        let (ticket, id) = pair.client.open(0, true);
        pair.exchange();
        assert_eq!(pair.server.begin_streaming(), Some(id));
        pair.server.make(id, 1, len);
        for frame in pair.server.polled() {
            pair.client.hear(frame);
        }
        pair.client.session.abandon(ticket);
        for frame in pair.client.said() {
            pair.server.hear(frame);
        }
        pair.server.finish_answer(id);
        pair.server.written();
        let frames = pair.server.said();
        assert_eq!(ends(&frames), [(0, code)]);
        frames.into_iter().for_each(|frame| pair.client.hear(frame));
        pair.client.assert_settled();
    }
}

/// W-31: credit may cross the refusal of a call, also where that keeps its slot.
#[test]
fn credit_for_a_refused_call_is_ignored() {
    let unknown = Fields { unknown: Some(0x70), ..Fields::default() };
    for (streams, message) in [(0, part(1)), (1, part(1)), (0, head_of(100)), (1, head_of(100))] {
        let mut server = Bench::server();
        let call = Call { fields: unknown.clone(), message, ..call_that_streams(1, streams, true) };
        server.hear(Frame::Call(call));
        server.hear(credit(1, 1, 1000));
        server.hear(cancel(1));
        assert_eq!(ends(&server.said()), [(0, Code::Unimplemented.number())]);
        server.assert_settled();
    }
}

/// W-30: nothing follows a CANCEL: no ends that waited because much is to be written, be it one or several.
#[test]
fn no_end_follows_a_cancel() {
    for (len, count) in [(1, 1), (1, 2), (200_000, 1)] {
        for is_answered in [false, true] {
            let limits = Limits::default().with_write_queue(0).with_frame(0);
            let mut client = Bench::greeted(Role::Client, limits, roomy());
            client.start(60_000);
            let (ticket, id) = client.open_that(&Outgoing { message: message(len), ..streaming(count, false) });
            client.polled();
            client.send(60_000);
            (1..=count).for_each(|index| client.finish(id, index));
            match is_answered {
                true => client.hear(end(id, Code::Internal)),
                false => drop(client.session.abandon(ticket)),
            }
            let mut frames = client.said();
            frames.extend({
                client.written();
                client.said()
            });
            let at = frames.iter().position(|frame| *frame == cancel(id));
            let last = frames.iter().rposition(|frame| matches!(frame, Frame::End(_) | Frame::Chunk { .. }));
            assert!(last.is_none() || at.is_none() || last < at, "{frames:?}");
        }
    }
}

/// W-32: also behind the beginning of an answer that comes in chunks there are no items.
#[test]
fn an_item_behind_the_beginning_of_the_answer_is_a_breach() {
    let mut client = Bench::client();
    let (_, id) = client.open(0, true);
    client.hear(data(id, 1, 3));
    client.hear(Frame::End(End { typed: true, message: head_of(100), ..status(id, Code::Unknown) }));
    client.breach(data(id, 1, 3));
}

/// W-20: a one-way call has no streams.
#[test]
fn a_one_way_call_with_streams_is_a_breach() {
    for (streams, reads) in [(1, false), (0, true)] {
        Bench::server().breach(Frame::Call(Call { oneway: true, ..call_that_streams(1, streams, reads) }));
    }
}

/// W-28: the end that cuts off an item may have to wait; the item's room is not used before that.
#[test]
fn the_room_of_an_item_that_is_cut_off_is_free_behind_the_end_that_says_so() {
    const LONG: usize = 150_000;
    let peer = Hello { assembly: 200_000, message: 200_000, credit: 1 << 20, ..roomy() };
    let mut server = Bench::greeted(Role::Server, least(), peer);
    server.hear(small_call(1));
    server.begin();
    server.take(3, 0, true);
    server.make(3, 1, LONG);
    assert_eq!(items(&server.polled()), [(1, LONG)]);
    server.reply(1, 60_000);
    server.hear(cancel(3));
    server.end_stopped(3);
    server.start(100_000);
    server.polled();
    server.written();
    let frames = server.said();
    let call = frames.iter().position(|frame| matches!(frame, Frame::Call(_)));
    let end = frames.iter().position(|frame| matches!(frame, Frame::End(end) if end.id == 3));
    assert!(end.is_some() && end < call, "{frames:?}");
}

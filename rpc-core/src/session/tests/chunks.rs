//! Messages longer than a frame.

use super::calls::Wire;
use super::line::Obstacle;
use super::*;

fn large() -> Limits {
    Limits::default().with_frame(65_536).with_message(2_000_000)
}

/// W-26: the messages arrive as they were sent, both ways.
#[test]
fn a_long_message_arrives_whole() {
    let mut pair = Pair::new(large(), large());
    for len in [65_525, 65_526, 65_527, 70_000, 131_072, 1_000_000] {
        let ticket = pair.client.start(len);
        pair.exchange();
        let incoming = pair.server.session.poll_call(pair.server.now).unwrap();
        assert!(incoming.body == bytes(len), "{len}");
        pair.server.reply(incoming.id, len + 10);
        pair.exchange();
        let Outcome::Reply(reply) = pair.client.outcome(ticket) else { panic!("{len}") };
        assert!(reply.body == bytes(len + 10), "{len}");
        pair.client.assert_empty();
        pair.server.assert_empty();
    }
}

/// W-26: so do typed errors.
#[test]
fn a_long_typed_error_arrives_whole() {
    let mut pair = Pair::new(large(), large());
    let ticket = pair.client.start(1);
    pair.exchange();
    let id = pair.server.begin().unwrap();
    pair.server.session.reply(id, Answer::Typed { metadata: None, message: message(200_000) });
    pair.exchange();
    let Outcome::Typed(error) = pair.client.outcome(ticket) else { panic!() };
    assert!(error.body == bytes(200_000));
    pair.client.assert_empty();
}

/// W-5, W-26: the shorter of both ends' frames is kept.
#[test]
fn no_frame_is_longer_than_either_end_takes() {
    for (own, peer) in [(65_536, 100_000), (100_000, 65_536)] {
        let limits = Limits::default().with_frame(own);
        let mut client = Bench::greeted(Role::Client, limits, Hello { frame: peer, ..roomy() });
        client.start(500_000);
        let frames = client.said();
        let longest = frames.iter().map(|frame| match frame {
            Frame::Chunk { bytes, .. } => bytes.len(),
            _ => 0,
        });
        assert_eq!(longest.max(), Some(65_536));
    }
}

/// W-26: a small call goes between the chunks of a large one.
#[test]
fn a_small_call_does_not_wait_for_a_large_one() {
    let mut client = Bench::greeted(Role::Client, large(), roomy());
    client.start(1_900_000);
    client.polled();
    client.start(1);
    client.written();
    let frames = client.said();
    let at = frames.iter().position(|frame| matches!(frame, Frame::Call(_))).unwrap();
    assert_eq!(at, 0);
    assert!(frames.len() > 10, "most of the large one follows");
}

/// W-26: and so do small answers, and answers to the calls of a peer that reads slowly.
#[test]
fn a_small_answer_does_not_wait_for_a_large_one() {
    let mut server = Bench::greeted(Role::Server, large(), roomy());
    for id in [1, 3] {
        server.hear(small_call(id));
        server.begin();
    }
    server.reply(1, 1_900_000);
    server.polled();
    server.reply(3, 1);
    server.written();
    let frames = server.said();
    assert!(matches!(frames[0], Frame::Reply { id: 3, .. }));
    assert!(frames.len() > 10);
}

/// W-26: large messages take turns.
#[test]
fn large_messages_take_turns() {
    let mut client = Bench::greeted(Role::Client, large(), roomy());
    client.start(500_000);
    client.start(500_000);
    let frames = client.said();
    let ids = calls(&frames);
    let turns: Vec<u64> = frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Chunk { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!(turns[..4], [ids[0], ids[1], ids[0], ids[1]]);
}

/// W-28: the sender's unfinished totals stay within the peer's budget; what does not fit waits, and only that: small
/// calls go past it.
#[test]
fn a_large_call_waits_for_the_peers_room_and_a_small_one_does_not() {
    let peer = Hello { message: 300_000, assembly: 500_000, ..roomy() };
    let mut client = Bench::greeted(Role::Client, large(), peer);
    client.start(250_000);
    client.start(250_000);
    let third = client.start(100_000);
    client.start(1);
    let frames = client.polled();
    let lengths: Vec<usize> = frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Call(call) => Some(call.message.total.map_or(call.message.bytes.len(), |total| total as usize)),
            _ => None,
        })
        .collect();
    assert_eq!(lengths, [250_000, 250_000, 1]);
    assert!(client.is_waiting(third));
    client.written();
    assert_eq!(calls(&client.said()).len(), 1, "it goes when a message is finished");
}

/// W-28: also where both have waited for a slot before.
#[test]
fn a_small_call_goes_past_a_large_one_that_waited_before_it() {
    let peer = Hello { message: 300_000, assembly: 500_000, calls: 16, ..roomy() };
    let mut client = Bench::greeted(Role::Client, large(), peer);
    for len in [250_000, 250_000].into_iter().chain([1; 14]) {
        client.start(len);
    }
    let ids = calls(&client.polled());
    assert_eq!(ids.len(), 16);
    let waits = client.start(100_000);
    let small = client.start(1);
    let other = client.start(100_000);
    client.hear(reply(ids[5], part(1)));
    let Wire::Open { id, .. } = client.session.calls.get_mut(small).unwrap().wire else { panic!("it waits") };
    assert!(client.is_waiting(waits) && client.is_waiting(other));
    client.hear(reply(id, part(1)));
    client.written();
    assert_eq!(calls(&client.said()).len(), 2, "and then the one that waited longest");
    assert_eq!(client.session.line.front(Obstacle::Room), Some(other));
}

/// W-28: the same for answers.
#[test]
fn a_large_answer_waits_for_the_peers_room() {
    let peer = Hello { message: 300_000, assembly: 500_000, ..roomy() };
    let mut server = Bench::greeted(Role::Server, large().with_write_queue(1 << 20), peer);
    for id in [1, 3, 5] {
        server.hear(small_call(id));
        server.begin();
    }
    for id in [1, 3, 5] {
        server.reply(id, 250_000);
    }
    let frames = server.polled();
    assert_eq!(answers(&frames).len(), 2);
    server.written();
    assert_eq!(answers(&server.said()).len(), 1);
    assert!(server.session.sender.is_idle());
}

/// W-28: at the receiver's budget, and one byte past it.
#[test]
fn totals_past_the_budget_are_a_breach() {
    let mut server = Bench::server();
    server.hear(Frame::Call(call(1, head_of(60_000))));
    server.hear(Frame::Call(call(3, head_of(5_536))));
    server.breach(Frame::Call(call(5, head_of(1))));
}

/// W-28: answers count too.
#[test]
fn totals_of_answers_past_the_budget_are_a_breach() {
    let mut client = Bench::greeted(Role::Client, least(), roomy());
    client.start(1);
    client.start(1);
    let ids = calls(&client.said());
    client.hear(reply(ids[0], head_of(60_000)));
    client.breach(reply(ids[1], head_of(5_537)));
}

/// W-26, W-27.
#[test]
fn a_chunk_out_of_place_is_a_breach() {
    let mut server = Bench::server();
    server.breach(chunk(1, 1));
    server.hear(small_call(1));
    server.breach(chunk(1, 1));
    server.hear(Frame::Call(call(3, head_of(10))));
    server.breach(chunk(3, 11));
}

/// W-27: one unfinished message per call.
#[test]
fn two_unfinished_answers_of_one_call_are_a_breach() {
    let mut client = Bench::client();
    let (_, id) = client.sent(1);
    client.hear(reply(id, head_of(9)));
    client.breach(reply(id, head_of(9)));
}

/// An end that lets its peer make few calls may still make many itself, and be answered in chunks.
#[test]
fn many_answers_may_arrive_at_once() {
    let mut client = Bench::greeted(Role::Client, Limits::default().with_calls(16), roomy());
    for _ in 0..200 {
        client.start(1);
    }
    let ids = calls(&client.said());
    assert_eq!(ids.len(), 200);
    for id in &ids {
        client.hear(reply(*id, head_of(70_000)));
    }
    for id in &ids {
        client.hear(chunk(*id, 70_000));
    }
    assert_eq!(client.poll_ended().len(), 200);
    client.assert_empty();
}

/// W-39: refused messages that are begun and never finished are bounded.
#[test]
fn unfinished_refused_messages_are_bounded() {
    let mut server = Bench::server();
    let mut breach = None;
    for at in 0..100 {
        let frame = Frame::Call(call(2 * at + 1, head_of(1 << 30)));
        if let Err(found) = server.session.handle_frame(frame, server.now) {
            breach = Some((at, found.reason()));
            break;
        }
    }
    assert_eq!(breach, Some((32, Reason::Flood)), "twice the slots of 16");
}

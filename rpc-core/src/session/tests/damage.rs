//! What a peer can never do, whatever it sends: make this end panic, or keep more than it should.

use super::super::simulation::Random;
use super::*;
use crate::frame::{PREFACE, kind};

/// Limits that make long messages travel in chunks.
fn limits() -> Limits {
    Limits::default().with_message(70_000).with_assembly(140_000).with_frame(65_536)
}

/// A conversation with every kind of frame that calls use: what the client sent, and what the server answered.
fn conversation() -> [BytesMut; 2] {
    let mut pair = Pair { client: Bench::new(Role::Client, limits()), server: Bench::new(Role::Server, limits()) };
    let mut said = [BytesMut::new(), BytesMut::new()];
    let mut given_up = start_calls(&mut pair.client);
    for _ in 0..10 {
        let up = pair.client.raw();
        let down = pair.server.raw();
        said[0].extend_from_slice(&up);
        said[1].extend_from_slice(&down);
        pair.server.take_in(&up).unwrap();
        pair.client.take_in(&down).unwrap();
        for ticket in given_up.drain(..) {
            pair.client.session.abandon(ticket);
        }
        while let Some(id) = pair.server.begin() {
            match id >> 21 {
                1 => pair.server.reply(id, 30),
                2 => drop(pair.server.session.reply(id, Answer::Typed { metadata: None, message: message(20) })),
                3 => pair.server.reply(id, 66_000),
                4 => pair.server.session.shut_down(),
                _ => pair.server.end_stopped(id),
            }
        }
    }
    let mut kinds: Vec<u8> = said.iter().flat_map(|said| kinds(&said[PREFACE.len()..])).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, KINDS, "nothing is left out");
    said
}

/// All kinds of frame but those of streams.
const KINDS: [u8; 10] = [
    kind::HELLO,
    kind::CALL,
    kind::REPLY,
    kind::END,
    kind::CHUNK,
    kind::CANCEL,
    kind::DONE,
    kind::PING,
    kind::PONG,
    kind::GOAWAY,
];

/// The kinds of the frames in some bytes.
fn kinds(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() {
        kinds.push(header[4]);
        bytes = &rest[u32::from_le_bytes(*header.first_chunk().unwrap()) as usize..];
    }
    kinds
}

fn start_calls(client: &mut Bench) -> Vec<Ticket> {
    let deadline = Some(client.now + Duration::from_secs(1));
    for _ in 0..4 {
        client.call(&Outgoing { deadline, ..outgoing(10) });
    }
    client.send(10);
    client.start(66_000);
    vec![client.start(5)]
}

impl Bench {
    /// What is to be written now, as bytes; the transport takes them at once.
    fn raw(&mut self) -> BytesMut {
        let mut bytes = BytesMut::new();
        while self.session.has_output() {
            let mut queue = Queue::default();
            self.session.poll_transmit(&mut queue, self.now);
            queue.segments.iter().for_each(|segment| bytes.extend_from_slice(segment));
            bytes.extend_from_slice(&queue.tail);
            let all = self.session.outbox.position();
            self.session.handle_written(all, self.now);
        }
        bytes
    }

    /// Takes in bytes of the peer.
    fn take_in(&mut self, bytes: &[u8]) -> Result<(), Breach> {
        self.bytes.extend_from_slice(bytes);
        while let Some(frame) = self.decoder.decode(&mut self.bytes)? {
            self.session.handle_frame(frame, self.now)?;
        }
        Ok(())
    }

    /// Lives on after bytes that may be damaged, to its end.
    fn live_on(mut self, result: Result<(), Breach>) {
        if let Err(breach) = result {
            self.session.break_off(&breach);
        }
        while let Some(id) = self.begin() {
            self.reply(id, 1);
        }
        self.raw();
        self.wait(Duration::from_secs(2));
        while self.session.poll_stop().is_some() {}
        self.lose();
        self.assert_empty();
    }
}

/// The end that hears one side of the conversation, and has said its own.
fn hearer(side: usize) -> Bench {
    let mut bench = Bench::new([Role::Server, Role::Client][side], limits());
    if side == 1 {
        start_calls(&mut bench);
    }
    bench.raw();
    bench
}

/// The bits of a conversation that are not the inside of its long messages.
fn bits(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let is_filler = |at: usize| {
        bytes[at.saturating_sub(40)..=at].windows(2).all(|pair| u16::from(pair[1]) == (u16::from(pair[0]) + 1) % 251)
    };
    (0..bytes.len()).filter(move |at| !is_filler(*at)).flat_map(|at| at * 8..at * 8 + 8)
}

/// W-38: each flipped bit is taken for what it then says, or for a breach; nothing panics and nothing is left.
#[test]
fn no_flipped_bit_does_harm() {
    for (side, said) in conversation().into_iter().enumerate() {
        assert!(said.len() > 60_000);
        for bit in bits(&said) {
            let mut damaged = said.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let mut bench = hearer(side);
            let result = bench.take_in(&damaged);
            bench.live_on(result);
        }
    }
}

/// A conversation that breaks off at any byte leaves nothing.
#[test]
fn no_torn_conversation_does_harm() {
    for (side, said) in conversation().into_iter().enumerate() {
        let ends = bits(&said).step_by(8).map(|bit| bit / 8);
        for end in ends {
            let mut bench = hearer(side);
            let result = bench.take_in(&said[..end]);
            assert_eq!(result, Ok(()));
            bench.live_on(result);
        }
    }
}

/// Frames in no order at all, from a peer that knows the ids: nothing panics, and what is kept stays within its bounds.
#[test]
fn no_order_of_frames_does_harm() {
    for seed in 0..3_000 {
        let mut random = Random::new(seed);
        let mut bench = Bench::greeted(Role::Client, least(), Hello { calls: 20, ..roomy() });
        for _ in 0..random.between(0, 30) {
            let is_oneway = random.percent(20);
            let len = random.pick(&[1, 1, 1, 70_000]);
            bench.try_call(&Outgoing { oneway: is_oneway, ..outgoing(len) }).unwrap();
        }
        let mut own = calls(&bench.polled());
        own.extend([1, 3, u64::MAX]);
        let mut next = 2;
        let mut result = Ok(());
        for _ in 0..random.between(1, 60) {
            let frame = any_frame(&mut random, &own, &mut next);
            result = bench.session.handle_frame(frame, bench.now);
            if result.is_err() {
                break;
            }
            if random.percent(30) {
                bench.begin();
            }
            assert!(bench.session.serving() <= 16 + 32);
            assert!(bench.session.ready_bytes <= 65_536 + (8 << 20));
        }
        bench.live_on(result);
    }
}

fn any_frame(random: &mut Random, own: &[u64], next: &mut u64) -> Frame {
    let their = 2 * random.between(1, *next / 2);
    let mine = random.pick(own);
    let either = if random.percent(50) { mine } else { their };
    let part = match random.below(4) {
        0 => head_of(random.between(1, 70_000) as usize),
        _ => part(random.below(200) as usize),
    };
    let code = random.pick(&[Code::Cancelled, Code::Internal]);
    match random.below(14) {
        0..3 => {
            *next += 2 * random.below(3) + 1 - *next % 2;
            *next += *next % 2;
            Frame::Call(Call { oneway: random.percent(30), ..call(*next, part) })
        }
        3 | 4 => reply(mine, part),
        5 | 6 => {
            let ran = random.pick(&[Ran::Yes, Ran::No, Ran::Unknown]);
            Frame::End(End { message: part, ran, ..status(mine, code) })
        }
        7..10 => chunk(either, random.between(1, 40_000) as usize),
        10 | 11 => cancel(either),
        12 => Frame::Done(random.between(1, 3) as u32),
        _ => goaway(random.pick(&[ANNOUNCED, mine, 0])),
    }
}

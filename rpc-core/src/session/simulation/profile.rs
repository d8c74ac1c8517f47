use std::sync::Arc;
use std::time::Duration;

use super::Time;
use super::course::{Course, Reading};
use super::life::SHORTEST;
use super::random::Random;
use super::world::Event;
use crate::limits::{LONGEST, Limits};

/// How long an end waits for HELLO.
const HANDSHAKE: Time = 10_000_000;

/// What kind of history it will be.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) limits: [Arc<Limits>; 2],
    /// Some messages are longer than a frame.
    is_heavy: bool,
    /// Drivers put off what they may put off, and their timers are late.
    pub(super) is_lazy: bool,
    /// They wait for each other only for moments, and wires may fall silent.
    is_hasty: bool,
    /// The connection was lost, or closed without care.
    pub(super) is_lossy: bool,
    /// How many of a hundred calls have streams.
    streaming: u64,
    /// How many times each end acts again.
    acts: [u64; 2],
    /// How many calls are made at once, at most.
    burst: u64,
    /// How long it is between acts, at most.
    gap: Time,
}

impl Profile {
    pub(super) fn new(random: &mut Random) -> Self {
        let both = random.percent(70);
        let acts = random.between(2, 12);
        let is_hasty = random.percent(50);
        Self {
            limits: [limits(random, is_hasty), limits(random, is_hasty)],
            is_hasty,
            is_heavy: random.percent(40),
            is_lazy: random.percent(50),
            is_lossy: false,
            streaming: random.pick(&[0, 30, 80]),
            acts: [acts, if both { acts } else { 0 }],
            burst: random.pick(&[1, 4, 24]),
            gap: random.pick(&[10, 1_000, 5_000]),
        }
    }

    /// What happens whatever the ends do.
    pub(super) fn events(&self, random: &mut Random) -> Vec<(Time, Event)> {
        let mut events: Vec<_> = (0..2).filter(|end| self.acts[*end] > 0).map(|end| (0, Event::Act(end))).collect();
        let until = random.pick(&[1_000, 10_000, 40_000]);
        if random.percent(25) {
            events.push((random.below(until), Event::Cut));
        }
        if random.percent(10) {
            events.push((random.below(until), Event::Close(random.below(2) as usize)));
        }
        if self.is_hasty && random.percent(50) {
            // While calls are open, or when all is quiet; for a while, or for ever.
            let time = random.below(until) * random.pick(&[1, 1, 20]);
            let lasts = random.percent(50).then(|| random.between(1, 300_000));
            for wire in random.pick::<&[usize]>(&[&[0], &[1], &[0, 1]]) {
                events.push((time, Event::Hold(*wire)));
                events.extend(lasts.map(|lasts| (time + lasts, Event::Release(*wire))));
            }
            events.extend((0..2).map(|end| (HANDSHAKE, Event::Hello(end))));
        }
        for end in 0..2 {
            if random.percent(12) {
                events.push((random.below(until), Event::Retire(end)));
            }
            if random.percent(20) {
                let time = random.below(until);
                events.push((time, Event::ShutDown(end)));
                events.push((time + random.between(5_000, 40_000), Event::Conclude(end)));
                if random.percent(50) {
                    events.push((time + random.between(1_000, 40_000), Event::Force(end)));
                }
            }
        }
        events
    }

    /// How long a handler takes that ends by itself.
    pub(super) fn takes(&self, random: &mut Random) -> Time {
        // Long enough for several PINGs, where somebody waits for it.
        let most = if !self.is_hasty && random.percent(15) { 100_000_000 } else { 10_000 };
        random.below(most)
    }

    /// How many calls an end makes now, and when it acts again.
    pub(super) fn next_act(&mut self, end: usize, random: &mut Random) -> Option<(u64, Time)> {
        self.acts[end] = self.acts[end].checked_sub(1)?;
        Some((random.between(1, self.burst), random.below(self.gap)))
    }

    /// The length of a message to an end; a few are longer than it takes.
    pub(super) fn message(&self, to: usize, random: &mut Random) -> usize {
        let limit = self.limits[to].message;
        let least = SHORTEST as u64;
        match random.below(40) {
            0 if self.is_heavy => limit + random.below(2) as usize,
            1 if self.is_heavy => limit + 10_000,
            2..6 if self.is_heavy => random.between(60_000, limit as u64) as usize,
            6..9 => random.between(least, 20_000) as usize,
            _ => random.between(least, 200) as usize,
        }
    }
}

impl Profile {
    /// The streams of a call: those that the caller sends, the one that answers, and whether the handler waits for
    /// them.
    pub(super) fn streams(&self, random: &mut Random) -> (Vec<Course>, Option<Course>, bool) {
        if !random.percent(self.streaming) {
            return (Vec::new(), None, false);
        }
        let waits = random.percent(60);
        let count = random.pick(&[0, 1, 1, 2, 3]);
        let streams = (0..count).map(|_| course(random, !waits)).collect();
        let answer = random.percent(50).then(|| course(random, true));
        (streams, answer, waits && count > 0)
    }

    /// The length of an item to an end.
    pub(super) fn item(&self, to: usize, random: &mut Random) -> usize {
        let limit = self.limits[to].message as u64;
        let (least, most) = match random.below(20) {
            0 if self.is_heavy => (60_000, limit),
            1 => (16_000, 20_000),
            2 => (500, 3_000),
            3..6 => (0, 1),
            _ => (0, 100),
        };
        random.between(least, most) as usize
    }

    /// How much a caller wants to be in flight from the start.
    pub(super) fn window(&self, random: &mut Random) -> u32 {
        random.pick(&[0, 0, 0, 5_000, 100_000])
    }
}

fn course(random: &mut Random, may_be_unread: bool) -> Course {
    let items = random.pick(&[0, 1, 3, 10, 60]);
    let reading = match random.below(10) {
        0 if may_be_unread => Reading::Never,
        1 => Reading::LeavesAt(random.below(5) as usize),
        2..6 => Reading::Lazily,
        _ => Reading::Eagerly,
    };
    Course::new(items, random.percent(15), reading)
}

/// Limits so low that they are met.
fn limits(random: &mut Random, is_hasty: bool) -> Arc<Limits> {
    let message = random.pick(&[65_536, 100_000, 200_000]);
    let limits = Limits::default()
        .with_calls(random.pick(&[16, 16, 20]))
        .with_frame(random.pick(&[65_536, 80_000]))
        .with_message(message)
        .with_assembly(random.between(message as u64, 2 * message as u64) as usize)
        .with_streams(random.pick(&[0, 5_000, 100_000, 1 << 24]))
        .with_write_queue(random.pick(&[65_536, 65_536, 200_000]))
        .with_idle(LONGEST);
    let mut limits = limits.within_protocol();
    if is_hasty {
        // Shorter than is allowed, so that they are met while other things happen.
        let limits = Arc::make_mut(&mut limits);
        limits.keepalive = Duration::from_micros(random.pick(&[3_000, 20_000, 200_000]));
        limits.keepalive_timeout = Duration::from_micros(random.pick(&[2_000, 20_000, 100_000]));
        limits.idle = Duration::from_micros(random.pick(&[10_000, 100_000, 1_000_000]));
    }
    limits
}

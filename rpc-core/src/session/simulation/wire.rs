use std::collections::VecDeque;

use bytes::Bytes;

use super::Time;
use super::random::Random;

/// One direction of the connection: bytes in order, each piece with its own delay.
#[derive(Debug)]
pub(super) struct Wire {
    flight: VecDeque<(Time, Bytes)>,
    in_flight: usize,
    /// How many bytes it takes before the far end has read some.
    capacity: usize,
    latency: Time,
    /// When the last piece arrives.
    latest: Time,
    /// The connection is lost: it still takes bytes, and they go nowhere.
    broken: bool,
    /// The near end has sent all it ever will.
    ended: bool,
    /// Nothing arrives, for a while or for ever.
    held: bool,
    /// And nothing more is taken meanwhile.
    full: bool,
}

impl Wire {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            flight: VecDeque::new(),
            in_flight: 0,
            capacity: random.pick(&[1 << 11, 1 << 14, 1 << 17, 1 << 20]),
            latency: random.pick(&[5, 200, 5_000]),
            latest: 0,
            broken: false,
            ended: false,
            held: false,
            full: false,
        }
    }

    pub(super) fn room(&self) -> usize {
        if self.full {
            return 0;
        }
        self.capacity.saturating_sub(self.in_flight)
    }

    /// Takes bytes, and says when they arrive.
    pub(super) fn accept(&mut self, bytes: Bytes, now: Time, random: &mut Random) -> Option<Time> {
        if self.broken || self.ended {
            return None;
        }
        self.latest = self.latest.max(now + random.between(self.latency / 2, self.latency));
        self.in_flight += bytes.len();
        self.flight.push_back((self.latest, bytes));
        Some(self.latest)
    }

    /// The next piece that has arrived.
    pub(super) fn deliver(&mut self, now: Time) -> Option<Bytes> {
        if self.held || self.flight.front().is_none_or(|(time, _)| *time > now) {
            return None;
        }
        let (_, bytes) = self.flight.pop_front()?;
        self.in_flight -= bytes.len();
        Some(bytes)
    }

    /// The connection is lost: of what is on its way, a part arrives that ends at any byte.
    pub(super) fn cut(&mut self, random: &mut Random) {
        let mut keep = random.between(0, self.in_flight as u64) as usize;
        for (_, bytes) in &mut self.flight {
            bytes.truncate(keep);
            keep -= bytes.len();
        }
        self.flight.retain(|(_, bytes)| !bytes.is_empty());
        self.in_flight = self.flight.iter().map(|(_, bytes)| bytes.len()).sum();
        self.broken = true;
        self.ended = true;
    }

    /// Keeps what is on its way, and what it still takes, until it is told otherwise.
    pub(super) fn hold(&mut self, random: &mut Random) {
        self.held = true;
        self.full = random.percent(50);
    }

    pub(super) fn release(&mut self) {
        self.held = false;
        self.full = false;
    }

    /// Nothing more will be sent.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the far end has read all there will ever be.
    pub(super) fn is_at_end(&self) -> bool {
        self.ended && self.flight.is_empty() && !self.held
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }
}

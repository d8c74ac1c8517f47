use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

use super::book::{Book, Circumstances, Ended, Record};
use super::end::End;
use super::fault::Tamper;
use super::profile::Profile;
use super::random::Random;
use super::wire::Wire;
use super::{Flaw, Tally, Time};
use crate::frame::Reason;
use crate::session::{Role, Stop};

/// Two ends, the wires between them, and the time.
#[derive(Debug)]
pub(super) struct World {
    pub(super) random: Random,
    pub(super) base: Instant,
    pub(super) now: Time,
    events: BinaryHeap<Reverse<(Time, u64, Event)>>,
    scheduled: u64,
    pub(super) ends: [End; 2],
    pub(super) wires: [Wire; 2],
    pub(super) book: Book,
    /// Whose call is which, of those that have streams.
    pub(super) tokens: BTreeMap<u64, usize>,
    pub(super) profile: Profile,
    pub(super) tamper: Tamper,
    pub(super) tally: Tally,
    /// One of the ends has begun to close the connection.
    closing: bool,
    /// A wire was silent for a while, or is.
    pub(super) was_held: bool,
    /// A caller has given up in this moment.
    pub(super) abandoned: bool,
}

/// What happens at some time; at an end, but for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The connection is lost.
    Cut,
    /// Nothing that an end sends arrives any more; all of it does after all.
    Hold(usize),
    Release(usize),
    /// The application does something.
    Act(usize),
    /// The driver starts the calls that it has put off.
    Start(usize),
    /// The transport takes bytes.
    Write(usize),
    /// Bytes come.
    Read(usize),
    Timer(usize),
    /// The transport has taken nothing since so many bytes, for as long as it may.
    Stall(usize, u64),
    /// HELLO should have come.
    Hello(usize),
    /// The handler of a call ends by itself, or because it was told to.
    HandlerEnds(usize, u64),
    HandlerStops(usize, u64),
    /// A driver can stop a handler that it has started, from now on.
    Attach(usize, u64),
    /// A caller that was woken takes its outcome.
    Take(usize, usize),
    /// A caller no longer waits.
    GiveUp(usize, usize),
    /// A producer of a stream of a call makes items.
    Produce(usize, u64, u16),
    /// A reader of a stream of a call looks at what has come.
    Consume(usize, u64, u16),
    /// An end starts no further calls.
    Retire(usize),
    ShutDown(usize),
    /// The time that an announced end waits for its PONG is over.
    Conclude(usize),
    /// The time that a closing end waits for its handlers is over.
    Force(usize),
    /// Nobody has a use for the connection any more.
    Close(usize),
    /// The end finds that the connection is lost.
    Lost(usize),
}

/// More happens in no history; one that goes on and on is flawed.
const MOST_EVENTS: usize = 100_000;

impl World {
    pub(super) fn new(seed: u64, tamper: Tamper) -> Self {
        let mut random = Random::new(seed);
        let profile = Profile::new(&mut random);
        let [one, other] = &profile.limits;
        let ends = [End::new(Role::Client, one, other), End::new(Role::Server, other, one)];
        let wires = [Wire::new(&mut random), Wire::new(&mut random)];
        let mut world = Self {
            random,
            base: Instant::now(),
            now: 0,
            events: BinaryHeap::new(),
            scheduled: 0,
            ends,
            wires,
            book: Book::default(),
            tokens: BTreeMap::new(),
            profile,
            tamper,
            tally: Tally::default(),
            closing: false,
            was_held: false,
            abandoned: false,
        };
        for (time, event) in world.profile.events(&mut world.random) {
            world.schedule(time, event);
        }
        world
    }

    /// Whether a fault was done to it.
    pub(super) fn is_tampered_with(&self) -> bool {
        self.tamper.is_done()
    }

    /// Lives until nothing happens any more.
    pub(super) fn run(&mut self) -> Result<(), Flaw> {
        for end in 0..2 {
            self.turn(end)?;
        }
        for _ in 0..MOST_EVENTS {
            let Some(Reverse((time, _, event))) = self.events.pop() else {
                return self.settled();
            };
            self.now = time;
            self.happen(event).map_err(|flaw| format!("at {time} µs, {event:?}: {flaw}"))?;
        }
        Err(format!("it never ends; at {} µs {:?} is next", self.now, self.events.peek()))
    }

    pub(super) fn schedule(&mut self, time: Time, event: Event) {
        self.scheduled += 1;
        self.events.push(Reverse((time, self.scheduled, event)));
    }

    pub(super) fn instant(&self, time: Time) -> Instant {
        self.base + Duration::from_micros(time)
    }

    /// The same at some time from now.
    pub(super) fn soon(&mut self, within: Time, event: Event) {
        let time = self.now + self.random.below(within);
        self.schedule(time, event);
    }

    /// What the world is like for a call of this end.
    pub(super) fn circumstances(&self, end: usize) -> Circumstances {
        Circumstances {
            now: self.now,
            lost: self.ends[end].lost && self.profile.is_lossy,
            unwritable: self.ends[end].unwritable,
            closing: self.closing || self.ends[1 - end].retired,
            overloaded: false,
            written: self.ends[end].written,
            callee_takes: self.profile.limits[1 - end].message,
            caller_takes: self.profile.limits[end].message,
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), Flaw> {
        for near in self.ends.iter().filter(|near| !near.lost && !near.is_ending()) {
            near.pulse.check(self.now)?;
        }
        match event {
            Event::Cut => self.cut(),
            Event::Hold(wire) => self.hold(wire),
            Event::Release(wire) => self.release(wire),
            Event::Act(end) => self.act(end)?,
            Event::Start(end) => self.start_calls(end)?,
            Event::Write(end) => self.write(end)?,
            Event::Read(end) => self.read(end)?,
            Event::Timer(end) => self.timer(end)?,
            Event::Stall(end, written) => self.stall(end, written),
            Event::Hello(end) => self.expect_hello(end),
            Event::HandlerEnds(end, id) => self.end_handler(end, id, false),
            Event::HandlerStops(end, id) => self.end_handler(end, id, true),
            Event::Attach(end, id) => self.attach(end, id)?,
            Event::Take(end, token) => self.take_outcome(end, token)?,
            Event::GiveUp(end, token) => self.give_up(end, token),
            Event::Produce(end, id, index) => self.produce(end, id, index),
            Event::Consume(end, id, index) => self.consume(end, id, index),
            Event::Retire(end) => self.retire(end),
            Event::ShutDown(end) if !self.ends[end].lost => {
                self.closing = true;
                self.ends[end].is_closing = true;
                self.ends[end].session.shut_down();
                self.tally.note("shut down");
            }
            Event::Conclude(end) if !self.ends[end].lost => {
                self.ends[end].is_closing = true;
                self.ends[end].session.conclude(Reason::Shutdown, "");
            }
            Event::Force(end) if !self.ends[end].lost => {
                self.ends[end].is_closing = true;
                self.ends[end].forced = true;
                self.ends[end].session.conclude(Reason::Shutdown, "");
                self.ends[end].session.stop_all(Stop::Forced);
            }
            Event::Close(end) if !self.ends[end].lost => {
                self.ends[end].is_closing = true;
                self.closing = true;
                self.profile.is_lossy = true;
                self.ends[end].session.conclude(Reason::Shutdown, "");
                self.lose(end, false);
                self.tally.note("closed");
            }
            Event::Lost(end) => self.lose_what_was_cut(end),
            Event::ShutDown(_) | Event::Conclude(_) | Event::Force(_) | Event::Close(_) => {}
        }
        for end in 0..2 {
            self.turn(end)?;
            let near = &mut self.ends[end];
            if !near.lost {
                near.check_idle()?;
                near.pulse.note(near.session.is_idle(), self.now);
            }
        }
        match std::mem::take(&mut self.abandoned) {
            true => self.check_abandoned(),
            false => Ok(()),
        }
    }

    /// Whoever no longer waits has told the peer.
    fn check_abandoned(&self) -> Result<(), Flaw> {
        let untold = self.book.iter().find(|(_, record)| {
            let near = &self.ends[record.caller];
            !near.lost && record.is_abandoned() && record.sent.is_some_and(|called| near.watch.is_wanted(called.id))
        });
        match untold {
            Some((token, record)) => Err(format!("call {token} is not cancelled: {record:?}")),
            None => Ok(()),
        }
    }

    fn cut(&mut self) {
        if self.ends.iter().any(|end| end.lost) {
            return;
        }
        self.tally.note("cut");
        self.profile.is_lossy = true;
        for wire in &mut self.wires {
            wire.cut(&mut self.random);
        }
        for end in 0..2 {
            if self.wires[1 - end].is_at_end() {
                self.soon(2_000, Event::Lost(end));
            }
        }
    }

    fn hold(&mut self, wire: usize) {
        self.wires[wire].hold(&mut self.random);
        self.was_held = true;
        self.tally.note("held");
    }

    fn release(&mut self, wire: usize) {
        self.wires[wire].release();
        self.schedule(self.now, Event::Read(1 - wire));
        if !self.ends[1 - wire].lost {
            self.tally.note("held bytes came");
        }
    }

    /// Nothing is left of anything, and every call ended as it should.
    fn settled(&mut self) -> Result<(), Flaw> {
        self.book.settled()?;
        for (end, near) in self.ends.iter().enumerate() {
            near.settled().map_err(|flaw| format!("end {end}: {flaw}"))?;
        }
        (0..2).filter(|end| !self.ends[1 - end].retired).try_for_each(|end| self.check_oneways(end))
    }

    /// The one-way calls of an end of which none may be lost were started.
    pub(super) fn check_oneways(&self, end: usize) -> Result<(), Flaw> {
        let callee_takes = self.profile.limits[1 - end].assembly;
        if self.closing || self.profile.is_lossy || self.book.sum(end) > callee_takes {
            return Ok(());
        }
        let is_owed = |record: &Record| {
            record.caller == end
                && record.end == Some(Ended::Sent)
                && record.deadline.is_none()
                && record.plan.answer.is_of_handler()
        };
        match self.book.iter().find(|(_, record)| is_owed(record) && record.starts == 0) {
            Some((token, record)) => Err(format!("one-way call {token} was never started: {record:?}")),
            None => Ok(()),
        }
    }
}

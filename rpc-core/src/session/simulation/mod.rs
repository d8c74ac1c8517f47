//! Random histories of two honest ends: calls in both directions, of every kind and length, with streams and without;
//! callers who give up, handlers that do not listen, readers that are slow or go; bytes that are cut anywhere and come
//! late, or never; connections that are lost, closed, shut down, retired and left idle. Each follows from its seed
//! alone, in virtual time.
//!
//! In every history each call ends once, in a way that agrees with what the other end did; the items of each stream
//! come whole and in order, and its end behind them; neither end ever sees a breach; a peer is given up when it is
//! silent for too long, and only then; and when all is over nothing is left of anything.
//!
//! `SEED=n cargo test -p rpc-core simulation` replays the history of a seed, `HISTORIES=n` runs more of them.

mod book;
mod clock;
mod course;
mod driver;
mod end;
mod fault;
mod flow;
mod life;
mod profile;
mod pulse;
mod random;
mod stream_watch;
mod watch;
mod wire;
mod world;

use std::collections::BTreeMap;

use fault::{FAULTS, Tamper};
pub(crate) use random::Random;
use world::World;

/// Microseconds since a history began.
type Time = u64;

/// What is wrong, in a sentence.
type Flaw = String;

/// How often what happened.
#[derive(Debug, Default)]
struct Tally {
    counts: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn note(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn add(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }
}

/// How many histories a normal test run tries.
const HISTORIES: u64 = 1_600;

/// What must have happened in them, so that they are worth their time.
const EVENTS: [&str; 40] = [
    "answered",
    "sent one way",
    "too long",
    "late, not sent",
    "not sent",
    "late, not executed",
    "refused",
    "not executed",
    "status",
    "late, executed",
    "forced to stop",
    "late, unknown",
    "unknown",
    "given up",
    "given up unsent",
    "stopped: cancelled",
    "stopped: late",
    "stopped: lost",
    "stopped: forced",
    "cut",
    "closed",
    "shut down",
    "finished",
    "settled",
    "producer stopped",
    "reader left",
    "stream ended well",
    "stream failed",
    "stream cancelled",
    "stream lost",
    "stream left",
    "unknown whether it ran before",
    "held",
    "asked",
    "peer given up",
    "closed when idle",
    "retired",
    "finished, retired",
    "held bytes came",
    "no HELLO",
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

fn history(seed: u64, tamper: Tamper) -> (Result<(), Flaw>, World) {
    let mut world = World::new(seed, tamper);
    let result = world.run();
    (result, world)
}

/// Lives through the histories of these seeds.
fn histories(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let (result, mut world) = history(seed, Tamper::none());
        if let Err(flaw) = result {
            panic!("seed {seed}: {flaw}\n`SEED={seed} cargo test -p rpc-core simulation` replays it");
        }
        world.tally.note("settled");
        tally.add(&world.tally);
    }
    tally
}

#[test]
fn every_history_settles() {
    if let Some(seed) = number("SEED") {
        histories(seed..=seed);
        return;
    }
    let count = number("HISTORIES").unwrap_or(HISTORIES);
    // Two threads, since most machines have as many cores.
    let mut tally = std::thread::scope(|scope| {
        let odd = scope.spawn(|| histories((1..count).step_by(2)));
        let mut tally = histories((0..count).step_by(2));
        tally.add(&odd.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        tally
    });
    println!("{:#?}", tally.counts);
    for event in EVENTS {
        assert!(tally.counts.remove(event).is_some(), "{event:?} happened in no history");
    }
}

/// A simulation that finds nothing proves nothing: each fault is caught, in one of some histories.
#[test]
fn planted_faults_are_caught() {
    let tries = 400;
    for fault in FAULTS {
        let found = (0..tries).find_map(|seed| {
            let (result, world) = history(seed, Tamper::with(fault, (seed % 3) as u32));
            result.err().map(|flaw| (seed, flaw, world))
        });
        let Some((seed, flaw, world)) = found else { panic!("{fault:?} is not caught in {tries} histories") };
        assert!(world.is_tampered_with(), "{fault:?}: seed {seed} fails by itself: {flaw}");
        println!("{fault:?}: seed {seed}: {flaw:.160}");
    }
}

//! One turn of a driver: what it has done so far, and how the work is divided.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::connection::End;
use crate::stripe::Padded;

/// Into how many shares the calls in flight are divided. When a share of the callers has been told, they get their turn
/// and their next calls are written; when a share of the calls has been answered, the answers are written. Both ends
/// are then at work at the same time.
const SHARES: usize = 2;
/// The least that is worth a system call of its own, and the most that does not make the others wait for too long.
const SHARE: RangeInclusive<usize> = 16..=128;
/// How many frames go into the session, or calls come out of it, before what they led to is seen to. The more, the longer
/// each piece of the program stays in the processor's cache; but no more than a share, which is to be written early.
const BATCH: RangeInclusive<usize> = FEW..=64;
/// A batch of handlers that are not done at once: their own memory fills the cache.
pub(super) const FEW: usize = 16;
/// So many turns of others to each of its own, over the last two, and a driver divides nothing: the processors have
/// enough to do.
const BUSY: u64 = 4;

/// The turns of all drivers of this process, one after the other.
static TURNS: Padded<AtomicU64> = Padded(AtomicU64::new(0));

/// What a turn has done so far.
pub(super) struct Turn {
    pub(super) now: Instant,
    /// Something has been done since then.
    pub(super) aged: bool,
    /// Its number, among the turns of all drivers.
    pub(super) number: u64,
    /// Other drivers had many turns since this one's last.
    is_busy: bool,

    /// There may be more to read.
    pub(super) reading: bool,
    pub(super) reads: usize,
    /// Something has come that the session does not know of.
    pub(super) heard: bool,
    /// Why reading is over. What had come before is seen to first.
    pub(super) received: Result<(), End>,

    /// How many calls were started.
    pub(super) started: usize,
    /// How many answers there have been, and how many of them have been written.
    pub(super) answers: usize,
    pub(super) answered: usize,
    /// Handlers that live on the driver's task may have been woken.
    pub(super) attending: bool,
    /// How many callers have been told of their outcomes.
    pub(super) told: usize,

    /// Whether what callers and handlers have left is put off to the next turn, once that is decided.
    pub(super) gathers: Option<bool>,
    /// How much was written, in bytes.
    pub(super) written: usize,
    /// The transport takes no more.
    pub(super) blocked: bool,
    /// There is more to read, to start or to write than one turn does.
    pub(super) unfinished: bool,
}

impl Turn {
    /// Begins; `last` are the numbers of the driver's last two turns.
    pub(super) fn begin(now: Instant, last: [u64; 2]) -> Self {
        let number = TURNS.0.fetch_add(1, Ordering::Relaxed);
        Self {
            now,
            aged: false,
            number,
            is_busy: number - last[0] > 2 * BUSY,
            reading: true,
            reads: 0,
            heard: false,
            received: Ok(()),
            started: 0,
            answers: 0,
            answered: 0,
            attending: true,
            told: 0,
            gathers: None,
            written: 0,
            blocked: false,
            unfinished: false,
        }
    }

    /// Nothing further comes, and why.
    pub(super) fn end_reading(&mut self, end: End) {
        self.reading = false;
        self.received = Err(end);
    }

    /// How many of the calls in flight are a share.
    pub(super) fn share(&self, calls: usize) -> usize {
        if self.is_busy { usize::MAX } else { (calls / SHARES).clamp(*SHARE.start(), *SHARE.end()) }
    }

    /// How many of the calls in flight are a batch.
    pub(super) fn batch(&self, calls: usize) -> usize {
        self.share(calls).clamp(*BATCH.start(), *BATCH.end())
    }
}

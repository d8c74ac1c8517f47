//! The session: the tables of calls of one connection, and their rules. It does no I/O.
//!
//! It knows frames and an `Instant` that is passed in. It knows nothing of sockets, tasks, wakers or codecs; what the
//! driver needs to tell a caller (`C`) or to stop a handler (`H`) it keeps and gives back.
//!
//! - *getters* tell what is so;
//! - `handle_*` is what the world did: a frame came, bytes were written, time passed, the connection was lost;
//! - verbs are what the application wants: `start`, `abandon`, `reply`, `shut_down`;
//! - `poll_*` is what the driver must do next. After every command or input it polls until there is nothing.
//!
//! Rules that hold here, tested in virtual time (`simulation.rs`):
//!
//! - A call ends exactly once. Ids are never used again.
//! - An answer that crosses a cancel is late, not wrong. An answer to an id that was never sent is misbehaviour.
//! - A slot is free when the handler has ended, not when the cancel arrived.
//! - "Not sent" and "not executed" are claimed only with proof.
//! - Everything that a peer can make us keep is bounded.

mod message;
/// Names a call that runs once, over all its attempts.
pub(crate) use crate::frame::RequestId;
pub(crate) use message::Message;
/// Where a message is written.
pub(crate) use rpc_codec::Output;

mod outbox;
use outbox::Outbox;
pub(crate) use outbox::Queue;

mod sender;
use sender::Sender;

mod items;
pub(crate) use items::{Batch, Item, Items, Packed};

mod streams;
use streams::Streams;

mod news;
use news::News;

mod pool;

mod assembly;
use assembly::Assembly;

mod outcome;
pub(crate) use outcome::{Answer, Arrived, Ended, Grant, Incoming, Outcome, Outgoing, Refusal, Reply, Stop, Waits};

mod budget;
use budget::Budget;

mod calls;
use calls::Calls;

mod work;
use work::Work;

mod line;
use line::Line;

mod answering;
mod answers;
mod callee;
mod caller;
mod closing;
mod frames;
mod keepalive;
use keepalive::Keepalive;
pub(crate) use keepalive::Verdict;
mod receiving;
pub(crate) use receiving::MOST_STREAMS;
mod sending;
#[cfg(test)]
mod simulation;
mod transmit;
#[cfg(test)]
pub(crate) use simulation::Random;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::frame::{EARLY_BYTES, EARLY_CALLS, HEADER, Hello, put_hello};
use crate::limits::{INITIAL_CREDIT, Limits};
use closing::Closing;

/// What an announced end takes of the bytes that may go before the peer's HELLO (W-14): a GOAWAY and a PING.
const EARLY_RESERVE: usize = HEADER + 10 + HEADER + 8;

/// Names a call of this end, before and after it has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    slot: u32,
    number: u64,
}

/// Which end of the connection this is. Either may call (W-1); only the ids depend on it (W-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

impl Role {
    /// The lowest bit of the ids of the calls that this end makes.
    fn parity(self) -> u64 {
        match self {
            Self::Client => 1,
            Self::Server => 0,
        }
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Session<C: Waits, H, S> {
    role: Role,
    limits: Arc<Limits>,
    /// What the peer said of itself, once it has.
    peer: Option<Box<Hello>>,
    outbox: Outbox,
    sender: Sender,
    assembly: Assembly,

    calls: Calls<C>,
    /// The calls that wait to be sent.
    line: Line,
    /// How many calls of this end are open at the peer, one-way calls included.
    open: usize,
    /// Those of them that are one-way, in order. The table does not hold them: nobody waits for them.
    oneways: VecDeque<u64>,
    sequence: u64,
    last_sent: u64,
    /// A call of this end was answered.
    answered: bool,
    /// What has been sent before the peer's HELLO (W-14).
    early: Early,

    work: Work<H>,
    /// The peer's calls that wait to be started, in order of their ids, and what they keep in bytes.
    ready: VecDeque<Incoming>,
    ready_bytes: usize,
    /// The highest id of the peer that came, and the highest that was taken.
    last_seen: u64,
    last_taken: u64,
    /// One-way calls of the peer that have ended and were not counted in a DONE.
    done: u32,

    streams: Streams<S>,
    news: Option<Box<News<C, S>>>,
    /// How far producers are ahead, or may be by now, all together, in bytes.
    ahead: i64,
    /// By how much the windows of streams have grown, all together, in bytes.
    widened: usize,

    /// Who has got a reply.
    told: Vec<C::Told>,
    /// Calls of this end that have ended otherwise.
    ended: Vec<Ended<C>>,
    /// Handlers that must stop.
    stopping: Vec<(H, Stop)>,
    /// The earliest deadline of all calls, or earlier.
    next_deadline: Option<Instant>,
    budget: Budget,
    keepalive: Keepalive,
    closing: Closing,
}

#[derive(Debug)]
struct Early {
    calls: usize,
    bytes: usize,
}

/// What a session says of itself besides its limits.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) instance: [u8; 16],
    pub(crate) codecs: Vec<Box<str>>,
}

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// One end of a new connection. Its HELLO is the first thing to be written.
    pub(crate) fn new(role: Role, limits: Arc<Limits>, identity: Identity) -> Self {
        let hello = Hello {
            instance: identity.instance,
            features: 0,
            frame: limits.frame as u32,
            message: limits.message as u32,
            calls: limits.calls as u32,
            assembly: limits.assembly as u32,
            credit: INITIAL_CREDIT,
            codecs: identity.codecs,
            credentials: None,
        };
        let mut outbox = Outbox::default();
        outbox.put(|buffer| put_hello(buffer, &hello));
        Self {
            role,
            assembly: Assembly::new(limits.assembly),
            limits,
            peer: None,
            outbox,
            sender: Sender::default(),
            calls: Calls::default(),
            line: Line::default(),
            open: 0,
            oneways: VecDeque::new(),
            sequence: 0,
            last_sent: 0,
            answered: false,
            early: Early { calls: 0, bytes: EARLY_RESERVE },
            work: Work::default(),
            ready: VecDeque::new(),
            ready_bytes: 0,
            last_seen: 0,
            last_taken: 0,
            done: 0,
            streams: Streams::default(),
            news: None,
            ahead: 0,
            widened: 0,
            told: Vec::new(),
            ended: Vec::new(),
            stopping: Vec::new(),
            next_deadline: None,
            budget: Budget::default(),
            keepalive: Keepalive::default(),
            closing: Closing::default(),
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// What the peer said of itself, once it has.
    pub(crate) fn peer(&self) -> Option<&Hello> {
        self.peer.as_deref()
    }

    /// The longest message that the peer takes, in bytes.
    pub(crate) fn longest_message(&self) -> usize {
        self.peer.as_ref().map_or(usize::MAX, |peer| peer.message as usize)
    }

    /// How many calls of the peer are not answered.
    pub(crate) fn serving(&self) -> usize {
        self.work.open()
    }

    /// Whether no call is open, waits or is being written, in either direction.
    pub(crate) fn is_idle(&self) -> bool {
        self.open == 0 && self.line.is_empty() && self.work.open() == 0 && self.sender.is_idle() && self.done == 0
    }

    /// Whether at most one call is open, in either direction, and none waits.
    pub(crate) fn is_quiet(&self) -> bool {
        self.open + self.work.open() <= 1 && self.line.is_empty()
    }

    /// Whether the message of a call of this end is on its way in chunks.
    pub(crate) fn is_sending_calls(&self) -> bool {
        self.sender.has_calls()
    }

    /// The transport has taken this many bytes, over the life of the connection.
    pub(crate) fn handle_written(&mut self, total: u64, now: Instant) {
        self.outbox.handle_written(total);
        if !self.line.is_empty() {
            self.send_queued(now);
        }
    }

    /// Time has passed; ends what was due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.ask_if_silent(now);
        if self.next_deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        self.expire_calls(now);
        self.expire_work(now);
        self.next_deadline =
            [self.calls.earliest_deadline(), self.work.earliest_deadline()].into_iter().flatten().min();
    }

    /// When [`handle_timeout`](Self::handle_timeout) must be called, at the latest.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.next_deadline, self.keepalive_due()].into_iter().flatten().min()
    }

    /// The same where it is before `set`, when a timer fires anyway; what is later may be left out, and is if a glance
    /// shows it.
    pub(crate) fn poll_timeout_before(&self, set: Option<Instant>) -> Option<Instant> {
        let is_covered = |set| self.next_deadline.is_none_or(|due| due >= set) && self.is_heard_until(set);
        if set.is_some_and(is_covered) { None } else { self.poll_timeout() }
    }

    /// How many calls of this end are open at the peer.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Whether somebody is to be told of something.
    pub(crate) fn has_news(&self) -> bool {
        !self.told.is_empty() || !self.ended.is_empty() || self.has_stream_news()
    }

    /// Whether somebody is to be told of streams.
    #[inline]
    pub(crate) fn has_stream_news(&self) -> bool {
        self.news.as_ref().is_some_and(|news| !news.is_empty())
    }

    /// How many calls have ended since the last time.
    pub(crate) fn ended(&self) -> usize {
        self.told.len() + self.ended.len()
    }

    /// Lends the session room for what a batch of frames leads to; it comes back by [`poll_calls`](Self::poll_calls) and
    /// [`poll_told`](Self::poll_told). So a session keeps none of its own.
    pub(crate) fn lend_room(&mut self, calls: &mut VecDeque<Incoming>, told: &mut Vec<C::Told>) {
        if self.ready.is_empty() && calls.is_empty() {
            std::mem::swap(&mut self.ready, calls);
        }
        if self.told.is_empty() && told.is_empty() {
            std::mem::swap(&mut self.told, told);
        }
    }

    /// Who has got a reply since the last time, as [`Waits::tell`] says.
    #[inline]
    pub(crate) fn poll_told(&mut self, into: &mut Vec<C::Told>) {
        if into.is_empty() {
            return std::mem::swap(into, &mut self.told);
        }
        into.append(&mut self.told);
    }

    /// The calls that have ended otherwise since the last time. Whoever waits is told after the lock is released.
    #[inline]
    pub(crate) fn poll_ended(&mut self, into: &mut Vec<Ended<C>>) {
        if into.is_empty() {
            return std::mem::swap(into, &mut self.ended);
        }
        into.append(&mut self.ended);
    }

    /// The handlers that must stop.
    #[inline]
    pub(crate) fn poll_stops(&mut self, into: &mut Vec<(H, Stop)>) {
        if !self.stopping.is_empty() {
            into.append(&mut self.stopping);
        }
    }

    /// A handler that must stop.
    #[cfg(test)]
    pub(crate) fn poll_stop(&mut self) -> Option<(H, Stop)> {
        self.stopping.pop()
    }

    /// Whether an id is of a call that this end makes.
    fn is_own(&self, id: u64) -> bool {
        id & 1 == self.role.parity()
    }

    fn note_deadline(&mut self, deadline: Option<Instant>) {
        if let Some(deadline) = deadline {
            self.next_deadline = Some(self.next_deadline.map_or(deadline, |next| next.min(deadline)));
        }
    }
}

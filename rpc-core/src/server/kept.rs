mod client;
use client::{Call, Client, State};

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// How many clients are remembered, besides those that are connected or whose calls run. What is known of one takes some
/// hundred bytes beside its answers, and outlives them.
const MOST_CLIENTS: usize = 10_000;
/// What an answer takes besides its bytes, so that empty ones are bounded too.
const OVERHEAD: usize = 256;

/// Which calls that run once are running, and the answers of those that have run (W-44).
///
/// Plain values, and no clock: `A` is an answer, `R` a run that calls can join. Both are handles, which are cloned.
/// What is dropped for lack of room or for its age leaves a mark behind: which request ids nothing is known of any more.
/// Old answers go when there is a call or an end; what a server without any keeps is bounded by its size.
#[derive(Debug)]
pub(super) struct Kept<A, R> {
    most_bytes: usize,
    longest: Duration,
    most_clients: usize,
    clients: HashMap<ClientId, Client<A, R>>,
    /// How many connections each client has. While it has one, first attempts may be on their way, however late, and it
    /// is not forgotten.
    connections: HashMap<ClientId, usize>,
    /// The answers, the oldest first.
    answers: BTreeMap<u64, Aged>,
    /// The clients that may be forgotten, by when that began: they are not connected, and no call of theirs runs.
    idle: BTreeMap<u64, ClientId>,
    /// Counts answers, and clients that may be forgotten.
    count: u64,
    bytes: usize,
    /// The highest request id that a client which was forgotten has had run: of one that is not here, or is here again,
    /// what is not above it may have run.
    forgotten: Option<u64>,
}

/// Whose request id it is: ids of two clients have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ClientId {
    /// Of the peer's HELLO. Once peers prove who they are, who they are belongs here too: nobody then gets an answer by
    /// knowing another's instance.
    pub(super) instance: [u8; 16],
}

/// What is called, and in which of the server's codecs: all calls of one request id are alike in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) service: u32,
    pub(super) method: u32,
    pub(super) codec: usize,
}

/// What is to be done about a call.
#[derive(Debug, PartialEq)]
pub(super) enum Begun<A, R> {
    /// It must run; [`Kept::end`] is owed.
    Runs(R),
    /// It is running.
    Joins(R),
    /// It has run.
    Answered(A),
    /// It may have run, and must not run again.
    Unknown(Why),
}

/// Why it is not known whether a call has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    AnswerDropped,
    ClientForgotten,
    OtherMethod,
    OtherCodec,
}

#[derive(Debug)]
struct Aged {
    since: Instant,
    client: ClientId,
    request: u64,
}

impl<A: Clone, R: Clone> Kept<A, R> {
    pub(super) fn new(most_bytes: usize, longest: Duration) -> Self {
        Self {
            most_bytes,
            longest,
            most_clients: MOST_CLIENTS,
            clients: HashMap::new(),
            connections: HashMap::new(),
            answers: BTreeMap::new(),
            idle: BTreeMap::new(),
            count: 0,
            bytes: 0,
            forgotten: None,
        }
    }

    /// A client has one more connection.
    pub(super) fn connect(&mut self, client: ClientId) {
        *self.connections.entry(client).or_default() += 1;
        if let Some(idle) = self.clients.get_mut(&client).and_then(Client::wake) {
            self.idle.remove(&idle);
        }
    }

    /// A client has one connection less.
    pub(super) fn disconnect(&mut self, client: ClientId) {
        let Entry::Occupied(mut connections) = self.connections.entry(client) else {
            return;
        };
        *connections.get_mut() -= 1;
        if *connections.get() > 0 {
            return;
        }
        connections.remove();
        self.rest(client);
        self.forget_clients();
    }

    /// A call has come. `run` makes what others join, should it have to run.
    pub(super) fn begin(
        &mut self,
        client: ClientId,
        request: u64,
        is_retry: bool,
        asked: Asked,
        run: impl FnOnce() -> R,
        now: Instant,
    ) -> Begun<A, R> {
        self.drop_old(now);
        let record = match self.clients.entry(client) {
            Entry::Occupied(record) => record.into_mut(),
            Entry::Vacant(_) if is_retry && self.forgotten >= Some(request) => {
                return Begun::Unknown(Why::ClientForgotten);
            }
            Entry::Vacant(place) => place.insert(Client::new(self.forgotten)),
        };
        if let Some(known) = record.find(request, is_retry, asked) {
            return known;
        }
        let run = run();
        if let Some(idle) = record.start(request, asked, run.clone()) {
            self.idle.remove(&idle);
        }
        self.forget_clients();
        Begun::Runs(run)
    }

    /// A run has ended: with an answer of this many bytes, or without having begun, which leaves its request id free.
    pub(super) fn end(&mut self, client: ClientId, request: u64, answer: Option<(A, usize)>, now: Instant) {
        self.drop_old(now);
        let Some(record) = self.clients.get_mut(&client) else {
            return;
        };
        let Some(call) = record.end(request) else {
            return;
        };
        self.count += 1;
        match answer {
            None => {}
            Some((_, bytes)) if bytes + OVERHEAD > self.most_bytes => record.raise_floor(request),
            Some((answer, bytes)) => {
                let state = State::Answered { answer, age: self.count, bytes: bytes + OVERHEAD };
                record.keep(request, Call { state, ..call });
                self.bytes += bytes + OVERHEAD;
                self.answers.insert(self.count, Aged { since: now, client, request });
            }
        }
        if record.is_pristine() {
            self.clients.remove(&client);
        }
        self.rest(client);
        while self.bytes > self.most_bytes && self.drop_oldest() {}
        self.forget_clients();
    }

    /// A client may be forgotten from now on, unless it is connected or calls of it run.
    fn rest(&mut self, client: ClientId) {
        if self.connections.contains_key(&client) {
            return;
        }
        if let Some(record) = self.clients.get_mut(&client) {
            self.count += 1;
            self.idle.extend(record.rest(self.count).map(|idle| (idle, client)));
        }
    }

    /// Drops the answers that have been kept for as long as they may.
    fn drop_old(&mut self, now: Instant) {
        while let Some((_, oldest)) = self.answers.first_key_value()
            && now.saturating_duration_since(oldest.since) > self.longest
        {
            self.drop_oldest();
        }
    }

    /// Drops the oldest answer, if there is one.
    fn drop_oldest(&mut self) -> bool {
        let Some((_, Aged { client, request, .. })) = self.answers.pop_first() else {
            return false;
        };
        if let Some(record) = self.clients.get_mut(&client) {
            self.bytes -= record.drop_answer(request);
        }
        true
    }

    /// Forgets the clients that may be forgotten for longest, where there are too many.
    fn forget_clients(&mut self) {
        while self.clients.len() > self.most_clients
            && let Some((_, client)) = self.idle.pop_first()
            && let Some(record) = self.clients.remove(&client)
        {
            self.forgotten = self.forgotten.max(record.highest());
            for (age, bytes) in record.answers() {
                self.answers.remove(&age);
                self.bytes -= bytes;
            }
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

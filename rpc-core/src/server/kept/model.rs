//! Random histories of the store beside a model of it, which forgets nothing and looks everything up anew.
//!
//! The callers keep to W-43: a request id is first attempted once, however late, on a connection that is there.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::session::Random;

const LONGEST: Duration = Duration::from_secs(60);
const HISTORIES: u64 = 300;
const STEPS: usize = 400;

/// What must have happened, so that the histories are worth their time.
const EVENTS: [&str; 9] = [
    "runs",
    "joins",
    "answered",
    "other method",
    "other codec",
    "answer dropped",
    "client forgotten",
    "late first attempt",
    "too long to be kept",
];

/// The store as it should be.
struct Model {
    most_bytes: usize,
    most_clients: usize,
    /// Every request id that ever ran, by its client.
    calls: BTreeMap<(u16, u64), Truth>,
    /// The answers that are kept, the oldest first.
    kept: Vec<Reply>,
    /// The clients that are remembered, by when a call of theirs ended last.
    known: Vec<Known>,
    /// The highest request id that a forgotten client has had run.
    forgotten: Option<u64>,
    connected: BTreeSet<u16>,
}

/// What became of a request id, whatever is still known of it.
#[derive(Debug, Clone, Copy)]
struct Truth {
    asked: Asked,
    run: u32,
    runs: bool,
    has_run: bool,
}

struct Reply {
    call: (u16, u64),
    bytes: usize,
    since: Instant,
}

struct Known {
    client: u16,
    /// Up to here answers were dropped.
    dropped: Option<u64>,
    /// Up to here calls may have been made when the client was known before.
    before: Option<u64>,
}

impl Model {
    fn new(most_bytes: usize, most_clients: usize) -> Self {
        let (calls, kept, known) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { most_bytes, most_clients, calls, kept, known, forgotten: None, connected: BTreeSet::new() }
    }

    /// What is to be done about a call; `run` is its own, should it have one.
    fn begin(&mut self, call: (u16, u64), is_retry: bool, asked: Asked, run: u32) -> Begun<u32, u32> {
        let (client, request) = call;
        let truth = self.calls.get(&call).copied();
        let is_kept = self.kept.iter().any(|reply| reply.call == call);
        if let Some(truth) = truth.filter(|truth| truth.runs || is_kept) {
            return match truth.asked {
                same if same == asked => {
                    if truth.runs {
                        Begun::Joins(truth.run)
                    } else {
                        Begun::Answered(truth.run)
                    }
                }
                same if Asked { codec: asked.codec, ..same } == asked => Begun::Unknown(Why::OtherCodec),
                _ => Begun::Unknown(Why::OtherMethod),
            };
        }
        match self.known.iter().find(|known| known.client == client) {
            None if is_retry && self.forgotten >= Some(request) => return Begun::Unknown(Why::ClientForgotten),
            None => {
                self.known.push(Known { client, dropped: None, before: self.forgotten });
            }
            Some(known) if known.dropped >= Some(request) || is_retry && known.before >= Some(request) => {
                return Begun::Unknown(Why::AnswerDropped);
            }
            Some(_) => {}
        }
        assert!(truth.is_none_or(|truth| !truth.has_run), "the model runs {call:?} twice");
        self.calls.insert(call, Truth { asked, run, runs: true, has_run: false });
        self.forget();
        Begun::Runs(run)
    }

    fn end(&mut self, call: (u16, u64), bytes: Option<usize>, now: Instant) {
        let truth = self.calls.get_mut(&call).unwrap();
        truth.runs = false;
        truth.has_run = bytes.is_some();
        match bytes {
            None => {}
            Some(bytes) if bytes > self.most_bytes => self.drop_answer(call),
            Some(bytes) => self.kept.push(Reply { call, bytes, since: now }),
        }
        let at = self.known.iter().position(|known| known.client == call.0).unwrap();
        let known = self.known.remove(at);
        let is_in_use = self.has_runs(call.0) || self.kept.iter().any(|reply| reply.call.0 == call.0);
        if is_in_use || known.dropped.is_some() {
            self.known.push(known);
        }
        while self.bytes() > self.most_bytes {
            self.drop_oldest();
        }
        self.forget();
    }

    fn drop_old(&mut self, now: Instant) {
        while self.kept.first().is_some_and(|oldest| now - oldest.since > LONGEST) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.kept.remove(0);
        self.drop_answer(oldest.call);
    }

    fn drop_answer(&mut self, (client, request): (u16, u64)) {
        let known = self.known.iter_mut().find(|known| known.client == client).unwrap();
        known.dropped = known.dropped.max(Some(request));
    }

    fn forget(&mut self) {
        while self.known.len() > self.most_clients
            && let Some(at) = self.known.iter().position(|known| !self.is_held(known.client))
        {
            let Known { client, .. } = self.known.remove(at);
            self.kept.retain(|reply| reply.call.0 != client);
            let calls = self.calls.range((client, 0)..=(client, u64::MAX));
            let highest = calls.filter(|(_, truth)| truth.has_run).map(|((_, request), _)| *request).max();
            self.forgotten = self.forgotten.max(highest);
        }
    }

    fn has_runs(&self, client: u16) -> bool {
        self.calls.range((client, 0)..=(client, u64::MAX)).any(|(_, truth)| truth.runs)
    }

    /// Whether it must not be forgotten.
    fn is_held(&self, client: u16) -> bool {
        self.has_runs(client) || self.connected.contains(&client)
    }

    fn connect(&mut self, client: u16) {
        self.connected.insert(client);
    }

    fn disconnect(&mut self, client: u16) {
        self.connected.remove(&client);
        if let Some(at) = self.known.iter().position(|known| known.client == client) {
            let known = self.known.remove(at);
            self.known.push(known);
        }
        self.forget();
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|reply| reply.bytes).sum()
    }
}

/// A client, as far as it matters which calls it makes.
struct Caller {
    client: u16,
    /// How many request ids it has used: those from 1 on.
    used: u64,
    /// Those whose first attempt has not come.
    on_their_way: Vec<u64>,
}

/// The store, the model and those who call.
struct History {
    random: Random,
    store: Kept<u32, u32>,
    model: Model,
    now: Instant,
    runs: u32,
    clients: u16,
    callers: Vec<Caller>,
    tally: BTreeMap<&'static str, u64>,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (most_bytes, most_clients) = (random.pick(&[1_000, 4_000, 20_000]), random.pick(&[1, 3, 8]));
        let mut store = Kept::new(most_bytes, LONGEST);
        store.most_clients = most_clients;
        let mut history = Self {
            random,
            store,
            model: Model::new(most_bytes, most_clients),
            now: Instant::now(),
            runs: 0,
            clients: 0,
            callers: Vec::new(),
            tally: BTreeMap::new(),
        };
        (0..4).for_each(|_| history.come());
        history
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..35 => self.call(false),
            35..60 => self.call(true),
            60..88 => self.end(),
            88..92 => self.reconnect(),
            92..97 => {
                let most = self.random.pick(&[1, LONGEST.as_millis() as u64 / 2, LONGEST.as_millis() as u64]);
                self.now += Duration::from_millis(self.random.between(0, most));
            }
            _ => {
                // Its calls go on without it.
                let place = self.random.below(self.callers.len() as u64) as usize;
                let caller = self.callers.remove(place);
                self.disconnect(caller.client);
                self.come();
            }
        }
        self.check();
    }

    fn come(&mut self) {
        self.clients += 1;
        self.callers.push(Caller { client: self.clients, used: 0, on_their_way: Vec::new() });
        self.connect(self.clients);
    }

    fn connect(&mut self, client: u16) {
        self.model.connect(client);
        self.store.connect(id(client));
    }

    fn disconnect(&mut self, client: u16) {
        self.model.disconnect(client);
        self.store.disconnect(id(client));
    }

    /// A caller loses its connection, and with it what was on its way; others come before it is back, or do not.
    fn reconnect(&mut self) {
        let place = self.random.below(self.callers.len() as u64) as usize;
        self.callers[place].on_their_way.clear();
        let client = self.callers[place].client;
        self.disconnect(client);
        for _ in 0..self.random.below(4) {
            self.visit();
        }
        self.connect(client);
    }

    /// A client that comes, has one call run, and goes.
    fn visit(&mut self) {
        self.clients += 1;
        self.runs += 1;
        let (client, run, asked) = (self.clients, self.runs, Asked { service: 1, method: 1, codec: 0 });
        self.connect(client);
        self.model.drop_old(self.now);
        self.model.begin((client, 1), false, asked, run);
        self.store.begin(id(client), 1, false, asked, || run, self.now);
        self.model.end((client, 1), Some(OVERHEAD), self.now);
        self.store.end(id(client), 1, Some((run, 0)), self.now);
        self.disconnect(client);
    }

    fn call(&mut self, is_retry: bool) {
        let place = self.random.below(self.callers.len() as u64) as usize;
        let caller = &mut self.callers[place];
        if caller.on_their_way.is_empty() || caller.on_their_way.len() < 3 && self.random.percent(50) {
            caller.used += 1;
            caller.on_their_way.push(caller.used);
        }
        let (client, request) = (
            caller.client,
            match is_retry {
                true => self.random.between(caller.used.saturating_sub(12).max(1), caller.used),
                false => {
                    let at = self.random.below(caller.on_their_way.len() as u64) as usize;
                    caller.on_their_way.remove(at)
                }
            },
        );
        let call = (client, request);
        if !is_retry && self.model.calls.contains_key(&call) {
            self.note("late first attempt");
        }
        let mut asked = Asked { service: 1, method: request as u32, codec: 0 };
        match self.random.below(40) {
            0 => asked.service += 1,
            1 => asked.method += 1,
            2 => asked.codec += 1,
            _ => {}
        }
        self.runs += 1;
        let run = self.runs;
        self.model.drop_old(self.now);
        let before = self.model.calls.get(&call).copied();
        let expected = self.model.begin(call, is_retry, asked, run);
        let begun = self.store.begin(id(client), request, is_retry, asked, || run, self.now);
        assert_eq!(begun, expected, "{call:?}, is_retry {is_retry}, after {before:?}");
        self.note(match begun {
            Begun::Runs(_) => "runs",
            Begun::Joins(_) => "joins",
            Begun::Answered(_) => "answered",
            Begun::Unknown(Why::OtherMethod) => "other method",
            Begun::Unknown(Why::OtherCodec) => "other codec",
            Begun::Unknown(Why::AnswerDropped) => "answer dropped",
            Begun::Unknown(Why::ClientForgotten) => "client forgotten",
        });
    }

    /// A run ends: with an answer, for instance that it was cancelled, or without having begun.
    fn end(&mut self) {
        let running: Vec<(u16, u64)> =
            self.model.calls.iter().filter(|(_, truth)| truth.runs).map(|(call, _)| *call).collect();
        if running.is_empty() {
            return;
        }
        let call = self.random.pick(&running);
        let len = match self.random.below(10) {
            0 | 1 => None,
            2 => Some(self.store.most_bytes - OVERHEAD + self.random.below(2) as usize),
            _ => Some(self.random.below(600) as usize),
        };
        if len.is_some_and(|len| len + OVERHEAD > self.store.most_bytes) {
            self.note("too long to be kept");
        }
        self.model.drop_old(self.now);
        let run = self.model.calls[&call].run;
        self.model.end(call, len.map(|len| len + OVERHEAD), self.now);
        self.store.end(id(call.0), call.1, len.map(|len| (run, len)), self.now);
    }

    /// The store keeps what the model keeps, within its bounds.
    fn check(&mut self) {
        let (store, model) = (&self.store, &self.model);
        assert!(store.bytes <= store.most_bytes);
        assert_eq!((store.bytes, store.answers.len()), (model.bytes(), model.kept.len()));
        assert_eq!(store.clients.len(), model.known.len());
        assert!(model.known.iter().all(|known| store.clients.contains_key(&id(known.client))));
        let held = model.known.iter().filter(|known| model.is_held(known.client)).count();
        assert!(store.clients.len() <= store.most_clients.max(held));
        assert_eq!(store.idle.len(), store.clients.len() - held);
        assert_eq!(store.connections.len(), model.connected.len());
    }

    fn note(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }
}

fn id(client: u16) -> ClientId {
    ClientId { instance: u128::from(client).to_le_bytes() }
}

/// W-44 and W-45.
#[test]
fn random_histories_agree_with_a_model() {
    let mut tally = BTreeMap::<_, u64>::new();
    for seed in 0..HISTORIES {
        let mut history = History::new(seed);
        println!("seed {seed}");
        (0..STEPS).for_each(|_| history.step());
        history.tally.into_iter().for_each(|(what, count)| *tally.entry(what).or_default() += count);
    }
    println!("{tally:#?}");
    for event in EVENTS {
        assert!(tally.contains_key(event), "{event:?} happened in no history");
    }
}

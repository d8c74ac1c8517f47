use std::collections::HashMap;

use super::{Asked, Begun, Why};

/// What is known of one client's calls that run once.
#[derive(Debug)]
pub(super) struct Client<A, R> {
    calls: HashMap<u64, Call<A, R>>,
    running: usize,
    /// Where it is among the clients that may be forgotten, if it is.
    idle: Option<u64>,
    /// The highest request id whose answer was dropped. Up to here, what is not here may have run.
    floor: Option<u64>,
    /// The highest request id that has run.
    highest: Option<u64>,
    /// Up to here, what is not here may have run when an earlier record of the client was there. First attempts, which
    /// come in no strict order, have not: they are made once.
    retries_floor: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Call<A, R> {
    pub(super) asked: Asked,
    pub(super) state: State<A, R>,
}

#[derive(Debug)]
pub(super) enum State<A, R> {
    Runs(R),
    Answered {
        answer: A,
        /// Where it is among the answers of all clients.
        age: u64,
        bytes: usize,
    },
}

impl<A: Clone, R: Clone> Client<A, R> {
    pub(super) fn new(retries_floor: Option<u64>) -> Self {
        Self { calls: HashMap::new(), running: 0, idle: None, floor: None, highest: None, retries_floor }
    }

    /// What is known of a call; nothing where it has not run, and must.
    pub(super) fn find(&self, request: u64, is_retry: bool, asked: Asked) -> Option<Begun<A, R>> {
        let Some(call) = self.calls.get(&request) else {
            return self.is_forgotten(request, is_retry).then_some(Begun::Unknown(Why::AnswerDropped));
        };
        if (call.asked.service, call.asked.method) != (asked.service, asked.method) {
            return Some(Begun::Unknown(Why::OtherMethod));
        }
        if call.asked.codec != asked.codec {
            return Some(Begun::Unknown(Why::OtherCodec));
        }
        Some(match &call.state {
            State::Runs(run) => Begun::Joins(run.clone()),
            State::Answered { answer, .. } => Begun::Answered(answer.clone()),
        })
    }

    fn is_forgotten(&self, request: u64, is_retry: bool) -> bool {
        let floor = if is_retry { self.floor.max(self.retries_floor) } else { self.floor };
        floor.is_some_and(|floor| request <= floor)
    }

    /// A call begins to run. Gives back the client's place among those that may be forgotten.
    pub(super) fn start(&mut self, request: u64, asked: Asked, run: R) -> Option<u64> {
        self.calls.insert(request, Call { asked, state: State::Runs(run) });
        self.running += 1;
        self.wake()
    }

    /// It must not be forgotten. Gives back its place among those that may.
    pub(super) fn wake(&mut self) -> Option<u64> {
        self.idle.take()
    }

    /// Takes out a call that runs.
    pub(super) fn end(&mut self, request: u64) -> Option<Call<A, R>> {
        let runs = self.calls.get(&request).is_some_and(|call| matches!(call.state, State::Runs(_)));
        let call = if runs { self.calls.remove(&request) } else { None };
        self.running -= usize::from(call.is_some());
        call
    }

    pub(super) fn keep(&mut self, request: u64, call: Call<A, R>) {
        self.highest = self.highest.max(Some(request));
        self.calls.insert(request, call);
    }

    /// Drops an answer, and gives back how many bytes it took.
    pub(super) fn drop_answer(&mut self, request: u64) -> usize {
        self.raise_floor(request);
        match self.calls.remove(&request) {
            Some(Call { state: State::Answered { bytes, .. }, .. }) => bytes,
            _ => 0,
        }
    }

    pub(super) fn raise_floor(&mut self, request: u64) {
        self.highest = self.highest.max(Some(request));
        self.floor = self.floor.max(Some(request));
    }

    pub(super) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether nothing is known that a new record would not have.
    pub(super) fn is_pristine(&self) -> bool {
        self.calls.is_empty() && self.floor.is_none()
    }

    /// Where none of its calls runs, it takes this place among the clients that may be forgotten.
    pub(super) fn rest(&mut self, place: u64) -> Option<u64> {
        if self.running > 0 {
            return None;
        }
        self.idle = Some(place);
        self.idle
    }

    /// The answers that are kept: their places among those of all clients, and their bytes.
    pub(super) fn answers(&self) -> impl Iterator<Item = (u64, usize)> {
        self.calls.values().filter_map(|call| match call.state {
            State::Answered { age, bytes, .. } => Some((age, bytes)),
            State::Runs(_) => None,
        })
    }
}

use std::ops::{Index, IndexMut};

use super::course::Course;
use super::end::Called;
use super::{Flaw, Time};
use crate::code::Code;
use crate::error::Delivery;
use crate::session::{Message, Outcome, RequestId, Stop, Ticket};

/// Everything that happened to every call, at both ends. Calls are named by their place in it; they carry it as the
/// hash of their service, and in their messages.
#[derive(Debug, Default)]
pub(super) struct Book {
    calls: Vec<Record>,
}

/// What is known of a call from outside.
#[derive(Debug)]
pub(super) struct Record {
    /// The end that makes it.
    pub(super) caller: usize,
    pub(super) oneway: bool,
    pub(super) len: usize,
    pub(super) attempt: u32,
    /// What it is known by, where it runs once.
    pub(super) request: Option<RequestId>,
    /// Its caller's end had retired before.
    pub(super) is_behind: bool,
    pub(super) deadline: Option<Time>,
    pub(super) plan: Plan,
    /// The streams that the caller sends, from index 1.
    pub(super) streams: Vec<Course>,
    /// The stream that answers, where one does.
    pub(super) answer: Option<Course>,
    /// Its handler waits until the caller's streams have ended.
    pub(super) waits: bool,
    pub(super) ticket: Option<Ticket>,
    /// How it ended, until the application takes that.
    pub(super) outcome: Option<Outcome>,
    /// Nobody waits for it any more.
    pub(super) given_up: bool,
    /// None of it may be sent from now on.
    pub(super) unsendable: bool,
    /// Where its CALL is, once it was sent.
    pub(super) sent: Option<Called>,
    pub(super) starts: u32,
    pub(super) given: Option<Given>,
    pub(super) end: Option<Ended>,
}

/// What the handler of a call does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) answer: Reaction,
    /// When it ends by itself, counted from its start; `None` for never.
    pub(super) takes: Option<Time>,
    /// How long it takes to stop once it was told to; `None` when it does not listen.
    pub(super) stops_within: Option<Time>,
}

/// How a handler answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    Reply(usize),
    Typed(usize),
    /// With how long to pause before another attempt, in milliseconds.
    Status(Option<u32>),
    /// Nobody is there to handle it: no handler is started.
    Refuse,
    /// Whether it ran before is not known: no handler is started.
    Unknown,
}

impl Reaction {
    /// Whether a handler is started for it.
    pub(super) fn is_of_handler(self) -> bool {
        !matches!(self, Self::Refuse | Self::Unknown)
    }
}

/// What was given as an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Planned,
    Stopped(Option<Stop>),
}

/// How a call ended for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Answered,
    Sent,
    Failed(Delivery, Code),
}

/// The status that handlers give.
pub(super) const STATUS: Code = Code::FailedPrecondition;
/// The code of a call that nobody handles.
pub(super) const REFUSED: Code = Code::Unimplemented;

/// What the world was like when a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    pub(super) now: Time,
    /// The caller's end has lost the connection.
    pub(super) lost: bool,
    /// Nothing more can leave the caller's end.
    pub(super) unwritable: bool,
    /// One of the ends has begun to close it.
    pub(super) closing: bool,
    /// The callee has said that too much waits to be started.
    pub(super) overloaded: bool,
    /// How many bytes of the caller's end have left it.
    pub(super) written: u64,
    /// The longest message that the callee takes, and the caller.
    pub(super) callee_takes: usize,
    pub(super) caller_takes: usize,
}

impl Book {
    pub(super) fn add(&mut self, record: Record) -> usize {
        self.calls.push(record);
        self.calls.len() - 1
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (usize, &Record)> {
        self.calls.iter().enumerate()
    }

    /// A call has its outcome: it must be one that agrees with everything else that is known.
    pub(super) fn end(&mut self, token: usize, outcome: &Outcome, at: Circumstances) -> Result<Ended, Flaw> {
        let record = &mut self.calls[token];
        let wrong = |why: &str, record: &Record| Err(format!("call {token}: {why}: {outcome:.200?} {record:?} {at:?}"));
        if record.end.is_some() || record.given_up {
            return wrong("it ended twice", record);
        }
        let ended = match outcome {
            _ if outcome.is_answer() && record.gave_plan() && !record.has_all_items() => {
                return wrong("it ended before all its items had come", record);
            }
            Outcome::Reply(reply) if record.answer.is_some() => match record.plan.answer {
                Reaction::Reply(_) if record.gave_plan() && reply.body.is_empty() => Ended::Answered,
                _ => return wrong("nobody gave this end", record),
            },
            Outcome::Reply(reply) => match record.plan.answer {
                Reaction::Reply(len) if record.gave_plan() && is_body(&reply.body, token, len) => Ended::Answered,
                _ => return wrong("nobody gave this reply", record),
            },
            Outcome::Typed(reply) => match record.plan.answer {
                Reaction::Typed(len) if record.gave_plan() && is_body(&reply.body, token, len) => Ended::Answered,
                _ => return wrong("nobody gave this error", record),
            },
            Outcome::Sent if record.oneway => Ended::Sent,
            Outcome::Sent => return wrong("it is not one-way", record),
            Outcome::Failed(error) => {
                let ended = Ended::Failed(error.delivery(), error.code());
                if error.push_back() != record.push_back(error.code()) {
                    return wrong("nobody gave this pause", record);
                }
                if !record.may_fail(error.delivery(), error.code(), at) {
                    return wrong("it may not end so", record);
                }
                if error.delivery() == Delivery::NotSent {
                    record.unsendable = true;
                }
                ended
            }
        };
        record.end = Some(ended);
        Ok(ended)
    }

    /// How long the messages of an end are, all together.
    pub(super) fn sum(&self, caller: usize) -> usize {
        self.calls.iter().filter(|record| record.caller == caller).map(|record| record.len).sum()
    }

    /// What must hold of every call when all is over.
    pub(super) fn settled(&self) -> Result<(), Flaw> {
        for (token, record) in self.iter() {
            if record.end.is_none() && !record.given_up {
                return Err(format!("call {token} never ended: {record:?}"));
            }
            let fits = match record.end {
                Some(Ended::Answered) => record.starts == 1,
                Some(Ended::Failed(Delivery::NotSent | Delivery::NotExecuted, _)) => record.starts == 0,
                Some(Ended::Failed(Delivery::Executed, _)) => record.starts == 1,
                Some(Ended::Failed(Delivery::Unknown, Code::Aborted)) => record.starts == 0,
                _ => record.starts <= 1,
            };
            if !fits {
                return Err(format!("call {token} ended wrongly: {record:?}"));
            }
            record.streams_settled().map_err(|flaw| format!("call {token}: {flaw}"))?;
        }
        Ok(())
    }
}

impl Outcome {
    /// Whether it is what the handler gave.
    fn is_answer(&self) -> bool {
        match self {
            Self::Reply(_) | Self::Typed(_) => true,
            Self::Failed(error) => error.delivery() == Delivery::Executed,
            Self::Sent => false,
        }
    }
}

impl Record {
    fn gave_plan(&self) -> bool {
        self.given == Some(Given::Planned)
    }

    /// Whether a call may fail in this way, under these circumstances.
    fn may_fail(&self, delivery: Delivery, code: Code, at: Circumstances) -> bool {
        let is_late = code == Code::DeadlineExceeded && self.deadline.is_some_and(|deadline| deadline <= at.now);
        let is_closing = code == Code::Unavailable && (at.closing || at.lost);
        match delivery {
            Delivery::NotSent => {
                let is_too_long = code == Code::ResourceExhausted && self.len > at.callee_takes;
                !self.has_left(at) && (is_late || is_closing || is_too_long)
            }
            Delivery::NotExecuted => {
                let is_refused = code == REFUSED && self.gave_plan() && self.plan.answer == Reaction::Refuse;
                is_late || is_closing || is_refused || code == Code::Unavailable && at.overloaded
            }
            Delivery::Executed => match self.given {
                Some(Given::Planned) => match self.plan.answer {
                    Reaction::Status(_) => code == STATUS,
                    Reaction::Reply(len) | Reaction::Typed(len) => {
                        code == Code::ResourceExhausted && len > at.caller_takes
                    }
                    Reaction::Refuse | Reaction::Unknown => false,
                },
                Some(Given::Stopped(Some(Stop::DeadlineExceeded))) => is_late,
                Some(Given::Stopped(Some(Stop::Forced))) => is_closing,
                // Whoever cancelled it does not wait.
                _ => false,
            },
            Delivery::Unknown => {
                let might_leave = self.has_left(at) || !at.unwritable;
                let was_said = code == Code::Aborted && self.gave_plan() && self.plan.answer == Reaction::Unknown;
                is_late || was_said || code == Code::Unavailable && at.lost && might_leave
            }
        }
    }

    /// How long its caller is told to pause, where it fails with this code.
    fn push_back(&self, code: Code) -> Option<u32> {
        match self.plan.answer {
            Reaction::Status(push_back) if code == STATUS => push_back,
            _ => None,
        }
    }

    /// Whether any of it has been taken by the transport.
    fn has_left(&self, at: Circumstances) -> bool {
        self.sent.is_some_and(|called| called.position < at.written)
    }

    /// Whether nobody waits for it any more, who did.
    pub(super) fn is_abandoned(&self) -> bool {
        self.given_up || matches!(self.end, Some(Ended::Failed(Delivery::Unknown, _)))
    }
}

impl Index<usize> for Book {
    type Output = Record;

    fn index(&self, token: usize) -> &Record {
        &self.calls[token]
    }
}

impl IndexMut<usize> for Book {
    fn index_mut(&mut self, token: usize) -> &mut Record {
        &mut self.calls[token]
    }
}

/// The least length of a message: it names its call.
pub(super) const NAMED: usize = 8;

/// A message that belongs to one call alone, whatever its length.
pub(super) fn body(token: usize, len: usize) -> Message {
    let mut bytes = vec![token as u8; len];
    bytes[..NAMED].copy_from_slice(&(token as u64).to_le_bytes());
    bytes.into()
}

/// Whether bytes are the [`body`] of this call with this length.
pub(super) fn is_body(bytes: &[u8], token: usize, len: usize) -> bool {
    bytes.len() == len
        && bytes.starts_with(&(token as u64).to_le_bytes())
        && bytes[NAMED..].chunks(4096).all(|chunk| chunk == &[token as u8; 4096][..chunk.len()])
}

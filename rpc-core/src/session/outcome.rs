use std::time::{Duration, Instant};

use super::Message;
use super::items::Packed;
use crate::code::Code;
use crate::error::RpcError;
use crate::frame::{Body, Fields, Piece, RequestId};
use crate::metadata::Metadata;

/// A call that this end makes.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) service: u32,
    pub(crate) method: u32,
    /// The place of the codec in this end's HELLO.
    pub(crate) codec: u16,
    pub(crate) oneway: bool,
    /// How many streams it sends.
    pub(crate) streams: u16,
    /// It reads a stream.
    pub(crate) reads: bool,
    /// How many bytes that may send from the start, at least.
    pub(crate) window: u32,
    /// How many attempts there have been before.
    pub(crate) attempt: u32,
    pub(crate) deadline: Option<Instant>,
    /// What a call that runs once is known by.
    pub(crate) request: Option<Box<RequestId>>,
    pub(crate) metadata: Option<Box<Metadata>>,
    pub(crate) message: Message,
}

impl Outgoing {
    pub(crate) fn has_streams(&self) -> bool {
        self.streams > 0 || self.reads
    }

    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now))
    }

    pub(super) fn fields(&self, now: Instant) -> Fields {
        Fields {
            deadline: self.remaining(now),
            attempt: self.attempt,
            streams: self.streams as u8,
            request: self.request.clone(),
            metadata: self.metadata.clone(),
            ..Fields::default()
        }
    }
}

/// How a call of this end ended.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Reply(Reply),
    /// An error of the method's own type, encoded.
    Typed(Reply),
    Failed(RpcError),
    /// A one-way call is on its way.
    Sent,
}

/// A call of this end that has ended, for whoever waits for it.
#[derive(Debug)]
pub(crate) struct Ended<C> {
    pub(crate) caller: C,
    pub(crate) outcome: Outcome,
}

/// Who waits for a call of this end, as the session has it.
pub(crate) trait Waits: Clone {
    /// What is left to be done about it.
    type Told;

    /// Takes the reply to a call without streams, which is copied to where it stays. The lock is held: what foreign code
    /// has to do with it is left for later.
    fn tell(self, metadata: Option<Box<Metadata>>, message: Piece<'_>) -> Self::Told;
}

/// What the peer answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) metadata: Option<Box<Metadata>>,
    pub(crate) body: Body,
}

/// What came of a stream, for whoever reads it.
#[derive(Debug)]
pub(crate) struct Arrived<S> {
    pub(crate) handle: S,
    pub(crate) index: u16,
    pub(crate) items: Packed,
    /// How the stream ended, where it did: behind the items.
    pub(crate) end: Option<Result<(), RpcError>>,
    /// How much the reader reads before it says so.
    pub(crate) report_at: u32,
}

/// What the producer of a stream may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Make items that take so much of the credit; the last one may take more.
    Lend(usize),
    /// Nobody reads the stream any more.
    Stop,
}

/// A call that the peer makes, ready to be started.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) id: u64,
    /// The place of the codec in the peer's HELLO.
    pub(crate) codec: u16,
    pub(crate) service: u32,
    pub(crate) method: u32,
    /// How many streams the caller sends.
    pub(crate) streams: u16,
    /// The caller reads a stream.
    pub(crate) reads: bool,
    pub(crate) attempt: u32,
    pub(crate) deadline: Option<Instant>,
    /// What a call that runs once is known by.
    pub(crate) request: Option<Box<RequestId>>,
    pub(crate) metadata: Option<Box<Metadata>>,
    pub(crate) body: Body,
}

impl Incoming {
    /// Whether its deadline is over.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// How much of the peer's bytes it keeps.
    pub(super) fn weight(&self) -> usize {
        weight(self.body.len(), self.metadata.as_deref())
    }
}

/// How much a message and its metadata take.
pub(super) fn weight(message: usize, metadata: Option<&Metadata>) -> usize {
    message + metadata.map_or(0, Metadata::encoded_len)
}

/// How this end answers a call of the peer.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Reply {
        metadata: Option<Box<Metadata>>,
        message: Message,
    },
    /// The stream that answers the call has ended well, behind what has been sent of it.
    Finished {
        metadata: Option<Box<Metadata>>,
    },
    /// An error of the method's own type.
    Typed {
        metadata: Option<Box<Metadata>>,
        message: Message,
    },
    /// A status: the handler's own, or one for a handler that failed.
    Status {
        code: Code,
        message: String,
        metadata: Option<Box<Metadata>>,
        /// How long the caller pauses before it tries again, in milliseconds.
        push_back: Option<u32>,
    },
    /// The handler was not started.
    Refused(Refusal),
    /// The handler was not started by this call; whether an earlier one with its request id did, is not known (W-45).
    Unknown(String),
    /// The handler was stopped, for the reason that the session knows.
    Stopped,
    /// The call was stopped, for the reason that the session knows, before its handler began.
    Unbegun,
}

impl Answer {
    /// A copy that shares no memory with what the handler had: however much a piece of it keeps, this does not.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::Reply { metadata, message } => Self::Reply { metadata: metadata.clone(), message: message.copy() },
            Self::Typed { metadata, message } => Self::Typed { metadata: metadata.clone(), message: message.copy() },
            other => other.clone(),
        }
    }

    /// How many bytes it keeps.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Reply { metadata, message } | Self::Typed { metadata, message } => {
                weight(message.len(), metadata.as_deref())
            }
            Self::Status { message, metadata, .. } => weight(message.len(), metadata.as_deref()),
            Self::Finished { metadata } => weight(0, metadata.as_deref()),
            Self::Refused(refusal) => refusal.message.len(),
            Self::Unknown(message) => message.len(),
            Self::Stopped | Self::Unbegun => 0,
        }
    }
}

/// Why a handler was not started.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Refusal {
    #[cold]
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The call was stopped before its handler began.
    pub(crate) fn unbegun(stopped: Option<Stop>) -> Self {
        match stopped {
            Some(Stop::DeadlineExceeded) => {
                Self::new(Code::DeadlineExceeded, "the deadline passed before the handler began")
            }
            Some(Stop::Cancelled) => Self::new(Code::Cancelled, "cancelled before the handler began"),
            _ => Self::new(Code::Unavailable, "the server closed before the handler began"),
        }
    }
}

/// Why a handler must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The caller gave up.
    Cancelled,
    DeadlineExceeded,
    /// The connection is gone.
    Lost,
    /// The server is closing and its grace is over.
    Forced,
}

impl Stop {
    /// What the caller is told of a handler that has ended without an answer.
    pub(crate) fn told(stopped: Option<Self>) -> (Code, &'static str) {
        match stopped {
            Some(Self::DeadlineExceeded) => (Code::DeadlineExceeded, "the deadline passed while the handler ran"),
            Some(Self::Forced) => (Code::Unavailable, "the server closed before the handler had ended"),
            Some(Self::Cancelled) => (Code::Cancelled, "the handler was cancelled"),
            Some(Self::Lost) | None => (Code::Internal, "the handler ended without an answer"),
        }
    }
}

/// The longest deadline that is taken from a peer: a century would overflow some clocks.
pub(crate) const LONGEST_DEADLINE: Duration = Duration::from_secs(365 * 24 * 3600);

/// Tests wait for numbers, and are told of a reply as of any other outcome.
#[cfg(test)]
mod numbers {
    use super::{Ended, Metadata, Outcome, Piece, Reply, Waits};

    trait Number: Clone {}

    impl Number for u32 {}

    impl Number for usize {}

    impl<N: Number> Waits for N {
        type Told = Ended<N>;

        fn tell(self, metadata: Option<Box<Metadata>>, message: Piece<'_>) -> Ended<N> {
            Ended { caller: self, outcome: Outcome::Reply(Reply { metadata, body: message.into() }) }
        }
    }
}

mod attempt;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_codec::{AnyCodec, Codec as _, EncodeError};
use serde::Serialize;
use tokio::time::Sleep;

use super::member::Place;
use super::retry::{RetryPolicy, Tries};
use super::{Channel, HeldChannel};
use crate::code::Code;
use crate::connection::{Connection, Flow, Pending};
use crate::context::{Context, now};
use crate::error::{Delivery, Phase, RpcError};
use crate::metadata::Metadata;
use crate::method::{MethodDescriptor, Shape};
use crate::session::{Message, Outcome, RequestId};
use crate::streaming::Produce;

/// A call whatever its types: the arguments encoded, the options, how far it is. Dropping it cancels the call.
///
/// It is small, because there may be many: what few calls have is put elsewhere.
pub(super) struct Caller {
    pub(super) channel: HeldChannel,
    pub(super) method: &'static MethodDescriptor,
    time: Time,
    state: State,
    /// It waits for a connection, however long that takes.
    pub(super) waits: bool,
    /// Some of the answer has been read: it is not tried again.
    pub(super) is_committed: bool,
    tries: Tries,
    /// What names a call that runs once, from its first attempt on.
    request: Option<Box<RequestId>>,
    metadata: Option<Box<Metadata>>,
    rare: Option<Box<Rare>>,
}

/// What few calls have.
#[derive(Default)]
struct Rare {
    repeats: Repeats,
    /// What the caller streams, in the order of the arguments.
    streams: Vec<Produce>,
    /// How much more than usual may be in flight of the stream that answers, from the start.
    window: u32,
}

#[derive(Clone, Copy)]
pub(super) enum Timeout {
    Unset,
    Never,
    After(Duration),
}

enum Time {
    New {
        timeout: Timeout,
        /// When the handler that makes this call must be done.
        inherited: Option<Instant>,
    },
    Begun(Begun),
}

/// How a call that may have run is tried again.
#[derive(Default)]
pub(super) enum Repeats {
    /// As the channel says.
    #[default]
    Unset,
    Never,
    By(Box<RetryPolicy>),
}

enum State {
    /// Not polled yet. The message, or why there is none.
    New(Result<Message, RpcError>),
    /// Waiting for the connection, or for the next attempt.
    Waiting {
        message: Message,
        wait: Box<Wait>,
    },
    /// Sent, or waiting for a slot. What was sent stays in it: it may have to be sent again.
    Started(Arc<Pending>),
    Over,
}

/// What a call without a connection waits for.
#[derive(Default)]
struct Wait {
    /// Where it waits for the connection.
    place: Option<Place>,
    /// Its deadline; no connection's timer looks after it.
    deadline: Option<Pin<Box<Sleep>>>,
    /// The pause before the next attempt.
    pause: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy)]
struct Begun {
    at: Instant,
    deadline: Option<Instant>,
}

impl Caller {
    pub(super) fn new<A: Serialize + ?Sized>(
        channel: &Channel,
        method: &'static MethodDescriptor,
        lent: Vec<Bytes>,
        arguments: Option<&A>,
    ) -> Self {
        let message = match arguments {
            Some(arguments) => encode(channel.codec(), lent, arguments),
            None => Ok(Message::default()),
        };
        Self::with_message(channel, method, message)
    }

    /// Not a part of every stub: it knows nothing of the arguments' type.
    #[inline(never)]
    fn with_message(channel: &Channel, method: &'static MethodDescriptor, message: Result<Message, RpcError>) -> Self {
        Self {
            channel: channel.hold(),
            method,
            time: Time::New { timeout: Timeout::Unset, inherited: Context::current_deadline() },
            state: State::New(message),
            waits: channel.inner().settings.waits,
            is_committed: false,
            tries: Tries::default(),
            request: None,
            metadata: None,
            rare: None,
        }
    }

    pub(super) fn set_timeout(&mut self, value: Timeout) {
        if let Time::New { timeout, .. } = &mut self.time {
            *timeout = value;
        }
    }

    pub(super) fn set_repeats(&mut self, repeats: Repeats) {
        self.rare.get_or_insert_default().repeats = repeats;
    }

    pub(super) fn set_window(&mut self, bytes: u32) {
        self.rare.get_or_insert_default().window = bytes;
    }

    pub(super) fn add_metadata(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.metadata.get_or_insert_default().append(key, value);
    }

    pub(super) fn add_stream(&mut self, produce: Produce) {
        self.rare.get_or_insert_default().streams.push(produce);
    }

    pub(super) fn codec(&self) -> &AnyCodec {
        &self.channel.codec
    }

    /// The streams of a call that has been started.
    pub(super) fn flow(&self) -> Option<&Arc<Flow>> {
        match &self.state {
            State::Started(pending) => pending.flow(),
            _ => None,
        }
    }

    /// Starts the call, and gives its outcome.
    pub(super) fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<Outcome, RpcError>> {
        loop {
            if let State::Started(pending) = &self.state {
                let outcome = std::task::ready!(pending.poll(cx));
                if let Outcome::Failed(error) = &outcome
                    && self.tries_again(error)
                {
                    continue;
                }
                self.state = State::Over;
                return Poll::Ready(Ok(outcome));
            }
            let (message, wait) = match std::mem::replace(&mut self.state, State::Over) {
                State::New(message) => {
                    let begun = self.begin();
                    self.time = Time::Begun(begun);
                    let message = message?;
                    self.check(begun)?;
                    (message, None)
                }
                State::Waiting { message, wait } => (message, Some(wait)),
                State::Started(_) | State::Over => {
                    let error = RpcError::new(Code::Internal, "the call was polled after it had ended");
                    return Poll::Ready(Err(error.with_delivery(Delivery::Unknown)));
                }
            };
            if std::task::ready!(self.poll_start(cx, message, wait))? {
                return Poll::Pending;
            }
        }
    }

    /// Adds what this side knows of the call to an error.
    pub(super) fn describe(&self, error: RpcError) -> RpcError {
        let mut error = error.with_method(&self.channel.service_name(self.method.service), self.method.name);
        if error.peer().is_none() {
            let connection = self.channel.epoch.connection.as_ref();
            error = error.with_peer(Arc::clone(connection.map_or(self.channel.link.peer(), Connection::peer)));
        }
        if error.phase().is_none() {
            error = error.with_phase(Phase::Wait);
        }
        // Where it is not known, nothing was sent.
        let delivery = self.tries.delivery(error.delivery());
        error = error.with_delivery(delivery);
        match self.time {
            Time::Begun(begun) => error.with_elapsed(now().saturating_duration_since(begun.at)),
            Time::New { .. } => error,
        }
    }

    /// When it begins: now, unless it has.
    fn begin(&self) -> Begun {
        let (timeout, inherited) = match self.time {
            Time::New { timeout, inherited } => (timeout, inherited),
            Time::Begun(begun) => return begun,
        };
        let at = now();
        let own = match timeout {
            Timeout::Never => None,
            Timeout::After(timeout) => Some(timeout),
            // A stream may last: it has a deadline only where one is set.
            Timeout::Unset => match self.method.shape {
                Shape::Unary => self.method.timeout.or(self.channel.settings.timeout),
                _ => self.method.timeout,
            },
        };
        // A timeout too long for the clock is none.
        let own = own.and_then(|timeout| at.checked_add(timeout));
        let deadline = [own, inherited].into_iter().flatten().min();
        Begun { at, deadline }
    }

    /// When it must have ended, once it has begun.
    fn deadline(&self) -> Option<Instant> {
        match self.time {
            Time::Begun(begun) => begun.deadline,
            Time::New { .. } => None,
        }
    }

    /// What can be seen before anything is sent.
    fn check(&self, begun: Begun) -> Result<(), RpcError> {
        if let Some((code, rule)) = self.metadata.as_ref().and_then(|metadata| metadata.broken_rule()) {
            return Err(RpcError::new(code, rule).with_phase(Phase::Send));
        }
        if begun.deadline.is_some_and(|deadline| deadline <= begun.at) {
            let error = RpcError::new(Code::DeadlineExceeded, "the deadline was over before the call was sent");
            return Err(error.with_phase(Phase::Send));
        }
        Ok(())
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        match (&self.state, &self.channel.epoch.connection) {
            (State::Started(pending), Some(connection)) => connection.abandon(pending),
            (State::Waiting { wait, .. }, _) => {
                if let Some(place) = wait.place {
                    self.channel.link.leave(self.channel.place_of_member(), place);
                }
            }
            _ => {}
        }
    }
}

/// Encodes the arguments, which share the bytes that are `lent`.
fn encode<A: Serialize + ?Sized>(codec: &AnyCodec, lent: Vec<Bytes>, arguments: &A) -> Result<Message, RpcError> {
    let mut output = Message::output();
    lent.into_iter().for_each(|bytes| output.lend(bytes));
    match codec.encode(arguments, &mut output) {
        Ok(()) => Ok(Message::from(output)),
        Err(error) => Err(unencodable(codec, error)),
    }
}

#[cold]
fn unencodable(codec: &AnyCodec, error: EncodeError) -> RpcError {
    let text = format!("the arguments cannot be encoded as {}: {error}", codec.name());
    RpcError::new(Code::InvalidArgument, text).with_phase(Phase::Send).with_source(error)
}

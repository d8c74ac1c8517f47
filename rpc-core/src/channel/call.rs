use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_codec::bytes::sharing;
use rpc_codec::{AnyCodec, Codec as _, DecodeError};
use serde::Serialize;
use tokio::time::Sleep;

use super::link::Attempt;
use super::{Channel, HeldChannel};
use crate::code::Code;
use crate::connection::Pending;
use crate::context::{Context, now};
use crate::error::{Delivery, Phase, RpcError};
use crate::failure::Failure;
use crate::frame::Body;
use crate::metadata::Metadata;
use crate::method::MethodDescriptor;
use crate::session::{Message, Outcome, Outgoing, Reply};

/// A call that has not been made yet: a future that sends it when it is first polled, and gives its result.
///
/// Options are set before that. The arguments are encoded already, so a call borrows nothing: it can be spawned, joined
/// or kept. The deadline begins with the first poll; within a handler it ends with the handler's own, at the latest.
///
/// `T` is the result, `E` the method's error and `M` whether it may be run twice ([`Idempotent`]) or not
/// ([`AtMostOnce`]). The output is `Result<T, RpcError>` for a method that cannot fail or fails with a status, and
/// `Result<T, CallError<E>>` for one with an error type of its own.
///
/// # Cancel safety
///
/// Dropping a call before its first poll sends nothing. Dropping it later cancels it on the server, whose handler is
/// dropped at its next `await`; it may have run by then. Nothing else on the connection is affected.
#[must_use = "a call is made when it is awaited"]
pub struct Call<T, E, M> {
    channel: HeldChannel,
    method: &'static MethodDescriptor,
    options: Options,
    state: State,
    decode: Decode<T>,
    method_type: PhantomData<fn() -> (E, M)>,
}

/// The class of methods that may be run twice: `#[rpc(idempotent)]`.
#[derive(Debug, Clone, Copy)]
pub enum Idempotent {}

/// The class of methods that are run at most once: all that are not marked otherwise.
#[derive(Debug, Clone, Copy)]
pub enum AtMostOnce {}

/// A result with the metadata that came along, or what the caller sees of the failure.
type Ended<T, E> = Result<(T, Option<Box<Metadata>>), <E as Failure>::Seen>;

/// Reads a result.
type Decode<T> = fn(&AnyCodec, &[u8]) -> Result<T, DecodeError>;

#[derive(Default)]
struct Options {
    timeout: Timeout,
    metadata: Option<Box<Metadata>>,
    /// When the handler that makes this call must be done.
    inherited: Option<Instant>,
}

#[derive(Default, Clone, Copy)]
enum Timeout {
    #[default]
    Unset,
    Never,
    After(Duration),
}

enum State {
    /// Not polled yet. The message, or why there is none.
    New(Result<Message, RpcError>),
    /// Waiting for the connection.
    Connecting {
        begun: Begun,
        message: Message,
        wait: Wait,
    },
    /// Sent, or waiting for a slot. What was sent stays in it: it may have to be sent again.
    Started {
        begun: Begun,
        pending: Arc<Pending>,
    },
    Over,
}

/// What a call without a connection waits for.
#[derive(Default)]
struct Wait {
    attempt: Option<Arc<Attempt>>,
    /// Its deadline; the connection's own timer is not there yet.
    sleep: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy)]
struct Begun {
    at: Instant,
    deadline: Option<Instant>,
}

impl<T, E: Failure, M> Call<T, E, M> {
    pub(crate) fn new<A: Serialize + ?Sized>(
        channel: &Channel,
        method: &'static MethodDescriptor,
        lent: Vec<Bytes>,
        arguments: Option<&A>,
        decode: Decode<T>,
    ) -> Self {
        let message = match arguments {
            Some(arguments) => encode(channel.codec(), lent, arguments),
            None => Ok(Message::default()),
        };
        let options = Options { inherited: Context::current_deadline(), ..Options::default() };
        Self { channel: channel.hold(), method, options, state: State::New(message), decode, method_type: PhantomData }
    }

    /// Gives up after this long, counted from the first poll: [`Code::DeadlineExceeded`]. It covers connecting, waiting
    /// for a slot, sending, running and receiving. Default: that of the method, else of the channel, else 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Timeout::After(timeout);
        self
    }

    /// Waits for ever, or until the deadline of the handler that makes the call.
    pub fn no_timeout(mut self) -> Self {
        self.options.timeout = Timeout::Never;
        self
    }

    /// Adds an entry to the metadata that goes with the call.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.metadata.get_or_insert_default().append(key, value);
        self
    }

    /// Gives the metadata of the answer along with the result.
    pub fn with_metadata(self) -> WithMetadata<T, E, M> {
        WithMetadata { call: self }
    }

    fn poll_outcome(&mut self, cx: &mut TaskContext<'_>) -> Poll<Ended<T, E>> {
        if let State::Started { begun, pending } = &self.state {
            let Poll::Ready(outcome) = pending.poll(cx) else {
                return Poll::Pending;
            };
            let begun = *begun;
            self.state = State::Over;
            return Poll::Ready(self.finish(outcome, begun));
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::New(message) => {
                let begun = self.begin();
                match message.and_then(|message| self.check_metadata().map(|()| message)) {
                    Ok(message) => self.poll_start(cx, begun, message, Wait::default()),
                    Err(error) => Poll::Ready(Err(self.failed(error, Some(begun)).into())),
                }
            }
            State::Connecting { begun, message, wait } => self.poll_start(cx, begun, message, wait),
            State::Started { .. } | State::Over => {
                let error = RpcError::new(Code::Internal, "the call was polled after it had ended")
                    .with_delivery(Delivery::Unknown);
                Poll::Ready(Err(self.failed(error, None).into()))
            }
        }
    }

    fn begin(&self) -> Begun {
        let at = now();
        let own = match self.options.timeout {
            Timeout::Never => None,
            Timeout::After(timeout) => Some(timeout),
            Timeout::Unset => self.method.timeout.or(self.channel.timeout),
        };
        // A timeout too long for the clock is none.
        let own = own.and_then(|timeout| at.checked_add(timeout));
        let deadline = [own, self.options.inherited].into_iter().flatten().min();
        Begun { at, deadline }
    }

    fn check_metadata(&self) -> Result<(), RpcError> {
        match self.options.metadata.as_ref().and_then(|metadata| metadata.broken_rule()) {
            Some(rule) => Err(RpcError::new(Code::InvalidArgument, rule).with_phase(Phase::Send)),
            None => Ok(()),
        }
    }

    /// Starts the call once there is a connection.
    fn poll_start(
        &mut self,
        cx: &mut TaskContext<'_>,
        begun: Begun,
        message: Message,
        mut wait: Wait,
    ) -> Poll<Ended<T, E>> {
        let connection = match self.channel.link.poll_connection(cx, &mut wait.attempt) {
            Poll::Ready(Ok(connection)) => connection,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(self.failed(error, Some(begun)).into())),
            Poll::Pending => {
                if let Some(deadline) = begun.deadline {
                    let sleep = wait.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
                    if sleep.as_mut().poll(cx).is_ready() {
                        let error = RpcError::new(Code::DeadlineExceeded, "no connection came before the deadline");
                        let error = error.with_phase(Phase::Connect).with_delivery(Delivery::NotSent);
                        return Poll::Ready(Err(self.failed(error, Some(begun)).into()));
                    }
                }
                self.state = State::Connecting { begun, message, wait };
                return Poll::Pending;
            }
        };
        let outgoing = Outgoing {
            service: self.channel.service_id(self.method.service),
            method: self.method.id,
            codec: 0,
            oneway: self.method.oneway,
            deadline: begun.deadline,
            metadata: self.options.metadata.take(),
            message,
        };
        // Where it did not have to wait for the connection, the call has begun this very moment.
        let now = if wait.attempt.is_none() { begun.at } else { now() };
        match connection.start(outgoing, cx.waker(), now) {
            Ok(pending) => {
                self.state = State::Started { begun, pending };
                Poll::Pending
            }
            Err(outcome) => Poll::Ready(self.finish(outcome, begun)),
        }
    }

    fn finish(&self, outcome: Outcome, begun: Begun) -> Ended<T, E> {
        match outcome {
            Outcome::Reply(Reply { metadata, body }) => self.read(&body, begun).map(|value| (value, metadata)),
            Outcome::Sent => self.read(&Body::EMPTY, begun).map(|value| (value, None)),
            Outcome::Typed(Reply { body, .. }) => {
                let read = E::read(&self.channel.codec, &body);
                Err(read.unwrap_or_else(|error| self.failed(error, Some(begun)).into()))
            }
            Outcome::Failed(error) => Err(self.failed(error, Some(begun)).into()),
        }
    }

    fn read(&self, body: &Body, begun: Begun) -> Result<T, E::Seen> {
        let decoded = match body.shared() {
            Some(message) => sharing(message, || (self.decode)(&self.channel.codec, message)),
            None => (self.decode)(&self.channel.codec, body),
        };
        decoded.map_err(|error| {
            let text = format!("the result is not a {}: {error}", std::any::type_name::<T>());
            let error = RpcError::new(Code::Internal, text)
                .with_phase(Phase::Decode)
                .with_delivery(Delivery::Executed)
                .with_source(error);
            self.failed(error, Some(begun)).into()
        })
    }

    /// Adds what this side knows of the call.
    fn failed(&self, error: RpcError, begun: Option<Begun>) -> RpcError {
        let mut error = error
            .with_method(&self.channel.service_name(self.method.service), self.method.name)
            .with_peer(Arc::clone(self.channel.link.peer()));
        if error.phase().is_none() {
            error = error.with_phase(Phase::Wait);
        }
        if !error.is_delivery_known() {
            error = error.with_delivery(Delivery::NotSent);
        }
        match begun {
            Some(begun) => error.with_elapsed(now().saturating_duration_since(begun.at)),
            None => error,
        }
    }
}

impl<T, E: Failure, M> Future for Call<T, E, M> {
    type Output = Result<T, E::Seen>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.poll_outcome(cx).map_ok(|(value, _)| value)
    }
}

/// Everything in a call may move: it holds no future that is pinned in place.
impl<T, E, M> Unpin for Call<T, E, M> {}

impl<T, E, M> Drop for Call<T, E, M> {
    fn drop(&mut self) {
        // The channel keeps its connection, so the call need not hold one of its own.
        if let State::Started { pending, .. } = &self.state
            && let Some(connection) = self.channel.link.connection()
        {
            connection.abandon(pending);
        }
    }
}

impl<T, E, M> fmt::Debug for Call<T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments are not shown: they may be secret.
        f.debug_struct("Call")
            .field("service", &self.channel.service_name(self.method.service))
            .field("method", &self.method.name)
            .finish_non_exhaustive()
    }
}

/// A call that gives the metadata of the answer too; see [`Call::with_metadata`].
#[must_use = "a call is made when it is awaited"]
pub struct WithMetadata<T, E, M> {
    call: Call<T, E, M>,
}

impl<T, E: Failure, M> Future for WithMetadata<T, E, M> {
    type Output = Result<(T, Metadata), E::Seen>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let outcome = self.call.poll_outcome(cx);
        outcome.map_ok(|(value, metadata)| (value, metadata.map(|metadata| *metadata).unwrap_or_default()))
    }
}

impl<T, E, M> fmt::Debug for WithMetadata<T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithMetadata").field(&self.call).finish()
    }
}

/// Encodes the arguments, which share the bytes that are `lent`.
fn encode<A: Serialize + ?Sized>(codec: &AnyCodec, lent: Vec<Bytes>, arguments: &A) -> Result<Message, RpcError> {
    let mut output = Message::output();
    lent.into_iter().for_each(|bytes| output.lend(bytes));
    match codec.encode(arguments, &mut output) {
        Ok(()) => Ok(Message::from(output)),
        Err(error) => {
            let text = format!("the arguments cannot be encoded as {}: {error}", codec.name());
            Err(RpcError::new(Code::InvalidArgument, text).with_phase(Phase::Send).with_source(error))
        }
    }
}

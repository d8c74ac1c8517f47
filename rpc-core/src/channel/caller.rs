use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_codec::{AnyCodec, Codec as _};
use serde::Serialize;
use tokio::time::Sleep;

use super::link::Attempt;
use super::{Channel, HeldChannel};
use crate::code::Code;
use crate::connection::{Flow, Pending};
use crate::context::{Context, now};
use crate::error::{Delivery, Phase, RpcError};
use crate::metadata::Metadata;
use crate::method::{MethodDescriptor, Shape};
use crate::session::{Message, Outcome, Outgoing};
use crate::streaming::Produce;

/// A call whatever its types: the arguments encoded, the options, how far it is. Dropping it cancels the call.
pub(super) struct Caller {
    pub(super) channel: HeldChannel,
    pub(super) method: &'static MethodDescriptor,
    pub(super) timeout: Timeout,
    metadata: Option<Box<Metadata>>,
    /// When the handler that makes this call must be done.
    inherited: Option<Instant>,
    /// What the caller streams, in the order of the arguments.
    streams: Vec<Produce>,
    /// How much more than usual may be in flight of the stream that answers, from the start.
    pub(super) window: u32,
    begun: Option<Begun>,
    state: State,
}

#[derive(Default, Clone, Copy)]
pub(super) enum Timeout {
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
        message: Message,
        wait: Wait,
    },
    /// Sent, or waiting for a slot. What was sent stays in it: it may have to be sent again.
    Started(Arc<Pending>),
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
        Self {
            channel: channel.hold(),
            method,
            timeout: Timeout::Unset,
            metadata: None,
            inherited: Context::current_deadline(),
            streams: Vec::new(),
            window: 0,
            begun: None,
            state: State::New(message),
        }
    }

    pub(super) fn add_metadata(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.metadata.get_or_insert_default().append(key, value);
    }

    pub(super) fn add_stream(&mut self, produce: Produce) {
        self.streams.push(produce);
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
        if let State::Started(pending) = &self.state {
            let Poll::Ready(outcome) = pending.poll(cx) else {
                return Poll::Pending;
            };
            self.state = State::Over;
            return Poll::Ready(Ok(outcome));
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::New(message) => {
                self.begun = Some(self.begin());
                match message.and_then(|message| self.check_metadata().map(|()| message)) {
                    Ok(message) => self.poll_start(cx, message, Wait::default()),
                    Err(error) => Poll::Ready(Err(error)),
                }
            }
            State::Connecting { message, wait } => self.poll_start(cx, message, wait),
            State::Started(_) | State::Over => {
                let error = RpcError::new(Code::Internal, "the call was polled after it had ended");
                Poll::Ready(Err(error.with_delivery(Delivery::Unknown)))
            }
        }
    }

    /// Adds what this side knows of the call to an error.
    pub(super) fn describe(&self, error: RpcError) -> RpcError {
        let mut error = error
            .with_method(&self.channel.service_name(self.method.service), self.method.name)
            .with_peer(Arc::clone(self.channel.link.peer()));
        if error.phase().is_none() {
            error = error.with_phase(Phase::Wait);
        }
        if !error.is_delivery_known() {
            error = error.with_delivery(Delivery::NotSent);
        }
        match self.begun {
            Some(begun) => error.with_elapsed(now().saturating_duration_since(begun.at)),
            None => error,
        }
    }

    fn begin(&self) -> Begun {
        let at = now();
        let own = match self.timeout {
            Timeout::Never => None,
            Timeout::After(timeout) => Some(timeout),
            // A stream may last: it has a deadline only where one is set.
            Timeout::Unset => match self.method.shape {
                Shape::Unary => self.method.timeout.or(self.channel.timeout),
                _ => self.method.timeout,
            },
        };
        // A timeout too long for the clock is none.
        let own = own.and_then(|timeout| at.checked_add(timeout));
        let deadline = [own, self.inherited].into_iter().flatten().min();
        Begun { at, deadline }
    }

    fn check_metadata(&self) -> Result<(), RpcError> {
        match self.metadata.as_ref().and_then(|metadata| metadata.broken_rule()) {
            Some(rule) => Err(RpcError::new(Code::InvalidArgument, rule).with_phase(Phase::Send)),
            None => Ok(()),
        }
    }

    /// Starts the call once there is a connection.
    fn poll_start(
        &mut self,
        cx: &mut TaskContext<'_>,
        message: Message,
        mut wait: Wait,
    ) -> Poll<Result<Outcome, RpcError>> {
        let begun = self.begun.unwrap_or_else(|| self.begin());
        let connection = match self.channel.link.poll_connection(cx, &mut wait.attempt) {
            Poll::Ready(Ok(connection)) => connection,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                if let Some(deadline) = begun.deadline {
                    let sleep = wait.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
                    if sleep.as_mut().poll(cx).is_ready() {
                        let error = RpcError::new(Code::DeadlineExceeded, "no connection came before the deadline");
                        let error = error.with_phase(Phase::Connect).with_delivery(Delivery::NotSent);
                        return Poll::Ready(Err(error));
                    }
                }
                self.state = State::Connecting { message, wait };
                return Poll::Pending;
            }
        };
        let outgoing = Outgoing {
            service: self.channel.service_id(self.method.service),
            method: self.method.id,
            codec: self.channel.place,
            oneway: self.method.oneway,
            streams: self.streams.len() as u16,
            reads: self.method.gives_stream(),
            window: self.window,
            deadline: begun.deadline,
            request: None,
            metadata: self.metadata.take(),
            message,
        };
        // Where it did not have to wait for the connection, the call has begun this very moment.
        let now = if wait.attempt.is_none() { begun.at } else { now() };
        match connection.start(outgoing, cx.waker(), now) {
            Ok(pending) => {
                if let Some(flow) = pending.flow() {
                    send_streams(flow, &self.channel.codec, &mut self.streams);
                }
                self.state = State::Started(pending);
                Poll::Pending
            }
            Err(outcome) => Poll::Ready(Ok(outcome)),
        }
    }
}

/// What the caller streams goes out by itself, in tasks of its own: nobody has to poll the call for it.
fn send_streams(flow: &Arc<Flow>, codec: &AnyCodec, streams: &mut Vec<Produce>) {
    for (produce, index) in streams.drain(..).zip(1..) {
        tokio::spawn(produce(flow.outlet(index), codec.clone()));
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // The channel keeps its connection, so the call need not hold one of its own.
        if let State::Started(pending) = &self.state
            && let Some(connection) = self.channel.link.connection()
        {
            connection.abandon(pending);
        }
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

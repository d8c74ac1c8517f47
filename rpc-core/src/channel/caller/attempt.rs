//! The attempts of a call: started where there is a connection, and again where that is safe and of use.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use rpc_codec::AnyCodec;
use tokio::time::Sleep;

use super::{Caller, Repeats, State, Time, Wait};
use crate::channel::retry::{RetryPolicy, Terms};
use crate::code::Code;
use crate::connection::{Connection, Flow};
use crate::context::now;
use crate::error::{Delivery, Phase, RpcError};
use crate::instance::request_number;
use crate::method::Shape;
use crate::session::{Message, Outgoing, RequestId};
use crate::streaming::Produce;

impl Caller {
    /// Starts the call once there is a connection. Says whether the outcome has to be waited for.
    #[inline]
    pub(super) fn poll_start(
        &mut self,
        cx: &mut TaskContext<'_>,
        message: Message,
        wait: Option<Box<Wait>>,
    ) -> Poll<Result<bool, RpcError>> {
        match (&self.time, wait) {
            // It has begun this very moment, and need not wait.
            (Time::Begun(begun), None) if self.channel.connection().is_some() => {
                let now = begun.at;
                Poll::Ready(self.start(cx, message, now))
            }
            (_, wait) => self.poll_start_later(cx, message, wait.unwrap_or_default()),
        }
    }

    #[cold]
    fn poll_start_later(
        &mut self,
        cx: &mut TaskContext<'_>,
        message: Message,
        mut wait: Box<Wait>,
    ) -> Poll<Result<bool, RpcError>> {
        match self.poll_connection(cx, &mut wait) {
            Poll::Ready(connected) => connected?,
            Poll::Pending => {
                self.state = State::Waiting { message, wait };
                return Poll::Pending;
            }
        }
        Poll::Ready(self.start(cx, message, now()))
    }

    /// Waits for the end of the pause and for a connection, as long as the deadline allows.
    fn poll_connection(&mut self, cx: &mut TaskContext<'_>, wait: &mut Wait) -> Poll<Result<(), RpcError>> {
        if let Some(pause) = &mut wait.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            wait.pause = None;
        }
        if self.channel.connection().is_some() {
            return Poll::Ready(Ok(()));
        }
        if wait.place.is_none() {
            // Another one may have come, or gone, since the call was made.
            self.channel.choose();
        }
        let (link, member) = (&self.channel.link, self.channel.place_of_member());
        if let Poll::Ready(connection) = link.poll_connection(member, self.waits, cx, &mut wait.place) {
            self.channel.attach(connection?);
            return Poll::Ready(Ok(()));
        }
        let deadline = self.deadline();
        if let Some(deadline) = deadline.filter(|_| wait.deadline.is_none()) {
            wait.deadline = Some(timer(deadline).ok_or_else(no_clock)?);
        }
        match &mut wait.deadline {
            Some(deadline) => deadline.as_mut().poll(cx).map(|()| Err(no_connection(link.failure(member)))),
            None => Poll::Pending,
        }
    }

    /// Starts the call on the connection that there is. Says whether the outcome has to be waited for.
    fn start(&mut self, cx: &TaskContext<'_>, message: Message, now: Instant) -> Result<bool, RpcError> {
        let Some(connection) = &self.channel.epoch.connection else {
            return Err(RpcError::new(Code::Internal, "there is no connection after all"));
        };
        if self.may_repeat() && self.tries.is_first() {
            self.channel.budget.deposit();
            if self.method.once {
                self.request = Some(Box::new(RequestId { number: request_number(), instance: [0; 16] }));
            }
        }
        let outgoing = Outgoing {
            service: self.channel.service_id(self.method),
            method: self.method.id,
            codec: self.channel.place,
            oneway: self.method.oneway,
            streams: self.rare.as_ref().map_or(0, |rare| rare.streams.len() as u16),
            reads: self.method.gives_stream(),
            window: self.rare.as_ref().map_or(0, |rare| rare.window),
            attempt: self.tries.count(),
            deadline: self.deadline(),
            request: self.request.clone(),
            metadata: self.metadata.take(),
            message,
        };
        let (pending, waits) = match connection.start(outgoing, cx.waker(), now) {
            Ok(pending) => (pending, true),
            Err(pending) => (pending, false),
        };
        if waits && let (Some(flow), Some(rare)) = (pending.flow(), &mut self.rare) {
            send_streams(flow, &self.channel.codec, &mut rare.streams);
        }
        self.state = State::Started(pending);
        Ok(waits)
    }

    /// How the call is tried again if it failed so, though it may have run.
    fn policy(&self, error: &RpcError) -> Option<&RetryPolicy> {
        match self.rare.as_ref().map_or(&Repeats::Unset, |rare| &rare.repeats) {
            _ if !self.may_repeat() => None,
            // Another attempt would get the answer that this one got.
            _ if self.request.is_some() && error.delivery() != Delivery::Unknown => None,
            Repeats::Unset => self.channel.settings.retry.as_ref(),
            Repeats::Never => None,
            Repeats::By(policy) => Some(policy),
        }
    }

    /// Whether the method may be run twice, or the server sees to it that it is not.
    fn may_repeat(&self) -> bool {
        (self.method.idempotent || self.method.once) && self.method.shape == Shape::Unary && !self.method.oneway
    }

    /// Has a call that failed tried again, if that is safe and of use, and there is time for it.
    #[cold]
    pub(super) fn tries_again(&mut self, error: &RpcError) -> bool {
        let State::Started(pending) = &self.state else {
            return false;
        };
        let outgoing = pending.outgoing();
        // What the caller streams has been taken from where it came, and is not kept.
        let has_streamed = outgoing.streams > 0 && self.rare.as_ref().is_none_or(|rare| rare.streams.is_empty());
        if has_streamed || self.is_committed || !self.channel.settings.moves || !self.channel.link.is_reopened() {
            return false;
        }
        let now = now();
        let moves = self.channel.connection().is_none();
        let mut tries = self.tries;
        let terms = Terms { moves, policy: self.policy(error), budget: &self.channel.budget, now };
        let Some(pause) = tries.next(error, terms) else {
            return false;
        };
        let Some(until) = now.checked_add(pause) else {
            return false;
        };
        if outgoing.deadline.is_some_and(|deadline| deadline <= until) {
            return false;
        }
        let timer = if pause.is_zero() { None } else { timer(until) };
        if timer.is_none() && !pause.is_zero() {
            return false;
        }
        if let Some(request) = &mut self.request
            && request.instance == [0; 16]
            && error.delivery() == Delivery::Unknown
        {
            // Only the server that it was sent to can know whether it has run.
            let connection = self.channel.epoch.connection.as_ref();
            let Some(instance) = connection.and_then(Connection::peer_instance) else {
                return false;
            };
            request.instance = instance;
        }
        let message = outgoing.message.clone();
        self.metadata = outgoing.metadata.clone();
        self.tries = tries;
        self.channel.choose();
        self.state = State::Waiting { message, wait: Box::new(Wait { pause: timer, ..Wait::default() }) };
        true
    }
}

/// Fires then, where there is a run time that sees to it.
fn timer(then: Instant) -> Option<Pin<Box<Sleep>>> {
    tokio::runtime::Handle::try_current().ok()?;
    Some(Box::pin(tokio::time::sleep_until(then.into())))
}

/// What is said of a call that would have to wait without a run time.
fn no_clock() -> RpcError {
    let text = "a call that waits for its connection must be made within a tokio run time, which keeps its deadline";
    RpcError::new(Code::FailedPrecondition, text).with_phase(Phase::Connect).with_delivery(Delivery::NotSent)
}

/// What is said of a call that waited for a connection in vain.
fn no_connection(failure: Option<RpcError>) -> RpcError {
    let text = "no connection came before the deadline";
    let error = match failure {
        None => RpcError::new(Code::DeadlineExceeded, text),
        Some(last) => {
            let text = format!("{text}; the last attempt: {}", last.message());
            RpcError::new(Code::DeadlineExceeded, text).with_source(last)
        }
    };
    error.with_phase(Phase::Connect).with_delivery(Delivery::NotSent)
}

/// What the caller streams goes out by itself, in tasks of its own: nobody has to poll the call for it.
#[inline(never)]
fn send_streams(flow: &Arc<Flow>, codec: &AnyCodec, streams: &mut Vec<Produce>) {
    for (produce, index) in streams.drain(..).zip(1..) {
        tokio::spawn(produce(flow.outlet(index), codec.clone()));
    }
}

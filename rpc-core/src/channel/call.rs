use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use rpc_codec::bytes::sharing;

use super::RetryPolicy;
use super::caller::{Caller, Repeats, Timeout};
use crate::code::Code;
use crate::error::{Delivery, Phase, RpcError};
use crate::failure::Failure;
use crate::frame::Body;
use crate::metadata::Metadata;
use crate::session::{Outcome, Reply};
use crate::streaming::{Decode, Produce};

/// A call that has not been made yet: a future that sends it when it is first polled, and gives its result.
///
/// Options are set before that. The arguments are encoded already, so a call borrows nothing: it can be spawned, joined
/// or kept. The deadline begins with the first poll; within a handler it ends with the handler's own, at the latest.
///
/// `T` is the result, `E` the method's error and `M` whether it may be run twice ([`Idempotent`]), may be retried because
/// the server sees to it that it runs once ([`Once`]), or neither ([`AtMostOnce`]). The output is `Result<T, RpcError>`
/// for a method that cannot fail or fails with a status, and `Result<T, CallError<E>>` for one with an error type of its
/// own.
///
/// # Cancel safety
///
/// Dropping a call before its first poll sends nothing. Dropping it later cancels it on the server, whose handler is
/// dropped at its next `await`; it may have run by then. Nothing else on the connection is affected.
#[must_use = "a call is made when it is awaited"]
pub struct Call<T, E, M> {
    caller: Caller,
    decode: Decode<T>,
    method_type: PhantomData<fn() -> (E, M)>,
}

/// The class of methods that may be run twice: `#[rpc(idempotent)]`.
#[derive(Debug, Clone, Copy)]
pub enum Idempotent {}

/// The class of methods that may be retried and run once all the same, since the server keeps their answers:
/// `#[rpc(once)]`.
#[derive(Debug, Clone, Copy)]
pub enum Once {}

/// The class of methods that are run at most once: all that are not marked otherwise.
#[derive(Debug, Clone, Copy)]
pub enum AtMostOnce {}

/// A class of methods of which a call that may have run can be tried again.
#[diagnostic::on_unimplemented(
    message = "a retry policy is for methods that may be run twice, which this one is not",
    label = "this method runs at most once",
    note = "mark it `#[rpc(idempotent)]` in the trait if running it twice is as good as once, or `#[rpc(once)]` if the \
            server shall see to it that it is not"
)]
pub trait Repeatable {}

impl Repeatable for Idempotent {}

impl Repeatable for Once {}

impl<T, E: Failure, M> Call<T, E, M> {
    pub(super) fn new(caller: Caller, decode: Decode<T>) -> Self {
        Self { caller, decode, method_type: PhantomData }
    }

    /// Gives up after this long, counted from the first poll: [`Code::DeadlineExceeded`]. It covers connecting, waiting
    /// for a slot, sending, running and receiving. Default: that of the method, else of the channel, else 30 s; none
    /// for a method that takes streams.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.caller.set_timeout(Timeout::After(timeout));
        self
    }

    /// Waits for ever, or until the deadline of the handler that makes the call.
    pub fn no_timeout(mut self) -> Self {
        self.caller.set_timeout(Timeout::Never);
        self
    }

    /// Adds an entry to the metadata that goes with the call.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.caller.add_metadata(key, value);
        self
    }

    /// Waits for a connection as long as the deadline allows, also while the channel is
    /// [failing](super::ChannelState::Failing), instead of failing with it.
    pub fn wait_for_ready(mut self) -> Self {
        self.caller.waits = true;
        self
    }

    /// Fails at once while the channel is failing, where the channel would have it
    /// [wait](super::ChannelBuilder::wait_for_ready).
    pub fn fail_fast(mut self) -> Self {
        self.caller.waits = false;
        self
    }

    /// Tries again as the policy says, in place of what the channel says. Only for methods marked `#[rpc(idempotent)]`
    /// or `#[rpc(once)]`.
    pub fn retry(mut self, policy: RetryPolicy) -> Self
    where
        M: Repeatable,
    {
        self.caller.set_repeats(Repeats::By(Box::new(policy)));
        self
    }

    /// Does not try again what may have run, whatever the channel says.
    pub fn no_retry(mut self) -> Self {
        self.caller.set_repeats(Repeats::Never);
        self
    }

    /// Gives the metadata of the answer along with the result.
    pub fn with_metadata(self) -> WithMetadata<T, E, M> {
        WithMetadata { call: self }
    }

    pub(crate) fn add_stream(&mut self, produce: Produce) {
        self.caller.add_stream(produce);
    }

    /// The result, or what the caller sees of the failure, with the metadata that came along in its place.
    #[inline]
    fn poll_result(
        &mut self,
        cx: &mut TaskContext<'_>,
        metadata: &mut Option<Box<Metadata>>,
    ) -> Poll<Result<T, E::Seen>> {
        let outcome = std::task::ready!(self.caller.poll(cx));
        Poll::Ready(match outcome {
            Ok(Outcome::Reply(reply)) => {
                *metadata = reply.metadata;
                self.read(&reply.body)
            }
            Ok(Outcome::Sent) => self.read(&Body::EMPTY),
            Ok(Outcome::Typed(Reply { body, .. })) => {
                let read = E::read(self.caller.codec(), &body);
                Err(read.unwrap_or_else(|error| self.caller.describe(error).into()))
            }
            Ok(Outcome::Failed(error)) | Err(error) => Err(self.caller.describe(error).into()),
        })
    }

    fn read(&self, body: &Body) -> Result<T, E::Seen> {
        let codec = self.caller.codec();
        let decoded = match body.shared() {
            Some(message) => sharing(message, || (self.decode)(codec, message)),
            None => (self.decode)(codec, body),
        };
        decoded.map_err(|error| {
            let text = format!("the result is not a {}: {error}", std::any::type_name::<T>());
            let error = RpcError::new(Code::Internal, text)
                .with_phase(Phase::Decode)
                .with_delivery(Delivery::Executed)
                .with_source(error);
            self.caller.describe(error).into()
        })
    }
}

impl<T, E: Failure, M> Future for Call<T, E, M> {
    type Output = Result<T, E::Seen>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.poll_result(cx, &mut None)
    }
}

/// Everything in a call may move: it holds no future that is pinned in place.
impl<T, E, M> Unpin for Call<T, E, M> {}

impl<T, E, M> fmt::Debug for Call<T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments are not shown: they may be secret.
        let Caller { channel, method, .. } = &self.caller;
        f.debug_struct("Call")
            .field("service", &channel.service_name(method.service))
            .field("method", &method.name)
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
        let mut metadata = None;
        let result = self.call.poll_result(cx, &mut metadata);
        result.map_ok(|value| (value, metadata.map(|metadata| *metadata).unwrap_or_default()))
    }
}

impl<T, E, M> fmt::Debug for WithMetadata<T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithMetadata").field(&self.call).finish()
    }
}

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use rpc_codec::bytes::{AsBytes, sharing};
use rpc_codec::{AnyCodec, Codec, DecodeError, EncodeError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::connection::Flow;
use crate::context::Context;
use crate::failure::Failure;
use crate::frame::Body;
use crate::method::{MethodDescriptor, ServiceDescriptor};
use crate::session::{Answer, Message, Refusal};
use crate::streaming::{Decode, Sent, Sink, Streaming};
use crate::value;

#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    note = "wrap the implementation of a trait `Arith` in its skeleton: `ArithServer::new(…)`"
)]
/// A skeleton: something that answers the calls to a service. `#[rpc_service]` implements it.
pub trait Service: Send + Sync + 'static {
    /// The wire name it is served under.
    fn name(&self) -> &str;

    /// What is known of its trait.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// Reads the arguments of a call and makes the future that answers it.
    fn call(&self, request: Request<'_>) -> Handler;
}

/// A call on its way into a handler.
pub struct Request<'a> {
    pub(crate) method: &'static MethodDescriptor,
    pub(crate) codec: &'a AnyCodec,
    pub(crate) body: &'a Body,
    pub(crate) context: &'a Context,
    /// The call's streams, if it has any.
    pub(crate) flow: Option<&'a Arc<Flow>>,
}

/// What a call came to: a future that answers it, or a refusal.
pub struct Handler {
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Refused(Refusal),
    Run(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

impl<'a> Request<'a> {
    /// The method's place in the trait.
    pub fn ordinal(&self) -> u16 {
        self.method.ordinal
    }

    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// The refusal to return, when they are not what the method takes.
    pub fn arguments<A: Deserialize<'a>>(&self) -> Result<A, Handler> {
        let decoded = match self.body.shared() {
            Some(message) => sharing(message, || self.codec.decode(message)),
            None => self.codec.decode(self.body),
        };
        decoded.map_err(|error| self.refuse_unreadable(&error))
    }

    #[cold]
    fn refuse_unreadable(&self, error: &DecodeError) -> Handler {
        self.refuse(
            Code::InvalidArgument,
            format!(
                "the arguments of {} cannot be read: {error}; do both ends have the same version of the trait?",
                self.name()
            ),
        )
    }

    /// Checks that there are no arguments.
    ///
    /// # Errors
    ///
    /// The refusal to return, when there are some.
    pub fn no_arguments(&self) -> Result<(), Handler> {
        if self.body.is_empty() {
            return Ok(());
        }
        Err(self.refuse(Code::InvalidArgument, format!("{} takes no arguments", self.name())))
    }

    /// What the handler knows of the call.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// Answers with the future's output.
    pub fn reply<T, F>(self, handler: F) -> Handler
    where
        T: Serialize + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        Handler::run(Answering { handler, codec: self.codec.clone(), method: self.method, answer: encode })
    }

    /// Answers with the future's output, be it a result or an error.
    pub fn reply_result<T, E, F>(self, handler: F) -> Handler
    where
        T: Serialize + 'static,
        E: Failure,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        Handler::run(Answering { handler, codec: self.codec.clone(), method: self.method, answer: encode_result })
    }

    /// The stream that the caller sends at this place among the method's streams, from 1.
    pub fn streaming<T: DeserializeOwned + 'static>(&self, index: u16) -> Streaming<T> {
        self.argument(index, value::read::<T>)
    }

    /// The same, of bytes.
    pub fn streaming_bytes<T: 'static>(&self, index: u16) -> Streaming<T>
    where
        AsBytes<T>: DeserializeOwned,
    {
        self.argument(index, value::read_bytes::<T>)
    }

    fn argument<T>(&self, index: u16, decode: Decode<T>) -> Streaming<T> {
        Streaming::argument(self.flow.map(|flow| flow.inlet(index)), self.codec.clone(), decode)
    }

    /// Answers with the stream that the handler gives.
    pub fn stream<F, M>(self, handler: M) -> Handler
    where
        M: FnOnce(Sink) -> F + Send + 'static,
        F: Future<Output = Sent> + Send + 'static,
    {
        let sink = Sink::new(self.flow.map(Flow::answering_outlet), self.codec.clone());
        Handler::run(async move { handler(sink).await.0 })
    }

    /// Runs the future; nothing is answered.
    pub fn oneway<F: Future<Output = ()> + Send + 'static>(self, handler: F) -> Handler {
        Handler::run(async move {
            handler.await;
            Answer::Reply { metadata: None, message: Message::default() }
        })
    }

    /// Refuses a method that the skeleton does not have.
    pub fn unknown_method(self) -> Handler {
        self.refuse(Code::Unimplemented, format!("{} is not compiled into this server", self.name()))
    }

    fn refuse(&self, code: Code, message: String) -> Handler {
        Handler { kind: Kind::Refused(Refusal::new(code, message)) }
    }

    fn name(&self) -> String {
        format!("{}.{}", self.method.service, self.method.name)
    }
}

impl Handler {
    fn run(future: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self { kind: Kind::Run(Box::pin(future)) }
    }
}

/// A handler whose output becomes the answer. An `async` block would keep room for the handler twice, and move it from
/// the one to the other when it begins.
#[pin_project::pin_project]
struct Answering<F, A> {
    #[pin]
    handler: F,
    codec: AnyCodec,
    method: &'static MethodDescriptor,
    answer: A,
}

impl<F, A> Future for Answering<F, A>
where
    F: Future,
    A: Fn(&AnyCodec, &MethodDescriptor, F::Output) -> Answer,
{
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Answer> {
        let this = self.project();
        let output = std::task::ready!(this.handler.poll(cx));
        Poll::Ready((this.answer)(this.codec, this.method, output))
    }
}

/// A result or an error as the answer.
fn encode_result<T, E>(codec: &AnyCodec, method: &MethodDescriptor, result: Result<T, E>) -> Answer
where
    T: Serialize + 'static,
    E: Failure,
{
    match result {
        Ok(value) => encode(codec, method, value),
        Err(error) => error.answer(codec).0,
    }
}

/// A value as the answer.
fn encode<T: Serialize + 'static>(codec: &AnyCodec, method: &MethodDescriptor, value: T) -> Answer {
    let mut output = Message::output();
    match value::write(codec, value, &mut output) {
        Ok(()) => Answer::Reply { metadata: None, message: Message::from(output) },
        Err(error) => unencodable(codec, method, &error),
    }
}

#[cold]
fn unencodable(codec: &AnyCodec, method: &MethodDescriptor, error: &EncodeError) -> Answer {
    Answer::Status {
        code: Code::Internal,
        message: format!(
            "the result of {}.{} cannot be encoded as {}: {error}",
            method.service,
            method.name,
            codec.name()
        ),
        metadata: None,
        push_back: None,
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments are not shown: they may be secret.
        f.debug_struct("Request").field("method", &self.name()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Refused(refusal) => f.debug_tuple("Handler").field(refusal).finish(),
            Kind::Run(_) => f.write_str("Handler(..)"),
        }
    }
}

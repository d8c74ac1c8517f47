//! Handlers: made from a call, and kept from doing harm.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use rpc_codec::AnyCodec;

use super::Back;
use super::gate::Pass;
use super::pace::Pace;
use crate::caught::caught;
use crate::code::Code;
use crate::connection::{Flow, Home, Running, Served};
use crate::context::{Context, Scoped};
use crate::error::RpcError;
use crate::frame::Body;
use crate::instance::incident;
use crate::metadata::Metadata;
use crate::method::MethodDescriptor;
use crate::service::{Kind, Request, Service};
use crate::session::{Answer, Refusal};

/// A call that has everything it needs to begin.
pub(super) struct Job {
    pub(super) service: Arc<dyn Service>,
    pub(super) method: &'static MethodDescriptor,
    pub(super) codec: AnyCodec,
    pub(super) context: Context,
    pub(super) body: Body,
    pub(super) flow: Option<Arc<Flow>>,
}

impl Job {
    /// Reads the arguments and makes the handler.
    fn begin(self, pass: Pass) -> Result<Guarded, Refusal> {
        let Self { service, method, codec, context, body, flow } = self;
        let request = Request { method, codec: &codec, body: &body, context: &context, flow: flow.as_ref() };
        let future = begin(&*service, request)?;
        Ok(Guarded { future: Scoped::new(context, future), pass: Some(pass), pace: None })
    }

    /// Leaves even the reading of the arguments to the handler's own task.
    pub(super) fn run_apart(self, pass: Pass, pace: Arc<Pace>) -> Running {
        let (context, detach) = (self.context.clone(), self.method.detach);
        let future = async move {
            let start = Instant::now();
            let mut handler = match self.begin(pass) {
                Ok(handler) => handler,
                Err(refusal) => return Answer::Refused(refusal),
            };
            let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut handler).poll(cx))).await;
            pace.note(start.elapsed());
            match first {
                Poll::Ready(answer) => answer,
                Poll::Pending => {
                    handler.pace = Some(pace);
                    handler.await
                }
            }
        };
        Running { future: Box::pin(future), context, detach, once: false, home: Home::Task }
    }
}

/// A handler whose panics end its call and nothing else.
pub(super) struct Guarded {
    pub(super) future: Scoped<HandlerFuture>,
    /// Given back when the handler goes.
    pub(super) pass: Option<Pass>,
    /// Told of polls that take long, but for the first, which others look after.
    pub(super) pace: Option<Arc<Pace>>,
}

impl Guarded {
    /// Lets it go on: it was not done at once.
    pub(super) fn running(self, detach: bool, home: Home) -> Served {
        let Some(context) = self.future.context().cloned() else {
            return Served::Answered(panicked(None));
        };
        Served::Running(Running { future: Box::pin(self), context, detach, once: false, home })
    }
}

impl Future for Guarded {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Answer> {
        let this = self.get_mut();
        let start = this.pace.is_some().then(Instant::now);
        let polled = caught(|| Pin::new(&mut this.future).poll(cx));
        if let Some((pace, start)) = this.pace.as_ref().zip(start) {
            pace.note_later(start.elapsed());
        }
        let mut answer = match polled {
            Some(polled) => std::task::ready!(polled),
            None => panicked(this.future.context()),
        };
        if let Some(context) = this.future.context() {
            finish(&mut answer, context);
        }
        Poll::Ready(answer)
    }
}

/// The panic hook has told what happened; the peer must not learn that. Both ends are told a number by which the one can
/// ask the other.
fn panicked(context: Option<&Context>) -> Answer {
    let message = format!("the handler panicked (incident {:08x})", incident());
    if let Some((context, back)) = context.and_then(|context| Some((context, context.back::<Back>()?))) {
        let error = RpcError::new(Code::Internal, message.as_str()).with_peer(context.peer().into());
        back.shared.hooks.report(&error.with_method(context.service(), context.method()));
    }
    Answer::Status { code: Code::Internal, message, metadata: None, push_back: None }
}

/// Adds what the handler sends along, unless it breaks a rule.
fn finish(answer: &mut Answer, context: &Context) {
    let Some(mut sent) = context.take_reply_metadata() else {
        return check_own(answer);
    };
    if let Some(metadata) = metadata_of(answer) {
        for (key, value) in metadata.iter().flat_map(|metadata| metadata.iter()) {
            sent.append(key, value);
        }
        *metadata = Some(sent);
    }
    check_own(answer);
}

fn check_own(answer: &mut Answer) {
    if let Some(metadata) = metadata_of(answer)
        && let Some((_, rule)) = metadata.as_ref().and_then(|metadata| metadata.broken_rule())
    {
        let message = format!("the handler's reply metadata cannot be sent: {rule}");
        *answer = Answer::Status { code: Code::Internal, message, metadata: None, push_back: None };
    }
}

/// The metadata that goes with an answer that has any.
fn metadata_of(answer: &mut Answer) -> Option<&mut Option<Box<Metadata>>> {
    match answer {
        Answer::Reply { metadata, .. }
        | Answer::Finished { metadata }
        | Answer::Typed { metadata, .. }
        | Answer::Status { metadata, .. } => Some(metadata),
        Answer::Refused(_) | Answer::Unknown(_) | Answer::Stopped | Answer::Unbegun => None,
    }
}

/// Reads the arguments and makes the handler's future.
pub(super) fn begin(service: &dyn Service, request: Request<'_>) -> Result<HandlerFuture, Refusal> {
    request.context.begin();
    match caught(|| service.call(request)).map(|handler| handler.kind) {
        Some(Kind::Run(future)) => Ok(future),
        Some(Kind::Refused(refusal)) => Err(refusal),
        None => Err(Refusal::new(Code::Internal, "reading the arguments panicked; the server's log has more")),
    }
}

pub(super) type HandlerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures::Stream as _;
use futures::stream::FuturesUnordered;

use super::{Flow, Running, Shared};
use crate::caught::caught;
use crate::context::Context;
use crate::session::{Answer, Stop};

/// What stops a handler that was not done at once.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    context: Context,
    /// It runs on when nobody waits.
    detach: bool,
    /// It runs on when its connection is lost, and is not told: its caller may come back on another.
    once: bool,
}

impl Handler {
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn into_context(self) -> Context {
        self.context
    }

    /// Whether it goes on when its connection is over.
    pub(super) fn outlasts(&self) -> bool {
        (self.detach || self.once) && !self.context.is_aborted()
    }

    pub(super) fn stop(self, stop: Stop) {
        if self.once && stop == Stop::Lost {
            return;
        }
        self.context.cancel();
        // A detached handler outlives its caller, and its caller's connection; but not a server that is forced to end.
        if !self.detach || stop == Stop::Forced {
            self.context.abort(stop);
        }
    }
}

/// Gives handlers a task, one for all of them: a task of its own would cost each more than most of them do. Those that
/// take long at a time are not among them (`server/pace.rs`).
pub(super) fn spawn_together(cohort: &mut Vec<Serving>) {
    if cohort.len() > 1 {
        tokio::spawn(Cohort(cohort.drain(..).collect()));
    } else if let Some(only) = cohort.pop() {
        spawn(only);
    }
}

/// Gives a handler a task of its own.
pub(super) fn spawn(serving: Serving) {
    tokio::spawn(serving);
}

/// Handlers that share a task. Each is polled only when it is woken.
struct Cohort(FuturesUnordered<Serving>);

impl Future for Cohort {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        while std::task::ready!(Pin::new(&mut self.0).poll_next(cx)).is_some() {}
        Poll::Ready(())
    }
}

/// A handler with the duty to answer: when it is dropped before its end, the call is answered as stopped.
pub(super) struct Serving {
    id: u64,
    /// `None` when it has ended and the call is answered.
    future: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    context: Context,
    shared: Arc<Shared>,
    /// The stream that answers the call, if one does.
    flow: Option<Arc<Flow>>,
}

impl Serving {
    /// A handler that goes on, and what stops it.
    pub(super) fn new(shared: &Arc<Shared>, id: u64, running: Running, flow: Option<Arc<Flow>>) -> (Self, Handler) {
        let Running { future, context, detach, once, .. } = running;
        let serving = Self { id, future: Some(future), context: context.clone(), shared: Arc::clone(shared), flow };
        (serving, Handler { context, detach, once })
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The answer, once there is one. The handler's own parts are gone by then: the slot must not be free before.
    pub(super) fn poll_answer(&mut self, cx: &mut TaskContext<'_>) -> Poll<Answer> {
        if !self.context.is_aborted()
            && let Some(future) = &mut self.future
        {
            match future.as_mut().poll(cx) {
                Poll::Ready(answer) => {
                    self.end();
                    return Poll::Ready(answer);
                }
                // Looked at once more after registering: what stops it in between is not missed.
                Poll::Pending if !self.context.is_aborted_or_wakes(cx.waker()) => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        Poll::Ready(self.stop())
    }

    /// The handler does not go on. Gives the answer to its call.
    fn stop(&mut self) -> Answer {
        self.end();
        if self.context.has_begun() { Answer::Stopped } else { Answer::Unbegun }
    }

    /// Lets go of the handler's parts. One of them may panic; the call is answered all the same.
    fn end(&mut self) {
        caught(|| drop(self.future.take()));
        self.context.end();
    }

    fn answer(&self, answer: Answer) {
        match &self.flow {
            Some(flow) => flow.answer(answer),
            None => self.shared.reply(self.id, answer),
        }
    }
}

impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let answer = std::task::ready!(self.poll_answer(cx));
        self.answer(answer);
        Poll::Ready(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.future.is_some() {
            let answer = self.stop();
            self.answer(answer);
        }
    }
}

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use tokio::task::AbortHandle;

use super::{Running, Shared};
use crate::caught::caught;
use crate::context::Context;
use crate::session::{Answer, Stop};

/// What stops a handler that runs in a task of its own.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    context: Context,
    abort: AbortHandle,
    /// It runs on when nobody waits.
    detach: bool,
}

impl Handler {
    pub(super) fn stop(self, stop: Stop) {
        self.context.cancel();
        // A detached handler outlives its caller, and its caller's connection; but not a server that is forced to end
        // while the connection is there.
        if !self.detach || stop == Stop::Forced {
            self.abort.abort();
        }
    }
}

/// Gives a handler a task of its own, and says what stops it.
pub(super) fn spawn(shared: &Arc<Shared>, id: u64, running: Running) -> Handler {
    let Running { future, context, detach } = running;
    let serving = Serving { id, future: Some(future), context: context.clone(), shared: Arc::clone(shared) };
    let abort = tokio::spawn(serving).abort_handle();
    Handler { context, abort, detach }
}

/// A handler with the duty to answer: when it is dropped before its end, the call is answered as stopped.
struct Serving {
    id: u64,
    /// `None` when it has ended and the call is answered.
    future: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    context: Context,
    shared: Arc<Shared>,
}

impl Serving {
    /// Answers the call, after the handler's own parts are gone: the slot must not be free before. One of them may
    /// panic; the call is answered all the same.
    fn answer(&mut self, answer: Answer) {
        caught(|| drop(self.future.take()));
        self.shared.reply(self.id, answer);
    }
}

impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let Some(future) = &mut self.future else {
            return Poll::Ready(());
        };
        let answer = std::task::ready!(future.as_mut().poll(cx));
        self.answer(answer);
        Poll::Ready(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.future.is_some() {
            let answer = if self.context.has_begun() { Answer::Stopped } else { Answer::Unbegun };
            self.answer(answer);
        }
    }
}

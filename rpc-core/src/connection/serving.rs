use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use tokio::task::AbortHandle;

use super::{Running, Shared};
use crate::context::Context;
use crate::session::{Answer, Stop};

/// What stops a handler that runs in a task of its own.
#[derive(Debug)]
pub(super) struct Handler {
    context: Context,
    /// `None` for one that runs on when nobody waits.
    abort: Option<AbortHandle>,
}

impl Handler {
    pub(super) fn stop(self, stop: Stop) {
        self.context.cancel();
        // A detached handler outlives its caller, but not its server.
        if let Some(abort) = self.abort {
            abort.abort();
        } else if stop == Stop::Forced {
            self.context.cancel();
        }
    }
}

/// Gives a handler a task of its own.
pub(super) fn spawn(shared: &Arc<Shared>, id: u64, running: Running) {
    let Running { future, context, detach } = running;
    let task = tokio::spawn(Serving { id, future, shared: Arc::clone(shared), answered: false });
    let abort = (!detach).then(|| task.abort_handle());
    let refused = shared.lock().session.attach(id, Handler { context, abort });
    if let Some((handler, stop)) = refused {
        handler.stop(stop);
    }
}

/// A handler with the duty to answer: when it is dropped before its end, the call is answered as stopped. Only then is
/// its slot free.
struct Serving {
    id: u64,
    future: Pin<Box<dyn Future<Output = Answer> + Send>>,
    shared: Arc<Shared>,
    answered: bool,
}

impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let answer = std::task::ready!(self.future.as_mut().poll(cx));
        self.answered = true;
        self.shared.reply(self.id, answer);
        Poll::Ready(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if !self.answered {
            // The handler's own parts go first: the slot must not be free before. One of them may panic; its call is
            // answered all the same.
            let future = std::mem::replace(&mut self.future, Box::pin(std::future::pending()));
            let _ = catch_unwind(AssertUnwindSafe(|| drop(future)));
            self.shared.reply(self.id, Answer::Stopped);
        }
    }
}

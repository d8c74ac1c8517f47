use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::context::Context;
use crate::session::Stop;

/// The handlers that go on although the connection of their call is over: those that are detached, and those of calls
/// that run once. They do not outlive the server.
#[derive(Default)]
pub(super) struct Left {
    handlers: Mutex<Vec<Context>>,
}

impl Left {
    pub(super) fn add(&self, handler: Context) {
        let mut handlers = self.lock();
        // As often as it doubles, what has ended goes: it costs each of them a look or two.
        let ended = if handlers.len() == handlers.capacity() { take_ended(&mut handlers) } else { Vec::new() };
        handlers.push(handler);
        drop(handlers);
        drop(ended);
    }

    /// Those that have not ended.
    pub(super) fn running(&self) -> Vec<Context> {
        let mut handlers = self.lock();
        let ended = take_ended(&mut handlers);
        let running = handlers.clone();
        drop(handlers);
        drop(ended);
        running
    }

    /// They must not go on.
    pub(super) fn stop(&self) {
        for handler in self.running() {
            handler.cancel();
            handler.abort(Stop::Forced);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Context>> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes out the handlers that have ended. What their calls brought along is dropped without the lock.
fn take_ended(handlers: &mut Vec<Context>) -> Vec<Context> {
    let (ended, running) = std::mem::take(handlers).into_iter().partition(Context::has_ended);
    *handlers = running;
    ended
}

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Flow, Pending};
use crate::session::Answer;
use crate::stripe::{self, Padded, STRIPES};

/// What callers and handlers leave for the driver, so that they need not wait for the connection's lock, and touch
/// nothing that the driver works with.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Made when something is left for the first time: many connections never see that.
    trays: OnceLock<Box<[Tray; STRIPES]>>,
    /// The driver has been asked for.
    bell: Padded<AtomicBool>,
}

type Tray = Padded<Mutex<Left>>;

/// What was left in a tray.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) calls: Vec<Arc<Pending>>,
    pub(super) answers: Vec<(u64, Answer)>,
    /// The streams of calls in which something was left.
    pub(super) flows: Vec<Arc<Flow>>,
    /// Nobody looks here any more.
    closed: bool,
}

impl Inbox {
    /// Leaves a call, or says that the connection is over.
    pub(super) fn leave_call(&self, call: &Arc<Pending>) -> bool {
        let mut left = self.tray();
        if left.closed {
            return false;
        }
        left.calls.push(Arc::clone(call));
        true
    }

    /// Leaves the answer to a call of the peer. Where the connection is over nobody waits for it.
    pub(super) fn leave_answer(&self, id: u64, answer: Answer) {
        let mut left = self.tray();
        if left.closed {
            // Its parts are dropped without the lock.
            drop(left);
            return drop(answer);
        }
        left.answers.push((id, answer));
    }

    /// Leaves word that something was left in the streams of a call.
    pub(super) fn leave_flow(&self, flow: &Arc<Flow>) {
        let mut left = self.tray();
        if !left.closed {
            left.flows.push(Arc::clone(flow));
        }
    }

    /// Asks for the driver. Says whether it must be woken: it is not while it is expected anyway.
    pub(super) fn ring(&self) -> bool {
        !self.is_rung() && !self.bell.0.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_rung(&self) -> bool {
        self.bell.0.load(Ordering::Acquire)
    }

    /// Moves what was left to `into`. Whoever leaves something from now on rings anew.
    pub(super) fn empty(&self, into: &mut Left) {
        // Before looking: what is left behind one's back is then announced once more.
        self.bell.0.store(false, Ordering::Release);
        for tray in self.trays.get().into_iter().flat_map(|trays| trays.iter()) {
            let mut left = lock(tray);
            into.calls.append(&mut left.calls);
            into.answers.append(&mut left.answers);
            into.flows.append(&mut left.flows);
        }
    }

    /// Takes nothing more. Gives back the calls that nobody has looked at.
    pub(super) fn close(&self) -> Vec<Arc<Pending>> {
        for tray in self.trays.get_or_init(Box::default).iter() {
            lock(tray).closed = true;
        }
        let mut left = Left::default();
        self.empty(&mut left);
        left.calls
    }

    fn tray(&self) -> MutexGuard<'_, Left> {
        lock(stripe::own(self.trays.get_or_init(Box::default)))
    }
}

fn lock(tray: &Tray) -> MutexGuard<'_, Left> {
    tray.0.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer::Stopped
    }

    #[test]
    fn the_driver_is_asked_for_once_until_it_has_come() {
        let inbox = Inbox::default();
        inbox.leave_answer(1, answer());
        assert!(inbox.ring() && !inbox.ring());
        let mut left = Left::default();
        inbox.empty(&mut left);
        assert_eq!(left.answers.len(), 1);
        inbox.leave_answer(2, answer());
        assert!(inbox.ring(), "what is left behind its back is announced anew");
        inbox.empty(&mut left);
        assert_eq!(left.answers.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn what_threads_leave_is_all_found() {
        let inbox = Arc::new(Inbox::default());
        let threads: Vec<_> = (0..8)
            .map(|id| {
                let inbox = Arc::clone(&inbox);
                std::thread::spawn(move || inbox.leave_answer(id, answer()))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let mut left = Left::default();
        inbox.empty(&mut left);
        assert_eq!(left.answers.len(), 8);
    }

    #[test]
    fn a_closed_inbox_takes_nothing() {
        let inbox = Inbox::default();
        assert!(inbox.close().is_empty());
        inbox.leave_answer(1, answer());
        let mut left = Left::default();
        inbox.empty(&mut left);
        assert!(left.answers.is_empty());
    }
}

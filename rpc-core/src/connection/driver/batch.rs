use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::BytesMut;

use super::streams::StreamBatch;
use crate::caught::wake;
use crate::connection::inbox::Left;
use crate::connection::serving::{Handler, Serving};
use crate::connection::{Core, Flow, Pending, Running, Told};
use crate::session::{Answer, Ended, Incoming, Stop};

/// What passes between the session, which is behind the lock, and the work, which is not. Between turns it is empty but
/// for memory that is used again. The thread keeps it: drivers that take turns use the same, which is in the processor's
/// cache.
#[derive(Default)]
pub(super) struct Batch {
    /// Where what comes is read to, unless half a frame is left in it.
    pub(super) room: BytesMut,
    pub(super) told: Vec<Told>,
    pub(super) ended: Vec<Ended<Arc<Pending>>>,
    pub(super) stops: Vec<(Handler, Stop)>,
    pub(super) calls: VecDeque<Incoming>,
    pub(super) answers: VecDeque<(u64, Answer)>,
    /// Handlers that are not done at once, those of them that get tasks, and what stops them.
    pub(super) running: Vec<(u64, Running, Option<Arc<Flow>>)>,
    pub(super) cohort: Vec<Serving>,
    pub(super) apart: Vec<Serving>,
    pub(super) handlers: Vec<(u64, Handler)>,
    /// Made for the first call with streams.
    pub(super) streams: Option<Box<StreamBatch>>,
    pub(super) left: Left,
}

thread_local! {
    static KEPT: RefCell<Box<Batch>> = RefCell::default();
}

impl Batch {
    /// Exchanges what a driver has between its turns for what it uses in one, or back.
    pub(super) fn exchange(batch: &mut Box<Self>) {
        // While a thread ends, a driver uses its own.
        let _ = KEPT.try_with(|kept| std::mem::swap(&mut *kept.borrow_mut(), batch));
    }

    /// Takes from the session which calls have ended.
    #[inline]
    pub(super) fn take_ended(&mut self, core: &mut Core) {
        core.session.poll_told(&mut self.told);
        core.session.poll_ended(&mut self.ended);
    }

    /// Takes from the session what came of streams, and what their producers may do.
    #[inline]
    pub(super) fn take_stream_news(&mut self, core: &mut Core) {
        if core.session.has_stream_news() {
            self.streams.get_or_insert_default().take(core);
        }
    }

    /// Tells callers and stops handlers; the lock must not be held. Says how many calls had ended.
    #[inline]
    pub(super) fn notify(&mut self) -> usize {
        if self.told.is_empty() && self.ended.is_empty() && self.stops.is_empty() && self.streams.is_none() {
            return 0;
        }
        self.notify_all()
    }

    /// How many calls have ended of which callers are still to be told.
    pub(super) fn count_told(&self) -> usize {
        self.told.len() + self.ended.len()
    }

    fn notify_all(&mut self) -> usize {
        let count = self.count_told();
        if let Some(streams) = &mut self.streams {
            streams.notify();
        }
        for Told { call, waker } in self.told.drain(..) {
            wake(waker);
            drop(call);
        }
        for Ended { caller, outcome } in self.ended.drain(..) {
            if let Some(flow) = caller.flow() {
                flow.stop_producers();
            }
            wake(caller.end(outcome));
        }
        if !self.stops.is_empty() {
            self.stop_handlers();
        }
        count
    }

    #[inline(never)]
    fn stop_handlers(&mut self) {
        self.stops.drain(..).for_each(|(handler, stop)| handler.stop(stop));
    }
}

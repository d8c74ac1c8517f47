//! What passes between the session and the streams of calls.

use std::sync::Arc;

use crate::caught::wake;
use crate::connection::{Core, Flow};
use crate::session::{Arrived, Grant, Packed};

/// What is to be told of streams, and to the session. Kept for its memory.
#[derive(Default)]
pub(super) struct StreamBatch {
    /// What came, and what producers may do.
    arrived: Vec<Arrived<Arc<Flow>>>,
    grants: Vec<(Arc<Flow>, u16, Grant)>,
    /// Memory of items that were handed over.
    spares: Vec<Packed>,
    /// The streams of calls that were started.
    started: Vec<(u64, Arc<Flow>)>,
}

impl StreamBatch {
    /// The streams of a call that was started, for the session.
    pub(super) fn start(&mut self, id: u64, flow: Arc<Flow>) {
        self.started.push((id, flow));
    }

    /// Takes what came, and what producers may do.
    pub(super) fn take(&mut self, core: &mut Core) {
        core.attach_opened();
        core.session.poll_arrived(&mut self.arrived);
        core.session.poll_grants(&mut self.grants);
    }

    /// Tells those who make and read items; the lock must not be held.
    #[inline(never)]
    pub(super) fn notify(&mut self) {
        for Arrived { handle, index, mut items, end, report_at } in self.arrived.drain(..) {
            wake(handle.deliver(index, &mut items, end, report_at));
            self.spares.push(items);
        }
        for (flow, index, grant) in self.grants.drain(..) {
            wake(flow.grant(index, grant));
        }
    }

    /// Gives the session the streams of calls that were started, and memory that nobody needs.
    #[inline(never)]
    pub(super) fn hand_back(&mut self, core: &mut Core) {
        for items in self.spares.drain(..) {
            core.session.give_back(items);
        }
        for (id, flow) in self.started.drain(..) {
            flow.open(id, core.session.longest_message());
            core.session.attach_streams(id, flow);
        }
    }
}

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Flow;
use crate::error::RpcError;
use crate::session::Packed;

/// The reading end of a stream.
pub(crate) struct Inlet {
    flow: Arc<Flow>,
    index: u16,
}

impl Inlet {
    pub(super) fn new(flow: Arc<Flow>, index: u16) -> Self {
        Self { flow, index }
    }

    /// Whether it is of this call.
    pub(crate) fn is_of(&self, flow: &Arc<Flow>) -> bool {
        Arc::ptr_eq(&self.flow, flow)
    }

    /// Exchanges items that have been read for those that have come, or says how the stream ended.
    pub(crate) fn poll_items(&self, cx: &Context<'_>, items: &mut Packed) -> Poll<Option<Result<(), RpcError>>> {
        let Some(mut inlet) = self.flow.lock_inlet(self.index) else {
            return Poll::Ready(Some(Ok(())));
        };
        inlet.consumed += items.cost();
        items.clear();
        let has_items = !inlet.items.is_empty();
        if has_items {
            std::mem::swap(items, &mut inlet.items);
        }
        let end = if has_items { None } else { inlet.end.clone() };
        let is_empty = !has_items && end.is_none();
        inlet.starved |= is_empty;
        let old = if is_empty { inlet.reader.replace(cx.waker().clone()) } else { None };
        let reports = inlet.consumed >= inlet.report_at;
        drop(inlet);
        // Wakers are foreign code: they are dropped without the lock.
        drop(old);
        if reports {
            self.flow.notice();
        }
        match end {
            Some(end) => Poll::Ready(Some(end)),
            None if has_items => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Nobody reads the stream any more.
    pub(crate) fn leave(&self) {
        let Some(mut inlet) = self.flow.lock_inlet(self.index) else {
            return;
        };
        let was_over = inlet.end.is_some();
        let items = std::mem::take(&mut inlet.items);
        inlet.left = !was_over;
        drop(inlet);
        drop(items);
        if !was_over {
            self.flow.notice();
        }
    }
}

impl fmt::Debug for Inlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inlet").field("flow", &self.flow).field("index", &self.index).finish()
    }
}

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::{Flow, Last};
use crate::code::Code;
use crate::frame::HEADER;
use crate::session::{Batch, Items, Output};

/// The sending end of a stream. When it is dropped before its end, the reader is told that the stream failed.
pub(crate) struct Outlet {
    flow: Arc<Flow>,
    index: u16,
    batch: Batch,
    /// What may still be made, and what was made in all.
    lent: i64,
    made: usize,
    /// Its end was given, or is not its own affair.
    ended: bool,
}

/// Room for the item that overdraws what is lent, where it is not long.
const SLACK: usize = 128;
/// So much is made before it is passed on, in bytes.
const BATCH: usize = 32 * 1024;

/// Nobody reads the stream any more.
#[derive(Debug)]
pub(crate) struct Stopped;

/// Why an item cannot be sent.
#[derive(Debug)]
pub(crate) enum Refused<E> {
    /// The peer does not take one of this length.
    TooLong {
        len: usize,
        limit: usize,
    },
    Failed(E),
}

impl Outlet {
    pub(super) fn new(flow: Arc<Flow>, index: u16, ended: bool) -> Self {
        Self { flow, index, batch: Batch::default(), lent: 0, made: 0, ended }
    }

    /// Whether an item may be made.
    pub(crate) fn poll_ready(&mut self, cx: &Context<'_>) -> Poll<Result<(), Stopped>> {
        if self.lent > 0 {
            return Poll::Ready(Ok(()));
        }
        self.flush();
        let Some(mut outlet) = self.flow.lock_outlet(self.index) else {
            return Poll::Ready(Err(Stopped));
        };
        if outlet.stopped {
            return Poll::Ready(Err(Stopped));
        }
        self.lent += std::mem::take(&mut outlet.lent) as i64;
        if self.lent > 0 {
            return Poll::Ready(Ok(()));
        }
        let old = outlet.producer.replace(cx.waker().clone());
        drop(outlet);
        drop(old);
        Poll::Pending
    }

    /// Whether nobody reads the stream any more. `cx` is woken when that is so.
    pub(crate) fn is_stopped_or_wakes(&self, cx: &Context<'_>) -> bool {
        let Some(mut outlet) = self.flow.lock_outlet(self.index) else {
            return true;
        };
        let stopped = outlet.stopped;
        let old = outlet.producer.replace(cx.waker().clone());
        drop(outlet);
        drop(old);
        stopped
    }

    /// How much was made so far, in bytes.
    pub(crate) fn made(&self) -> usize {
        self.made
    }

    /// Adds an item. It is passed on with others, or by [`flush`](Self::flush).
    pub(crate) fn push<E>(&mut self, encode: impl FnOnce(&mut Output) -> Result<(), E>) -> Result<(), Refused<E>> {
        let id = self.flow.id.load(Ordering::Relaxed);
        let most = (self.lent.max(0) as usize).min(BATCH) + SLACK;
        let (cost, long) = self.batch.push(id, self.index, most, encode).map_err(Refused::Failed)?;
        self.lent -= cost as i64;
        self.made += cost;
        if let Some(long) = long {
            let (len, limit) = (cost - HEADER, self.flow.limit.load(Ordering::Relaxed));
            if len > limit {
                return Err(Refused::TooLong { len, limit });
            }
            self.flush();
            self.leave([long]);
        } else if self.batch.len() >= BATCH {
            self.flush();
        }
        Ok(())
    }

    /// Passes on what was made.
    pub(crate) fn flush(&mut self) {
        if let Some(items) = self.batch.take() {
            self.leave([items]);
        }
    }

    /// Ends a stream that the caller sends.
    pub(crate) fn end(&mut self, end: Result<(), (Code, String)>) {
        self.flush();
        self.ended = true;
        if let Some(mut outlet) = self.flow.lock_outlet(self.index) {
            outlet.end.get_or_insert(Last::Stream(end));
        }
        self.flow.notice();
    }

    fn leave(&self, items: impl IntoIterator<Item = Items>) {
        if let Some(mut outlet) = self.flow.lock_outlet(self.index) {
            outlet.queue.extend(items);
        }
        self.flow.notice();
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        // Also what a handler gave before it panicked.
        self.flush();
        if !self.ended {
            let why = if std::thread::panicking() { "it panicked" } else { "it was dropped before its end" };
            self.end(Err((Code::Aborted, why.to_owned())));
        }
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("flow", &self.flow).field("index", &self.index).finish_non_exhaustive()
    }
}

//! The streams of a call, as the driver shares them with who makes and who reads the items.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::shared::{OpenSession, Shared};
use crate::code::Code;
use crate::error::RpcError;
use crate::frame::HEADER;
use crate::limits::INITIAL_CREDIT;
use crate::session::{Answer, Batch, Grant, Items, Output, Packed};

/// The streams of one call.
pub(crate) struct Flow {
    shared: Arc<Shared>,
    /// The call's id; 0 before it is sent.
    id: AtomicU64,
    /// The longest item that the peer takes.
    limit: AtomicUsize,
    /// The driver has been asked to look at it.
    noticed: AtomicBool,
    /// Those that this end reads, from index 1.
    inlets: Box<[Mutex<InletState>]>,
    /// Those that this end sends, from index 1.
    outlets: Box<[Mutex<OutletState>]>,
}

struct InletState {
    items: Packed,
    end: Option<Result<(), RpcError>>,
    reader: Option<Waker>,
    /// What was read and the driver was not told of.
    consumed: usize,
    /// How much that may be.
    report_at: usize,
    /// The reader has had to wait since the driver was told last.
    starved: bool,
    /// Nobody reads it any more, and the driver was not told yet.
    left: bool,
}

#[derive(Default)]
struct OutletState {
    /// How much may be made, where the producer has not taken that.
    lent: usize,
    stopped: bool,
    producer: Option<Waker>,
    queue: Vec<Items>,
    end: Option<Last>,
}

/// What comes behind the last item.
enum Last {
    /// Of a stream that the caller sends.
    Stream(Result<(), (Code, String)>),
    /// Of the one that answers.
    Answer(Answer),
}

impl Flow {
    /// The streams of a call: how many of them are read here, and how many sent. Its id is 0 before it is sent.
    pub(super) fn new(shared: &Arc<Shared>, id: u64, read: u16, sent: u16) -> Arc<Self> {
        let inlet = |_| {
            Mutex::new(InletState {
                items: Packed::default(),
                end: None,
                reader: None,
                consumed: 0,
                report_at: INITIAL_CREDIT as usize / 2,
                starved: false,
                left: false,
            })
        };
        Arc::new(Self {
            shared: Arc::clone(shared),
            id: AtomicU64::new(id),
            limit: AtomicUsize::new(usize::MAX),
            noticed: AtomicBool::new(false),
            inlets: (0..read).map(inlet).collect(),
            outlets: (0..sent).map(|_| Mutex::default()).collect(),
        })
    }

    /// The reading end of a stream.
    pub(crate) fn inlet(self: &Arc<Self>, index: u16) -> Inlet {
        Inlet { flow: Arc::clone(self), index }
    }

    /// The sending end of a stream of a call of this end.
    pub(crate) fn outlet(self: &Arc<Self>, index: u16) -> Outlet {
        self.outlet_that(index, false)
    }

    /// The sending end of the stream that answers a call of the peer: it ends by the answer.
    pub(crate) fn answering_outlet(self: &Arc<Self>) -> Outlet {
        self.outlet_that(1, true)
    }

    fn outlet_that(self: &Arc<Self>, index: u16, ended: bool) -> Outlet {
        Outlet { flow: Arc::clone(self), index, batch: Batch::default(), lent: 0, made: 0, ended }
    }

    pub(crate) fn reads(&self) -> u16 {
        self.inlets.len() as u16
    }

    pub(super) fn sends(&self) -> u16 {
        self.outlets.len() as u16
    }

    /// The call has been sent, or taken: its id, and the longest item that the peer takes.
    pub(super) fn open(&self, id: u64, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
        self.id.store(id, Ordering::Release);
    }

    /// Answers the call, behind the items.
    pub(super) fn answer(self: &Arc<Self>, answer: Answer) {
        let Some(mut outlet) = self.lock_outlet(1) else {
            return;
        };
        outlet.end.get_or_insert(Last::Answer(answer));
        drop(outlet);
        self.notice();
    }

    /// Takes in what has come, and leaves memory that is not needed. Gives back whom to wake.
    #[must_use]
    pub(super) fn deliver(
        &self,
        index: u16,
        items: &mut Packed,
        end: Option<Result<(), RpcError>>,
        report_at: u32,
    ) -> Option<Waker> {
        let mut inlet = self.lock_inlet(index)?;
        inlet.report_at = report_at as usize;
        inlet.items.append(items);
        if let Some(end) = end {
            inlet.end.get_or_insert(end);
        }
        inlet.reader.take()
    }

    /// Passes on what a producer may do. Gives back whom to wake.
    #[must_use]
    pub(super) fn grant(&self, index: u16, grant: Grant) -> Option<Waker> {
        let mut outlet = self.lock_outlet(index)?;
        match grant {
            Grant::Lend(amount) => outlet.lent += amount,
            Grant::Stop => outlet.stopped = true,
        }
        outlet.producer.take()
    }

    /// The call has ended, perhaps before it was sent, so that the session knew nothing of its streams: nobody reads them.
    pub(super) fn stop_producers(&self) {
        for index in 1..=self.sends() {
            // Wakers are foreign code: they run without the lock.
            if let Some(waker) = self.grant(index, Grant::Stop) {
                waker.wake();
            }
        }
    }

    /// Gives the session what producers and readers have left.
    pub(super) fn collect(&self, session: &mut OpenSession) {
        // Before looking: what is left behind one's back is then announced once more.
        self.noticed.store(false, Ordering::Release);
        let id = self.id.load(Ordering::Acquire);
        for index in 1..=self.sends() {
            let Some(mut outlet) = self.lock_outlet(index) else {
                continue;
            };
            let (queue, end) = (std::mem::take(&mut outlet.queue), outlet.end.take());
            drop(outlet);
            queue.into_iter().for_each(|items| session.send_items(id, index, items));
            match end {
                Some(Last::Stream(end)) => session.end_stream(id, index, end),
                Some(Last::Answer(answer)) => session.reply(id, answer),
                None => {}
            }
        }
        for index in 1..=self.reads() {
            let Some(mut inlet) = self.lock_inlet(index) else {
                continue;
            };
            let consumed = std::mem::take(&mut inlet.consumed);
            let (starved, left) = (std::mem::take(&mut inlet.starved), std::mem::take(&mut inlet.left));
            drop(inlet);
            if consumed > 0 {
                session.handle_consumed(id, index, consumed, starved);
            }
            if left {
                session.stop_reading(id, index);
            }
        }
    }

    /// Has the driver look at it.
    fn notice(self: &Arc<Self>) {
        if !self.noticed.swap(true, Ordering::AcqRel) {
            self.shared.leave_flow(self);
        }
    }

    fn lock_inlet(&self, index: u16) -> Option<MutexGuard<'_, InletState>> {
        let inlet = self.inlets.get(usize::from(index).checked_sub(1)?)?;
        Some(inlet.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock_outlet(&self, index: u16) -> Option<MutexGuard<'_, OutletState>> {
        let outlet = self.outlets.get(usize::from(index).checked_sub(1)?)?;
        Some(outlet.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The reading end of a stream.
pub(crate) struct Inlet {
    flow: Arc<Flow>,
    index: u16,
}

impl Inlet {
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

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Inlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inlet").field("flow", &self.flow).field("index", &self.index).finish()
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("flow", &self.flow).field("index", &self.index).finish_non_exhaustive()
    }
}

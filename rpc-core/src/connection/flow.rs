//! The streams of a call, as the driver shares them with who makes and who reads the items.

mod inlet;
pub(crate) use inlet::Inlet;

mod outlet;
pub(crate) use outlet::{Outlet, Refused};

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::shared::{OpenSession, Shared};
use crate::caught::wake;
use crate::code::Code;
use crate::error::RpcError;
use crate::limits::INITIAL_CREDIT;
use crate::session::{Answer, Grant, Items, Packed};

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
        Inlet::new(Arc::clone(self), index)
    }

    /// The sending end of a stream of a call of this end.
    pub(crate) fn outlet(self: &Arc<Self>, index: u16) -> Outlet {
        Outlet::new(Arc::clone(self), index, false)
    }

    /// The sending end of the stream that answers a call of the peer: it ends by the answer.
    pub(crate) fn answering_outlet(self: &Arc<Self>) -> Outlet {
        Outlet::new(Arc::clone(self), 1, true)
    }

    fn reads(&self) -> u16 {
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
            wake(self.grant(index, Grant::Stop));
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
                Some(Last::Answer(answer)) => drop(session.reply(id, answer)),
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

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").field("id", &self.id).finish_non_exhaustive()
    }
}

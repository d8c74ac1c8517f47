use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;
use tokio::sync::Notify;

use crate::metadata::Metadata;
use crate::session::Stop;

/// What a handler knows of the call that it answers: the deadline, the metadata, the peer, and whether anyone still
/// waits.
///
/// Cheap to clone. Calls that a handler makes are bound by its deadline without being told: the context is in scope
/// while the handler runs, and [`spawn`](Self::spawn) keeps it for work on the side.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    peer: Arc<Peer>,
    origin: Origin,
    /// Made for the handlers that send some.
    reply_metadata: OnceLock<Mutex<Metadata>>,
    /// The handler has been made.
    begun: AtomicBool,
    /// It was not done at once, and has ended.
    ended: AtomicBool,
    cancelled: AtomicBool,
    /// Woken once, when `cancelled` is set.
    cancellation: Notify,
    /// Why the handler must not go on.
    stopped: OnceLock<Stop>,
    /// Wakes the handler when `stopped` is set.
    handler: AtomicWaker,
}

thread_local! {
    /// The context of the handler that this thread is polling.
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// The other end of a handler's connection, and what calls on it need, which this module knows nothing of.
pub(crate) struct Peer<B: ?Sized = dyn Any + Send + Sync> {
    pub(crate) address: Arc<str>,
    pub(crate) back: B,
}

/// The call that a context belongs to.
#[derive(Default)]
pub(crate) struct Origin {
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) deadline: Option<Instant>,
    pub(crate) attempt: u32,
    pub(crate) metadata: Metadata,
}

impl Context {
    pub(crate) fn new(peer: Arc<Peer>, origin: Origin) -> Self {
        Self {
            inner: Arc::new(Inner {
                peer,
                origin,
                reply_metadata: OnceLock::new(),
                begun: AtomicBool::new(false),
                ended: AtomicBool::new(false),
                cancelled: AtomicBool::new(false),
                cancellation: Notify::new(),
                stopped: OnceLock::new(),
                handler: AtomicWaker::new(),
            }),
        }
    }

    /// This context for another call of the same peer, unless somebody still has it.
    pub(crate) fn renew(&mut self, origin: &mut Origin) -> bool {
        let Some(inner) = Arc::get_mut(&mut self.inner) else {
            return false;
        };
        inner.origin = std::mem::take(origin);
        inner.reply_metadata = OnceLock::new();
        *inner.begun.get_mut() = false;
        *inner.ended.get_mut() = false;
        // What woke the handler that it had.
        inner.handler = AtomicWaker::new();
        *inner.cancelled.get_mut() = false;
        inner.stopped = OnceLock::new();
        true
    }

    /// A context that belongs to no call: for testing a service's methods directly.
    pub fn detached(metadata: Metadata) -> Self {
        Self::new(Arc::new(Peer { address: "nobody".into(), back: () }), Origin { metadata, ..Origin::default() })
    }

    /// The metadata that came with the call.
    pub fn metadata(&self) -> &Metadata {
        &self.inner.origin.metadata
    }

    /// The metadata that goes back with the answer, whether it is a result or an error.
    ///
    /// The guard holds a lock; do not keep it across an `await`.
    pub fn reply_metadata(&self) -> impl std::ops::DerefMut<Target = Metadata> + '_ {
        lock(self.inner.reply_metadata.get_or_init(Mutex::default))
    }

    /// When the caller stops waiting, if it said so. The handler is dropped then.
    pub fn deadline(&self) -> Option<Instant> {
        self.inner.origin.deadline
    }

    /// How long the caller still waits, if it said so.
    pub fn remaining(&self) -> Option<Duration> {
        self.inner.origin.deadline.map(|deadline| deadline.saturating_duration_since(now()))
    }

    /// The address of the caller.
    pub fn peer(&self) -> &str {
        &self.inner.peer.address
    }

    /// What calls on the caller need, where it can be called.
    pub(crate) fn back<T: Any>(&self) -> Option<&T> {
        self.inner.peer.back.downcast_ref()
    }

    /// The wire name of the service.
    pub fn service(&self) -> &str {
        self.inner.origin.service
    }

    /// The wire name of the method.
    pub fn method(&self) -> &str {
        self.inner.origin.method
    }

    /// Which attempt of the caller this is; 0 for the first.
    pub fn attempt(&self) -> u32 {
        self.inner.origin.attempt
    }

    /// Whether nobody waits for the answer any more: the caller gave up, its deadline passed, or it is gone.
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancelled.load(Ordering::Acquire)
    }

    /// Waits until nobody waits for the answer any more.
    ///
    /// A handler is dropped at its next `await` then, so this is for work that [`spawn`](Self::spawn) started and for
    /// methods marked `#[rpc(detach)]`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn cancelled(&self) {
        let mut notified = pin!(self.inner.cancellation.notified());
        // Registered before the flag is read: a cancellation in between is not missed.
        notified.as_mut().enable();
        if !self.is_cancelled() {
            notified.await;
        }
    }

    /// Runs a future on the side with this context in scope: its calls inherit the deadline, and it is dropped when
    /// the call is cancelled. It may outlive the handler.
    pub fn spawn<F>(&self, future: F) -> tokio::task::JoinHandle<Option<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let context = self.clone();
        tokio::spawn(async move {
            let mut cancelled = pin!(context.cancelled());
            let mut future = pin!(Scoped::new(context.clone(), future));
            poll_fn(|cx| {
                if let Poll::Ready(output) = future.as_mut().poll(cx) {
                    return Poll::Ready(Some(output));
                }
                cancelled.as_mut().poll(cx).map(|()| None)
            })
            .await
        })
    }

    /// The context of the handler that is running on this thread now.
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// The deadline of the handler that is running on this thread now.
    pub(crate) fn current_deadline() -> Option<Instant> {
        CURRENT.with_borrow(|current| current.as_ref().and_then(Self::deadline))
    }

    /// Whether the handler has been made; before that, it is certain that nothing of it ran.
    pub(crate) fn has_begun(&self) -> bool {
        self.inner.begun.load(Ordering::Acquire)
    }

    pub(crate) fn begin(&self) {
        self.inner.begun.store(true, Ordering::Release);
    }

    /// Whether the handler has ended, where it was not done at once.
    pub(crate) fn has_ended(&self) -> bool {
        self.inner.ended.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.inner.ended.store(true, Ordering::Release);
    }

    pub(crate) fn cancel(&self) {
        self.inner.cancelled.store(true, Ordering::Release);
        self.inner.cancellation.notify_waiters();
    }

    /// The handler must not go on: it is dropped when it is polled next, which is at once.
    pub(crate) fn abort(&self, stop: Stop) {
        // The first reason counts.
        let _ = self.inner.stopped.set(stop);
        self.inner.handler.wake();
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.inner.stopped.get().is_some()
    }

    /// Why the handler must not go on, if it must not.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.inner.stopped.get().copied()
    }

    /// Has the handler woken by `waker` when it must not go on, or says that it must not.
    pub(crate) fn is_aborted_or_wakes(&self, waker: &Waker) -> bool {
        self.inner.handler.register(waker);
        self.is_aborted()
    }

    pub(crate) fn take_reply_metadata(&self) -> Option<Box<Metadata>> {
        let metadata = std::mem::take(&mut *lock(self.inner.reply_metadata.get()?));
        (!metadata.is_empty()).then(|| Box::new(metadata))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("service", &self.service())
            .field("method", &self.method())
            .field("peer", &self.peer())
            .field("deadline", &self.deadline())
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

fn lock(metadata: &Mutex<Metadata>) -> MutexGuard<'_, Metadata> {
    metadata.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The clock of deadlines; it stands still with the run time's in tests.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A future that has a context in scope whenever it is polled.
#[pin_project::pin_project]
pub(crate) struct Scoped<F> {
    /// Here between polls, in `CURRENT` during one.
    context: Option<Context>,
    #[pin]
    future: F,
}

impl<F> Scoped<F> {
    pub(crate) fn new(context: Context, future: F) -> Self {
        Self { context: Some(context), future }
    }

    /// The context, between polls.
    pub(crate) fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    pub(crate) fn into_context(self) -> Option<Context> {
        self.context
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Put back when the poll ends, also when it ends by a panic.
        let _turn = Turn::begin(this.context);
        this.future.poll(cx)
    }
}

/// One poll: the context is exchanged with what was in scope before, and back.
struct Turn<'a> {
    slot: &'a mut Option<Context>,
}

impl<'a> Turn<'a> {
    fn begin(slot: &'a mut Option<Context>) -> Self {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, slot));
        Self { slot }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, self.slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(service: &'static str) -> Context {
        Context::new(
            Arc::new(Peer { address: "p".into(), back: () }),
            Origin { service, method: "m", ..Origin::default() },
        )
    }

    #[tokio::test]
    async fn scopes_nest_and_end_with_each_poll() {
        assert!(Context::current().is_none());
        let inner = Scoped::new(context("inner"), async { Context::current().unwrap().service().to_owned() });
        let outer = Scoped::new(context("outer"), async {
            let before = Context::current().unwrap().service().to_owned();
            let inside = inner.await;
            tokio::task::yield_now().await;
            (before, inside, Context::current().unwrap().service().to_owned())
        });
        assert_eq!(outer.await, ("outer".to_owned(), "inner".to_owned(), "outer".to_owned()));
        assert!(Context::current().is_none());
    }

    #[test]
    fn a_context_that_is_used_again_has_nothing_of_the_call_before() {
        let mut context = context("a");
        context.begin();
        context.end();
        context.cancel();
        context.abort(Stop::Cancelled);
        context.reply_metadata().append("key", "value");
        assert!(!context.clone().renew(&mut Origin::default()), "somebody else has it");
        assert!(context.renew(&mut Origin { service: "b", ..Origin::default() }));
        assert!(!context.has_begun() && !context.has_ended() && !context.is_cancelled() && !context.is_aborted());
        assert_eq!((context.service(), context.take_reply_metadata().is_none()), ("b", true));
    }

    #[tokio::test]
    async fn work_on_the_side_keeps_the_context_and_ends_with_the_call() {
        let context = context("a");
        let kept = context.spawn(async { Context::current().map(|context| context.service().to_owned()) });
        assert_eq!(kept.await.unwrap(), Some(Some("a".to_owned())));
        let endless = context.spawn(std::future::pending::<()>());
        context.cancel();
        assert_eq!(endless.await.unwrap(), None);
        context.cancelled().await;
    }
}

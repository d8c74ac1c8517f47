//! Calls that run once: whether a call runs, joins a run or is answered from what is kept, and what ends a run.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use futures::task::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::Sleep;

use super::kept::{Asked, Begun, ClientId, Kept, Why};
use crate::caught::caught;
use crate::connection::{Home, Running};
use crate::context::{Context, now};
use crate::frame::RequestId;
use crate::instance::fresh;
use crate::session::{Answer, Refusal, Stop};

/// How much of the answers a server keeps, in bytes, and for how long, unless it is told otherwise.
pub(super) const KEPT_BYTES: usize = 16 * 1024 * 1024;
pub(super) const KEPT_FOR: Duration = Duration::from_secs(5 * 60);

/// What a server knows of the calls that run once.
pub(super) struct Once {
    /// That of the server: another one in this process keeps other answers.
    instance: [u8; 16],
    kept: Mutex<Kept<Arc<Answer>, Arc<Run>>>,
}

/// What becomes of a call.
pub(super) enum Fate {
    Runs(Owner),
    Joins(Arc<Run>),
    Answered(Answer),
}

impl Once {
    pub(super) fn new(most_bytes: usize, longest: Duration) -> Arc<Self> {
        Arc::new(Self { instance: fresh(), kept: Mutex::new(Kept::new(most_bytes, longest)) })
    }

    /// What the server is called in its HELLO.
    pub(super) fn instance(&self) -> [u8; 16] {
        self.instance
    }

    /// A client has connected, until what is given back goes.
    pub(super) fn connect(self: &Arc<Self>, client: ClientId) -> Connected {
        self.lock().connect(client);
        Connected { once: Arc::clone(self), client }
    }

    /// A call of a method that runs once has come. Where it `lasts`, only a server that closes stops it.
    pub(super) fn begin(self: &Arc<Self>, client: ClientId, request: &RequestId, asked: Asked, lasts: bool) -> Fate {
        if request.is_retry() && request.instance != self.instance {
            return Fate::Answered(unknown(
                "it was first sent to another server, or to this one before it started anew",
            ));
        }
        let run = || Arc::new(Run::new(lasts));
        let number = request.number;
        let begun = self.lock().begin(client, number, request.is_retry(), asked, run, now());
        match begun {
            Begun::Runs(run) => Fate::Runs(Owner { once: Arc::clone(self), run, client, number, has_ended: false }),
            Begun::Joins(run) => Fate::Joins(run),
            Begun::Answered(answer) => Fate::Answered(Answer::clone(&answer)),
            Begun::Unknown(why) => Fate::Answered(unknown(text(why))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<Arc<Answer>, Arc<Run>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of a client whose request ids come on it.
pub(super) struct Connected {
    once: Arc<Once>,
    pub(super) client: ClientId,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.once.lock().disconnect(self.client);
    }
}

/// The answer to a call that may have run and must not run again (W-45).
pub(super) fn unknown(why: &str) -> Answer {
    Answer::Unknown(format!("unknown whether it ran; not run again: {why}"))
}

fn text(why: Why) -> &'static str {
    match why {
        Why::AnswerDropped => "its answer is not kept any more (ServerBuilder::kept_replies)",
        Why::ClientForgotten => "what was kept of its client has made room for other clients",
        Why::OtherMethod => "a call of another method had its request id",
        Why::OtherCodec => "its answer is kept in another codec",
    }
}

/// One run, as those who wait for it share it.
pub(super) struct Run {
    answer: OnceLock<Arc<Answer>>,
    /// Woken when there is an answer.
    ended: Notify,
    stop: OnceLock<Stop>,
    /// Wakes the handler when it must not go on.
    handler: AtomicWaker,
    /// It goes on when its callers have gone.
    lasts: bool,
}

impl Run {
    fn new(lasts: bool) -> Self {
        let (answer, stop) = (OnceLock::new(), OnceLock::new());
        Self { answer, ended: Notify::new(), stop, handler: AtomicWaker::new(), lasts }
    }

    /// Waits for the end of the run that another call began. `context` is that of the call which waits.
    pub(super) fn join(self: Arc<Self>, context: Context) -> Running {
        // What becomes of this call is not for it to say any more.
        context.begin();
        let leaving = Leaving { run: self, context: context.clone() };
        let future = Box::pin(async move { leaving.run.answer().await });
        Running { future, context, detach: false, once: false, home: Home::Cohort }
    }

    async fn answer(&self) -> Answer {
        let mut ended = pin!(self.ended.notified());
        // Registered before looking: an end in between is not missed.
        ended.as_mut().enable();
        if self.answer.get().is_none() {
            ended.await;
        }
        self.answer.get().map_or(Answer::Stopped, |answer| Answer::clone(answer))
    }

    /// A caller that had joined has given up, or has to.
    fn stop(&self, stop: Stop) {
        if self.lasts && stop != Stop::Forced {
            return;
        }
        // The first reason counts.
        let _ = self.stop.set(stop);
        self.handler.wake();
    }
}

/// A call that waits for the run of another. When it is stopped, so is the run: both have the same caller.
struct Leaving {
    run: Arc<Run>,
    context: Context,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(stop) = self.context.stopped().filter(|stop| *stop != Stop::Lost) {
            self.run.stop(stop);
        }
    }
}

/// The duty to say how a run ended.
pub(super) struct Owner {
    once: Arc<Once>,
    run: Arc<Run>,
    client: ClientId,
    number: u64,
    has_ended: bool,
}

impl Owner {
    /// Keeps the answer, and tells those who have joined; once.
    pub(super) fn end(&mut self, answer: &Answer) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let copy = Arc::new(answer.copy());
        // That nothing ran is for those who wait now; whoever comes later may run it.
        let ran = !matches!(answer, Answer::Refused(_));
        let kept = ran.then(|| (Arc::clone(&copy), copy.len()));
        let _ = self.run.answer.set(copy);
        self.once.lock().end(self.client, self.number, kept, now());
        self.run.ended.notify_waiters();
    }

    /// Keeps what a handler that goes on will answer.
    pub(super) fn watch(self, running: Running) -> Running {
        let Running { future, context, detach, home, .. } = running;
        let deadline = context.deadline().filter(|_| !detach);
        let deadline = deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline.into())));
        let handler = Watched { future: Some(future), context: context.clone(), deadline, owner: self };
        Running { future: Box::pin(handler), context, detach, once: true, home }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Whatever became of the handler: those who have joined wait no longer.
        self.end(&ended_with(None));
    }
}

/// A handler whose answer is kept, however it ends and whoever waits.
struct Watched {
    /// `None` when it has ended.
    future: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    context: Context,
    /// When it must end; its connection, which would see to that, may be gone.
    deadline: Option<Pin<Box<Sleep>>>,
    owner: Owner,
}

impl Watched {
    /// The handler's own parts go first; one of them may panic.
    fn end(&mut self, answer: Answer) -> Answer {
        caught(|| drop(self.future.take()));
        self.owner.end(&answer);
        answer
    }

    /// Why the handler must not go on.
    fn poll_stop(&mut self, cx: &mut TaskContext<'_>) -> Option<Stop> {
        self.owner.run.handler.register(cx.waker());
        if let Some(stop) = self.owner.run.stop.get() {
            return Some(*stop);
        }
        let is_late = self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
        is_late.then_some(Stop::DeadlineExceeded)
    }
}

impl Future for Watched {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Answer> {
        let this = &mut *self;
        if let Some(stop) = this.poll_stop(cx) {
            this.context.cancel();
            let answer = stopped(&this.context, Some(stop));
            return Poll::Ready(this.end(answer));
        }
        let Some(future) = &mut this.future else {
            return Poll::Ready(stopped(&this.context, None));
        };
        let answer = std::task::ready!(future.as_mut().poll(cx));
        Poll::Ready(this.end(answer))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.future.is_some() {
            let answer = stopped(&self.context, self.context.stopped());
            self.end(answer);
        }
    }
}

/// What a handler that was stopped is answered with: to all that wait for it, whose connections know of no stop.
fn stopped(context: &Context, stop: Option<Stop>) -> Answer {
    if !context.has_begun() {
        return Answer::Refused(Refusal::unbegun(stop));
    }
    ended_with(stop)
}

fn ended_with(stop: Option<Stop>) -> Answer {
    let (code, message) = Stop::told(stop);
    Answer::Status { code, message: message.to_owned(), metadata: None, push_back: None }
}

mod farewell;
mod reading;
mod writing;

use std::collections::VecDeque;
use std::future::Future as _;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::AsyncRead;
use tokio::time::Sleep;

use super::inbox::Left;
use super::serving::{self, Handler, Serving};
use super::{Core, End, Pending, Serve, Served, Shared, Wish};
use crate::caught::caught;
use crate::context::now;
use crate::frame::{Decoder, Reason};
use crate::limits::Limits;
use crate::session::{Answer, Ended, Incoming, Stop};
use crate::stripe::Padded;
use reading::READ_MIN;
use writing::{After, is_finished};

/// How much one turn reads before it writes, and writes before it reads again, in bytes. It bounds how long a small call
/// waits for large ones that go the other way.
const STINT: usize = 256 * 1024;
/// How many frames go into the session, or calls come out of it, before what they led to is seen to: by then they are
/// still in the processor's cache.
const BATCH: usize = 16;
/// Into how many shares the calls in flight are divided. When a share of the callers has been told, they get their turn
/// and their next calls are written; when a share of the calls has been answered, the answers are written. Both ends
/// are then at work at the same time.
const SHARES: usize = 4;
/// The least that is worth a system call of its own, and the most that does not make the others wait for too long.
const SHARE: RangeInclusive<usize> = 16..=128;
/// How many calls one turn starts before what they answered is written.
const CALLS: usize = 1024;
/// How long an announced end waits for the peer to have heard of it.
const ANNOUNCEMENT: Duration = Duration::from_secs(5);

/// The task of a connection.
pub(super) struct Driver {
    shared: Arc<Shared>,
    reader: Box<dyn AsyncRead + Send + Unpin>,
    serve: Box<dyn Serve>,
    limits: Limits,
    decoder: Decoder,
    buffer: BytesMut,
    /// How much the next read asks for.
    read_size: usize,
    batch: Batch,
    sleep: Pin<Box<Sleep>>,
    /// How many calls the last turn started.
    started: usize,
    /// The number of the last turn, among those of all drivers.
    turn: u64,
    /// Others had many turns since.
    is_busy: bool,
    /// The timer is set and wakes this task.
    is_armed: bool,
    /// The buffer may hold a whole frame.
    undecoded: bool,
    greeted: bool,
    /// The last turn put off writing so that callers could add to it.
    gathering: bool,
    /// There is more to read, to start or to write than one turn did.
    unfinished: bool,
    /// How much this turn has written, in bytes.
    stint: usize,
    /// The transport has taken all that it takes in this turn.
    blocked: bool,
    /// When the peer must have said HELLO.
    handshake: Instant,
    /// Since when a frame has been half there.
    reading_since: Option<Instant>,
    /// Since when bytes have been waiting, without one being taken.
    writing_since: Option<Instant>,
    /// When an announced end is concluded without the peer's answer.
    conclude_at: Option<Instant>,
    /// The connection is over but for its last words.
    farewell: Option<Instant>,
    shut: bool,
}

/// What passes between the session, which is behind the lock, and the work, which is not. Kept for its memory.
#[derive(Default)]
struct Batch {
    ended: Vec<Ended<Arc<Pending>>>,
    stops: Vec<(Handler, Stop)>,
    calls: VecDeque<Incoming>,
    answers: Vec<(u64, Answer)>,
    /// Handlers that are not done, and what stops them.
    cohort: Vec<Serving>,
    handlers: Vec<(u64, Handler)>,
    left: Left,
}

impl Batch {
    /// Tells callers and stops handlers; the lock must not be held. Says how many calls had ended.
    fn notify(&mut self) -> usize {
        let count = self.ended.len();
        for Ended { caller, outcome, .. } in self.ended.drain(..) {
            if let Some(waker) = caller.end(outcome) {
                // Wakers are foreign code; one that panics must not keep the others from being woken.
                caught(|| waker.wake());
            }
        }
        self.stops.drain(..).for_each(|(handler, stop)| handler.stop(stop));
        count
    }
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        reader: Box<dyn AsyncRead + Send + Unpin>,
        limits: Limits,
        serve: Box<dyn Serve>,
    ) -> Self {
        let handshake = now() + limits.handshake;
        Self {
            shared,
            reader,
            serve,
            decoder: Decoder::new(limits.frame),
            buffer: BytesMut::new(),
            read_size: READ_MIN,
            undecoded: false,
            started: 0,
            turn: 0,
            is_busy: false,
            is_armed: false,
            batch: Batch::default(),
            sleep: Box::pin(tokio::time::sleep_until(handshake.into())),
            greeted: false,
            gathering: false,
            unfinished: false,
            stint: 0,
            blocked: false,
            handshake,
            limits,
            reading_since: None,
            writing_since: None,
            conclude_at: None,
            farewell: None,
            shut: false,
        }
    }

    /// One turn: read, start calls, see to the clock, write.
    ///
    /// Callers are told and handlers run while the lock is not held; neither is it while the transport reads or writes.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let now = now();
        let shared = Arc::clone(&self.shared);
        shared.set_driver(cx.waker());
        self.note_turn();
        self.unfinished = false;
        self.blocked = false;
        self.stint = 0;
        if self.gathering {
            self.write_left(cx, now)?;
        }
        // What had come before the reading ended is seen to first.
        let mut received = Ok(());
        let (mut reads, mut started, mut ended) = (0, 0, 0);
        let mut reading = true;
        let mut gathers = None;
        // Of how many of the calls that were started the answers are written.
        let mut written = 0;
        loop {
            if reading && !self.undecoded {
                reading = self.read_all(cx, &mut reads).unwrap_or_else(|end| {
                    received = Err(end);
                    false
                });
            }
            let mut core = shared.lock();
            self.heed_wish(&mut core, now)?;
            self.hand_back(&mut core);
            if started - written >= self.share(self.started) {
                written = started;
                if let Some(writer) = self.take_writer(&mut core, now) {
                    drop(core);
                    self.write(cx, writer, now)?;
                    core = shared.lock();
                }
            }
            if let Err(end) = self.decode(&mut core, now) {
                received = Err(end);
                reading = false;
            }
            let told = received.is_ok() && ended + core.session.ended() >= self.share(core.session.open());
            self.unfinished |= told && (reading || self.undecoded);
            let has_read = told || !reading && !self.undecoded;
            let gathers = has_read && *gathers.get_or_insert_with(|| self.is_to_gather(cx, started > 0));
            if has_read && !gathers {
                self.take_in(&mut core, now);
            }
            self.hand_out(&mut core, now, started < CALLS);
            if !has_read || !self.batch.calls.is_empty() {
                drop(core);
                ended += self.batch.notify();
                started += self.batch.calls.len();
                self.start_calls();
                continue;
            }
            let due = self.heed_clock(&mut core, now)?;
            let writer = if gathers { None } else { self.take_writer(&mut core, now) };
            let mut finished = writer.is_none() && is_finished(&core);
            ended += self.batch.ended.len();
            self.note_quiet(ended + started <= 1 && core.session.is_quiet());
            drop(core);
            self.batch.notify();
            if let Some(writer) = writer {
                match self.write(cx, writer, now)? {
                    After::Work if self.stint < STINT => continue,
                    After::Work => self.unfinished = true,
                    After::Nothing => {}
                    After::Goodbye => finished = true,
                }
            }
            if finished {
                return Err(End::Finished);
            }
            self.arm(cx, due, now);
            break;
        }
        self.started = started;
        if ended > 1 {
            self.expect_calls(cx);
        }
        if self.unfinished {
            cx.waker().wake_by_ref();
        }
        if let Err(End::Eof { within_frame }) = &mut received {
            *within_frame = !self.buffer.is_empty();
        }
        received
    }

    /// Gives the session what became of calls that were started.
    fn hand_back(&mut self, core: &mut Core) {
        for (id, handler) in self.batch.handlers.drain(..) {
            self.batch.stops.extend(core.session.attach(id, handler));
        }
        for (id, answer) in self.batch.answers.drain(..) {
            core.session.reply(id, answer);
        }
    }

    /// Gives the session what callers and handlers have left.
    fn take_in(&mut self, core: &mut Core, now: Instant) {
        if !self.shared.inbox.is_rung() {
            return;
        }
        let Batch { left, ended, .. } = &mut self.batch;
        self.shared.inbox.empty(left);
        for call in left.calls.drain(..) {
            if let Some(outcome) = core.start(&call, now) {
                ended.push(Ended { caller: call, outcome });
            }
        }
        for (id, answer) in left.answers.drain(..) {
            core.session.reply(id, answer);
        }
    }

    /// Takes from the session what has ended, what to stop and, where there is `room`, what to start.
    fn hand_out(&mut self, core: &mut Core, now: Instant, room: bool) {
        let Batch { ended, stops, calls, .. } = &mut self.batch;
        let session = &mut core.session;
        session.poll_ended(ended);
        stops.extend(std::iter::from_fn(|| session.poll_stop()));
        if !self.greeted
            && let Some(hello) = session.peer()
        {
            self.greeted = true;
            self.serve.handle_hello(hello);
            self.shared.changed.notify_waiters();
        }
        if room {
            session.poll_calls(calls, BATCH, now);
        } else {
            self.unfinished |= session.has_ready();
        }
    }

    fn heed_wish(&mut self, core: &mut Core, now: Instant) -> Result<(), End> {
        match core.wish {
            Wish::Live => {}
            Wish::Drain if self.conclude_at.is_none() => {
                core.session.shut_down();
                self.conclude_at = Some(now + ANNOUNCEMENT);
            }
            Wish::Drain => {}
            Wish::Crowded => {
                core.session.conclude(Reason::Crowded, "too many connections are open");
                return Err(End::Finished);
            }
            Wish::Force => {
                core.session.conclude(Reason::Shutdown, "the server is closing");
                core.session.stop_all(Stop::Forced);
                self.batch.stops.extend(std::iter::from_fn(|| core.session.poll_stop()));
            }
            Wish::Close => {
                core.session.conclude(Reason::Shutdown, "");
                // What one-way calls have begun to send goes out.
                if !core.session.is_sending_calls() {
                    return Err(End::Finished);
                }
            }
        }
        Ok(())
    }

    /// Runs what is ready.
    fn start_calls(&mut self) {
        if self.batch.calls.is_empty() {
            return;
        }
        let mut clock = Instant::now();
        for call in &mut self.batch.calls {
            let id = call.id;
            match self.serve.serve(call, &mut clock) {
                Served::Answered(answer) => self.batch.answers.push((id, answer)),
                Served::Running(running) => {
                    // A new task is run next, by this very thread. Having more to do makes the run time wake another
                    // thread for it; else nobody would look after the sockets if the handler keeps this one.
                    self.unfinished = true;
                    let apart = running.apart;
                    let (serving, handler) = Serving::new(&self.shared, id, running);
                    self.batch.handlers.push((id, handler));
                    if apart {
                        serving::spawn(&mut vec![serving]);
                    } else {
                        self.batch.cohort.push(serving);
                    }
                }
            }
        }
        serving::spawn(&mut self.batch.cohort);
        self.batch.calls.clear();
        self.serve.rest();
    }

    /// Ends what is due, and says what is due next.
    fn heed_clock(&mut self, core: &mut Core, now: Instant) -> Result<Option<Instant>, End> {
        if !self.greeted && self.handshake <= now {
            return Err(End::NoHello(self.limits.handshake));
        }
        let stall = self.limits.stall;
        let reading = self.reading_since.map(|since| since + stall);
        let writing = self.writing_since.map(|since| since + stall);
        if writing.is_some_and(|due| due <= now) {
            return Err(End::Stalled("has taken nothing of what was written", stall));
        }
        if reading.is_some_and(|due| due <= now) {
            return Err(End::Stalled("left a frame half sent", stall));
        }
        if self.conclude_at.is_some_and(|due| due <= now) {
            core.session.conclude(Reason::Shutdown, "");
        }
        core.session.handle_timeout(now);
        core.session.poll_ended(&mut self.batch.ended);
        self.batch.stops.extend(std::iter::from_fn(|| core.session.poll_stop()));
        let conclude_at = self.conclude_at.filter(|due| *due > now);
        let handshake = (!self.greeted).then_some(self.handshake);
        core.timer =
            [core.session.poll_timeout(), reading, writing, handshake, conclude_at].into_iter().flatten().min();
        Ok(core.timer)
    }

    fn arm(&mut self, cx: &mut Context<'_>, due: Option<Instant>, now: Instant) {
        let Some(due) = due else {
            return;
        };
        let due = tokio::time::Instant::from_std(due);
        // Later is left as it is: the timer then fires once for nothing, instead of being moved for every call.
        let is_set = self.sleep.deadline() <= due && !self.sleep.is_elapsed();
        if is_set && self.is_armed && self.sleep.deadline().into_std() > now {
            return;
        }
        if !is_set {
            self.sleep.as_mut().reset(due);
        }
        self.is_armed = self.sleep.as_mut().poll(cx).is_pending();
        if !self.is_armed {
            cx.waker().wake_by_ref();
        }
    }

    fn note_turn(&mut self) {
        let turn = TURNS.0.fetch_add(1, Ordering::Relaxed);
        self.is_busy = turn - self.turn > BUSY;
        self.turn = turn;
    }

    /// How many of the calls in flight are a share.
    fn share(&self, calls: usize) -> usize {
        if self.is_busy { usize::MAX } else { (calls / SHARES).clamp(*SHARE.start(), *SHARE.end()) }
    }

    /// Whether to put off what callers and handlers have left, and writing: the driver goes to the end of the queue of
    /// tasks once, and whoever is about to call adds to the same write. Not where calls were `started`: their answers
    /// go out now.
    fn is_to_gather(&mut self, cx: &Context<'_>, started: bool) -> bool {
        self.gathering = !self.gathering && !started && !self.unfinished && self.shared.inbox.is_rung();
        if self.gathering {
            cx.waker().wake_by_ref();
        }
        self.gathering
    }

    /// Callers who have their outcomes make further calls, more often than not: the driver comes back when they have.
    fn expect_calls(&mut self, cx: &Context<'_>) {
        self.gathering = true;
        if self.shared.inbox.ring() {
            cx.waker().wake_by_ref();
        }
    }

    fn note_quiet(&self, quiet: bool) {
        if self.shared.quiet.load(Ordering::Relaxed) != quiet {
            self.shared.quiet.store(quiet, Ordering::Relaxed);
        }
    }
}

/// The turns of all drivers of this process, one after the other.
static TURNS: Padded<AtomicU64> = Padded(AtomicU64::new(0));
/// So many turns of others since its last one, and a driver divides nothing: the processors have enough to do.
const BUSY: u64 = 4;

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.farewell.is_none() {
            match this.turn(cx) {
                Ok(()) => return Poll::Pending,
                Err(end) => this.finish(end),
            }
        }
        let Some(until) = this.farewell else {
            return Poll::Ready(());
        };
        this.poll_farewell(cx, until)
    }
}

impl Drop for Driver {
    /// The run time is going down with the connection still open: nobody must wait for ever.
    fn drop(&mut self) {
        if self.farewell.is_none() {
            self.end_all(End::Abandoned { panicked: std::thread::panicking() });
        }
        // Foreign code again, which must not run under the lock.
        let writer = self.shared.lock().writer.take();
        let driver = self.shared.forget_driver();
        caught(|| drop((writer, driver)));
    }
}

mod farewell;

use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::Sleep;

use super::serving::{self, Handler};
use super::{Core, End, Serve, Served, Shared, Wish, Writer};
use crate::caught::caught;
use crate::context::now;
use crate::frame::{Decoder, Frame, Reason};
use crate::limits::Limits;
use crate::session::{Answer, Incoming, Stop};

/// How much is read at a time at first; a connection that is idle keeps no more than this.
const READ_MIN: usize = 8 * 1024;
/// How much is read at a time when there is always more.
const READ_MAX: usize = 256 * 1024;
/// How many times one turn reads before others get theirs.
const READS: usize = 16;
/// How many calls are taken from the session at once.
const BATCH: usize = 64;
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
    greeted: bool,
    /// The last turn put off writing so that callers could add to it.
    gathering: bool,
    /// There is more to read or to start than one turn did.
    unfinished: bool,
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
    frames: Vec<Frame>,
    woken: Vec<Waker>,
    stops: Vec<(Handler, Stop)>,
    calls: Vec<Incoming>,
    answers: Vec<(u64, Answer)>,
}

impl Batch {
    /// Wakes callers and stops handlers; the lock must not be held.
    fn notify(&mut self) {
        for waker in self.woken.drain(..) {
            // Wakers are foreign code; one that panics must not keep the others from being woken.
            caught(|| waker.wake());
        }
        self.stops.drain(..).for_each(|(handler, stop)| handler.stop(stop));
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
            batch: Batch::default(),
            sleep: Box::pin(tokio::time::sleep_until(handshake.into())),
            greeted: false,
            gathering: false,
            unfinished: false,
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
    /// The lock is taken as rarely as can be, and held for bookkeeping only: frames are decoded before it is taken,
    /// callers are woken and handlers run after it is released.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let now = now();
        self.unfinished = false;
        self.blocked = false;
        let received = self.receive(cx, now);
        let shared = Arc::clone(&self.shared);
        let mut answered = false;
        let mut started = 0;
        loop {
            let mut core = shared.lock();
            self.heed_wish(&mut core, cx, now)?;
            self.hand_in(&mut core, now)?;
            self.hand_out(&mut core, now, started < CALLS);
            if self.batch.calls.is_empty() {
                let due = self.heed_clock(&mut core, now)?;
                let writer = self.take_writer(&mut core, cx, answered, now);
                let finished = writer.is_none() && is_finished(&core);
                drop(core);
                self.batch.notify();
                if let Some(writer) = writer {
                    self.write(cx, writer, now)?;
                    continue;
                }
                if finished {
                    return Err(End::Finished);
                }
                self.arm(cx, due);
                break;
            }
            drop(core);
            self.batch.notify();
            started += self.batch.calls.len();
            answered |= self.start_calls();
        }
        if self.unfinished {
            cx.waker().wake_by_ref();
        }
        received
    }

    /// Reads what is there and decodes what is whole.
    fn receive(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), End> {
        for _ in 0..READS {
            let missing = self.decoder.missing(&self.buffer);
            self.buffer.reserve(self.read_size.max(missing.min(READ_MAX)));
            let room = self.buffer.capacity() - self.buffer.len();
            let count = match pin!(self.reader.read_buf(&mut self.buffer)).poll(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(error)) => return Err(End::Io(error)),
                Poll::Ready(Ok(0)) => return Err(End::Eof { within_frame: !self.buffer.is_empty() }),
                Poll::Ready(Ok(count)) => count,
            };
            self.read_size = match count {
                full if full == room => (2 * self.read_size).min(READ_MAX),
                short if short < READ_MIN / 2 => READ_MIN,
                _ => self.read_size,
            };
            self.decode(now)?;
        }
        self.unfinished = true;
        Ok(())
    }

    fn decode(&mut self, now: Instant) -> Result<(), End> {
        let before = self.batch.frames.len();
        while let Some(frame) = self.decoder.decode(&mut self.buffer).map_err(End::Breach)? {
            self.batch.frames.push(frame);
        }
        self.reading_since = match self.reading_since {
            _ if self.buffer.is_empty() => None,
            // A trickle of bytes does not count: the frame must get done.
            Some(since) if self.batch.frames.len() == before => Some(since),
            _ => Some(now),
        };
        Ok(())
    }

    /// Gives the session the frames that came and the answers that were made.
    fn hand_in(&mut self, core: &mut Core, now: Instant) -> Result<(), End> {
        for (id, answer) in self.batch.answers.drain(..) {
            core.session.reply(id, answer);
        }
        self.batch.frames.drain(..).try_for_each(|frame| core.session.handle_frame(frame, now)).map_err(End::Breach)
    }

    /// Takes from the session whom to wake, what to stop and, where there is `room`, what to start.
    fn hand_out(&mut self, core: &mut Core, now: Instant, room: bool) {
        let Batch { woken, stops, calls, .. } = &mut self.batch;
        let session = &mut core.session;
        session.poll_woken(woken);
        stops.extend(std::iter::from_fn(|| session.poll_stop()));
        if !self.greeted
            && let Some(hello) = session.peer()
        {
            self.greeted = true;
            self.serve.handle_hello(hello);
            self.shared.changed.notify_waiters();
        }
        if room {
            calls.extend(std::iter::from_fn(|| session.poll_call(now)).take(BATCH));
        } else {
            self.unfinished |= session.has_ready();
        }
    }

    fn heed_wish(&mut self, core: &mut Core, cx: &Context<'_>, now: Instant) -> Result<(), End> {
        if !core.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            core.driver = Some(cx.waker().clone());
        }
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

    /// Runs what is ready. Says whether any was answered on the spot.
    fn start_calls(&mut self) -> bool {
        let mut clock = Instant::now();
        for call in self.batch.calls.drain(..) {
            let id = call.id;
            match self.serve.serve(call, &mut clock) {
                Served::Answered(answer) => self.batch.answers.push((id, answer)),
                Served::Running(running) => {
                    // A new task is run next, by this very thread. Having more to do makes the run time wake another
                    // thread for it; else nobody would look after the sockets if the handler keeps this one.
                    self.unfinished = true;
                    serving::spawn(&self.shared, id, running);
                }
            }
        }
        !self.batch.answers.is_empty()
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
        core.session.poll_woken(&mut self.batch.woken);
        self.batch.stops.extend(std::iter::from_fn(|| core.session.poll_stop()));
        let conclude_at = self.conclude_at.filter(|due| *due > now);
        let handshake = (!self.greeted).then_some(self.handshake);
        core.timer =
            [core.session.poll_timeout(), reading, writing, handshake, conclude_at].into_iter().flatten().min();
        Ok(core.timer)
    }

    fn arm(&mut self, cx: &mut Context<'_>, due: Option<Instant>) {
        let Some(due) = due else {
            return;
        };
        let due = tokio::time::Instant::from_std(due);
        // Later is left as it is: the timer then fires once for nothing, instead of being moved for every call.
        if self.sleep.deadline() > due || self.sleep.is_elapsed() {
            self.sleep.as_mut().reset(due);
        }
        if self.sleep.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// The writer with something to write, if it is time to.
    ///
    /// When it was callers who asked, the driver first goes to the end of the queue of tasks once: whoever is about to
    /// call adds to the same write.
    fn take_writer(&mut self, core: &mut Core, cx: &Context<'_>, answered: bool, now: Instant) -> Option<Writer> {
        if core.flush && !answered && !self.gathering && !self.unfinished {
            self.gathering = true;
            cx.waker().wake_by_ref();
            return None;
        }
        self.gathering = false;
        core.flush = false;
        let Core { writer: place, session, .. } = core;
        let writer = place.as_mut()?;
        if writer.is_empty() {
            if !session.has_output() {
                self.writing_since = None;
                return None;
            }
            writer.refill(|empty| session.poll_transmit(empty, now));
        }
        if self.blocked { None } else { place.take() }
    }

    /// Writes, and puts the writer back.
    fn write(&mut self, cx: &mut Context<'_>, mut writer: Writer, now: Instant) -> Result<(), End> {
        let before = writer.written();
        let result = writer.poll_write(cx);
        let written = writer.written();
        let mut core = self.shared.lock();
        core.session.handle_written(written, now);
        core.writer = Some(writer);
        drop(core);
        match result {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Err(End::Io(error)),
            Poll::Pending => {
                self.blocked = true;
                if written > before || self.writing_since.is_none() {
                    self.writing_since = Some(crate::context::now());
                }
            }
        }
        Ok(())
    }
}

/// Whether both sides are done, and all is written.
fn is_finished(core: &Core) -> bool {
    core.session.is_finished() && !core.session.has_output() && core.writer.as_ref().is_some_and(Writer::is_empty)
}

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
        let mut core = self.shared.lock();
        // Foreign code again, which must not run under the lock.
        let writer = core.writer.take();
        let driver = core.driver.take();
        drop(core);
        caught(|| drop((writer, driver)));
    }
}

use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::Sleep;

use super::{Core, End, Serve, Served, Shared, Wish, serving};
use crate::context::now;
use crate::error::RpcError;
use crate::frame::{Decoder, Reason};
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
const CALLS: usize = 256;
/// How long an announced end waits for the peer to have heard of it.
const ANNOUNCEMENT: Duration = Duration::from_secs(5);
/// How long the last words may take to be written and read.
const FAREWELL: Duration = Duration::from_secs(1);

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
    /// Kept between turns for their memory.
    woken: Vec<Waker>,
    calls: Vec<Incoming>,
    answers: Vec<(u64, Answer)>,
    sleep: Pin<Box<Sleep>>,
    greeted: bool,
    /// The last turn put off writing so that callers could add to it.
    gathering: bool,
    /// There is more to read or to start than one turn did.
    unfinished: bool,
    /// When the peer must have said HELLO.
    handshake: Instant,
    /// Since when a frame has been half there, without a further byte.
    reading_since: Option<Instant>,
    /// Since when bytes have been waiting, without one being taken; and how many had been taken then.
    writing_since: Option<(Instant, u64)>,
    /// When an announced end is concluded without the peer's answer.
    conclude_at: Option<Instant>,
    /// The connection is over but for its last words.
    farewell: Option<Instant>,
    shut: bool,
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        reader: Box<dyn AsyncRead + Send + Unpin>,
        limits: Limits,
        serve: Box<dyn Serve>,
    ) -> Self {
        let start = now();
        Self {
            shared,
            reader,
            serve,
            decoder: Decoder::new(limits.frame),
            buffer: BytesMut::new(),
            read_size: READ_MIN,
            woken: Vec::new(),
            calls: Vec::new(),
            answers: Vec::new(),
            sleep: Box::pin(tokio::time::sleep_until((start + limits.handshake).into())),
            greeted: false,
            gathering: false,
            unfinished: false,
            handshake: start + limits.handshake,
            limits,
            reading_since: None,
            writing_since: None,
            conclude_at: None,
            farewell: None,
            shut: false,
        }
    }

    /// One turn: read, start calls, write, see to the clock.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let now = now();
        self.unfinished = false;
        self.heed_wish(cx, now)?;
        self.read(cx, now)?;
        let answered = self.start_calls(now);
        if self.may_write(cx, answered) {
            self.write(cx, now)?;
        }
        self.heed_clock(cx, now)?;
        self.check_finished()?;
        if self.unfinished {
            cx.waker().wake_by_ref();
        }
        Ok(())
    }

    fn heed_wish(&mut self, cx: &Context<'_>, now: Instant) -> Result<(), End> {
        let mut core = self.shared.lock();
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
            }
            // What one-way calls have begun to send goes out.
            Wish::Close if core.session.is_sending() => {}
            Wish::Close => {
                core.session.conclude(Reason::Shutdown, "");
                return Err(End::Finished);
            }
        }
        drop(core);
        self.stop_handlers();
        Ok(())
    }

    fn read(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), End> {
        for _ in 0..READS {
            let missing = self.decoder.missing(&self.buffer);
            self.buffer.reserve(self.read_size.max(missing.min(READ_MAX)));
            let room = self.buffer.capacity() - self.buffer.len();
            let read = pin!(self.reader.read_buf(&mut self.buffer)).poll(cx);
            let count = match read {
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
            self.take_in(now)?;
        }
        self.unfinished = true;
        Ok(())
    }

    /// Hands the frames that are whole to the session, under one lock, and wakes whom they concern after it.
    fn take_in(&mut self, now: Instant) -> Result<(), End> {
        let shared = Arc::clone(&self.shared);
        let mut core = shared.lock();
        let mut whole = false;
        let result = loop {
            match self.decoder.decode(&mut self.buffer) {
                Ok(Some(frame)) => {
                    whole = true;
                    if let Err(breach) = core.session.handle_frame(frame, now) {
                        break Err(breach);
                    }
                }
                Ok(None) => break Ok(()),
                Err(breach) => break Err(breach),
            }
        };
        core.session.poll_woken(&mut self.woken);
        if !self.greeted
            && let Some(hello) = core.session.peer()
        {
            self.greeted = true;
            self.serve.handle_hello(hello);
            self.woken.append(&mut core.watchers);
        }
        drop(core);
        self.woken.drain(..).for_each(Waker::wake);
        self.stop_handlers();
        self.reading_since = match self.reading_since {
            _ if self.buffer.is_empty() => None,
            // A trickle of bytes does not count: the frame must get done.
            Some(since) if !whole => Some(since),
            _ => Some(now),
        };
        if self.buffer.is_empty() && self.buffer.capacity() > READ_MIN && self.read_size == READ_MIN {
            self.buffer = BytesMut::new();
        }
        result.map_err(End::Breach)
    }

    fn stop_handlers(&self) {
        loop {
            let next = self.shared.lock().session.poll_stop();
            let Some((handler, stop)) = next else {
                return;
            };
            handler.stop(stop);
        }
    }

    /// Starts the calls that are ready. Says whether any was answered on the spot.
    fn start_calls(&mut self, now: Instant) -> bool {
        let mut started = 0;
        let mut answered = false;
        while started < CALLS {
            let mut core = self.shared.lock();
            for (id, answer) in self.answers.drain(..) {
                core.session.reply(id, answer);
                answered = true;
            }
            let session = &mut core.session;
            self.calls.extend(std::iter::from_fn(|| session.poll_call(now)).take(BATCH));
            drop(core);
            if self.calls.is_empty() {
                return answered;
            }
            started += self.calls.len();
            for call in self.calls.drain(..) {
                let id = call.id;
                match self.serve.serve(call) {
                    Served::Answered(answer) => self.answers.push((id, answer)),
                    Served::Running(running) => serving::spawn(&self.shared, id, running),
                }
            }
        }
        let mut core = self.shared.lock();
        for (id, answer) in self.answers.drain(..) {
            core.session.reply(id, answer);
        }
        self.unfinished = true;
        true
    }

    /// Whether to write now. When it was callers who asked, the driver first goes to the end of the queue of tasks
    /// once: whoever is about to call adds to the same write.
    fn may_write(&mut self, cx: &Context<'_>, answered: bool) -> bool {
        let asked = self.shared.lock().flush;
        if !asked || answered || self.gathering || self.unfinished {
            self.gathering = false;
            return true;
        }
        self.gathering = true;
        cx.waker().wake_by_ref();
        false
    }

    fn write(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), End> {
        loop {
            let mut core = self.shared.lock();
            core.flush = false;
            let Core { writer: place, session, .. } = &mut *core;
            let Some(writer) = place else {
                return Ok(());
            };
            if writer.is_empty() {
                if !session.has_output() {
                    self.writing_since = None;
                    return Ok(());
                }
                writer.refill(|empty| session.poll_transmit(empty, now));
            }
            let Some(mut writer) = place.take() else {
                return Ok(());
            };
            drop(core);
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
                    if written > before || self.writing_since.is_none() {
                        self.writing_since = Some((now, written));
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Ends what is due, and sets the timer to what is due next.
    fn heed_clock(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), End> {
        if !self.greeted && self.handshake <= now {
            return Err(End::NoHello(self.limits.handshake));
        }
        let stall = self.limits.stall;
        let stalls_at = |since: Option<Instant>| since.map(|since| since + stall);
        let reading = stalls_at(self.reading_since);
        let writing = stalls_at(self.writing_since.map(|(since, _)| since));
        if writing.is_some_and(|due| due <= now) {
            return Err(End::Stalled("has taken nothing of what was written", stall));
        }
        if reading.is_some_and(|due| due <= now) {
            return Err(End::Stalled("left a frame half sent", stall));
        }
        let shared = Arc::clone(&self.shared);
        let mut core = shared.lock();
        if self.conclude_at.is_some_and(|due| due <= now) {
            core.session.conclude(Reason::Shutdown, "");
        }
        core.session.handle_timeout(now);
        core.session.poll_woken(&mut self.woken);
        let conclude_at = self.conclude_at.filter(|due| *due > now);
        let handshake = (!self.greeted).then_some(self.handshake);
        let due = [core.session.poll_timeout(), reading, writing, handshake, conclude_at].into_iter().flatten().min();
        core.timer = due;
        let late_output = core.session.has_output() && !core.flush && !self.gathering && self.writing_since.is_none();
        drop(core);
        self.woken.drain(..).for_each(Waker::wake);
        self.stop_handlers();
        if late_output {
            // A cancel or a refusal that the clock caused.
            cx.waker().wake_by_ref();
        }
        self.arm(cx, due);
        Ok(())
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

    fn check_finished(&self) -> Result<(), End> {
        let core = self.shared.lock();
        let written = core.writer.as_ref().is_some_and(|writer| writer.is_empty()) && !core.session.has_output();
        if core.session.is_finished() && written {
            return Err(End::Finished);
        }
        Ok(())
    }

    /// The connection is over: calls end, handlers stop, and the last words are written.
    fn finish(&mut self, end: End) {
        let good = matches!(end, End::Finished);
        // Only a peer that reads what it is told gets an explanation.
        let hopeless = matches!(end, End::Io(_) | End::Stalled(..));
        let shared = Arc::clone(&self.shared);
        let mut core = shared.lock();
        if let Some(writer) = &core.writer {
            let written = writer.written();
            core.session.handle_written(written, now());
        }
        match &end {
            End::Breach(breach) => core.session.break_off(breach),
            End::NoHello(_) => core.session.conclude(Reason::Timeout, "no HELLO came"),
            End::Stalled(what, _) => core.session.conclude(Reason::Timeout, &format!("the peer {what}")),
            _ => {}
        }
        let error = end.error(self.greeted).with_peer(Arc::clone(&self.shared.peer));
        core.session.handle_lost(error);
        let error = core.session.lost();
        let error = (!good).then_some(error).flatten();
        core.over = Some(error.clone());
        core.session.poll_woken(&mut self.woken);
        self.woken.append(&mut core.watchers);
        drop(core);
        self.woken.drain(..).for_each(Waker::wake);
        self.stop_handlers();
        self.serve.handle_closed(error.as_ref());
        self.farewell = Some(if hopeless { now() } else { now() + FAREWELL });
        self.sleep.as_mut().reset((now() + FAREWELL).into());
    }

    /// Writes what is left and reads until the peer has closed too: bytes that nobody reads would make the system tell
    /// the peer that the connection was reset, and our last words with it.
    fn poll_farewell(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        if now() >= until || self.sleep.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if !self.shut {
            if self.write(cx, now()).is_err() {
                return Poll::Ready(());
            }
            let mut core = self.shared.lock();
            let Some(writer) = core.writer.as_mut().filter(|writer| writer.is_empty()) else {
                return Poll::Pending;
            };
            if std::task::ready!(writer.poll_shutdown(cx)).is_err() {
                return Poll::Ready(());
            }
            self.shut = true;
        }
        for _ in 0..READS {
            self.buffer.clear();
            self.buffer.reserve(READ_MIN);
            match std::task::ready!(pin!(self.reader.read_buf(&mut self.buffer)).poll(cx)) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
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
        let mut core = self.shared.lock();
        core.writer = None;
        core.driver = None;
        if core.over.is_none() {
            let error = RpcError::new(crate::code::Code::Unavailable, "the run time was shut down");
            core.session.handle_lost(error.clone());
            core.over = Some(Some(error));
        }
        let mut woken = std::mem::take(&mut core.watchers);
        core.session.poll_woken(&mut woken);
        drop(core);
        woken.into_iter().for_each(Waker::wake);
    }
}

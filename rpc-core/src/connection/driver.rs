mod batch;
mod clock;
mod farewell;
mod reading;
mod running;
mod streams;
mod turn;
mod writing;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::AsyncRead;
use tokio::time::Sleep;

use super::shared::OpenSession;
use super::{Core, End, Residents, Serve, Shared, Wish};
use crate::caught::caught;
use crate::context::now;
use crate::frame::{Decoder, Reason};
use crate::jitter::around;
use crate::limits::Limits;
use crate::session::{Answer, Ended, Role, Stop};
use batch::Batch;
use reading::READ_MIN;
use turn::{FEW, Turn};
use writing::{After, is_finished};

/// How much one turn reads before it writes, and writes before it reads again, in bytes. It bounds how long a small call
/// waits for large ones that go the other way.
const STINT: usize = 256 * 1024;
/// How many calls one turn starts before what they answered is written.
const CALLS: usize = 1024;
/// How long an announced end waits for the peer to have heard of it.
const ANNOUNCEMENT: Duration = Duration::from_secs(5);

/// The task of a connection.
pub(super) struct Driver {
    shared: Arc<Shared>,
    reader: Box<dyn AsyncRead + Send + Unpin>,
    serve: Box<dyn Serve>,
    residents: Residents,
    limits: Arc<Limits>,
    decoder: Decoder,
    buffer: BytesMut,
    /// How much the next read asks for.
    read_size: usize,
    batch: Box<Batch>,
    sleep: Pin<Box<Sleep>>,
    /// How many answers the last turn had.
    answers: usize,
    /// Of the calls that were started last, not all were done at once.
    waits: bool,
    /// The numbers of the last two turns, among those of all drivers.
    turns: [u64; 2],
    /// The buffer may hold a whole frame.
    undecoded: bool,
    greeted: bool,
    /// When clients are sent away; they look to their own connections themselves.
    expires: Option<Instant>,
    /// The last turn put off writing so that callers could add to it.
    gathering: bool,
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

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        reader: Box<dyn AsyncRead + Send + Unpin>,
        limits: Arc<Limits>,
        serve: Box<dyn Serve>,
    ) -> Self {
        let handshake = now() + limits.handshake;
        let role = shared.lock().session.role();
        Self {
            shared,
            reader,
            serve,
            residents: Residents::default(),
            decoder: Decoder::new(limits.frame),
            buffer: BytesMut::new(),
            read_size: READ_MIN,
            undecoded: false,
            answers: 0,
            waits: false,
            turns: [0; 2],
            batch: Box::default(),
            // Not in the future, so not set.
            sleep: Box::pin(tokio::time::sleep_until(now().into())),
            greeted: false,
            expires: limits.max_age.filter(|_| role == Role::Server).map(|age| now() + around(age, 0.1)),
            gathering: false,
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
        let shared = Arc::clone(&self.shared);
        shared.set_driver(cx.waker());
        let mut turn = Turn::begin(now(), self.turns);
        if self.gathering {
            turn.aged = true;
            self.write_left(cx, &mut turn)?;
        }
        while !self.step(&shared, cx, &mut turn)? {}
        self.turns = [self.turns[1], turn.number];
        self.answers = turn.answers;
        if turn.told > 1 {
            self.expect_calls(cx);
        }
        if turn.unfinished {
            cx.waker().wake_by_ref();
        }
        if let Err(End::Eof { within_frame }) = &mut turn.received {
            *within_frame = !self.buffer.is_empty();
        }
        turn.received
    }

    /// One look at the session: what has come goes in, what that led to comes out and is seen to. Says whether the turn
    /// is over.
    fn step(&mut self, shared: &Shared, cx: &mut Context<'_>, turn: &mut Turn) -> Result<bool, End> {
        if turn.reading && !self.undecoded {
            self.read(cx, turn);
        }
        self.poll_residents(cx, turn);
        let mut core = shared.lock();
        if core.wish != Wish::Live {
            self.heed_wish(&mut core, turn.now)?;
        }
        self.hand_back(&mut core);
        if turn.answers - turn.answered >= turn.share(self.answers) {
            turn.answered = turn.answers;
            let writer = self.take_writer(&mut core, turn);
            drop(core);
            if let Some(writer) = writer {
                self.write(cx, writer, turn)?;
            }
            return Ok(false);
        }
        self.decode(&mut core, turn);
        let has_more = turn.reading || self.undecoded;
        // Where there is nothing further to come, there is nobody to take turns with.
        let has_told = turn.received.is_ok() && turn.told + core.session.ended() >= turn.share(core.session.open());
        turn.unfinished |= has_told && has_more;
        let has_read = has_told || !has_more;
        let gathers = has_read && self.gathers(cx, turn);
        if has_read && !gathers {
            self.take_in(&mut core, turn.now);
        }
        self.hand_out(&mut core, turn);
        if !has_read || !self.batch.calls.is_empty() || turn.attending {
            let has_closed = shared.has_closed(&core);
            drop(core);
            if has_closed {
                shared.note_closed();
            }
            turn.told += self.batch.notify();
            self.start_calls(turn);
            return Ok(false);
        }
        let due = self.heed_clock(&mut core, turn)?;
        let writer = if gathers { None } else { self.take_writer(&mut core, turn) };
        let mut finished = writer.is_none() && is_finished(&core);
        turn.told += self.batch.count_told();
        shared.note_quiet(turn.told + turn.started.max(turn.answers) <= 1 && core.session.is_quiet());
        let has_closed = shared.has_closed(&core);
        drop(core);
        if has_closed {
            shared.note_closed();
        }
        self.batch.notify();
        if let Some(writer) = writer {
            match self.write(cx, writer, turn)? {
                After::Work if turn.written < STINT => return Ok(false),
                After::Work => turn.unfinished = true,
                After::Nothing => {}
                After::Goodbye => finished = true,
            }
        }
        if finished {
            return Err(End::Finished);
        }
        self.arm(cx, due, turn.now);
        Ok(true)
    }

    /// Gives the session what became of calls that were started.
    #[inline]
    fn hand_back(&mut self, core: &mut Core) {
        if let Some(streams) = &mut self.batch.streams {
            streams.hand_back(core);
        }
        if !self.batch.handlers.is_empty() {
            for (id, handler) in self.batch.handlers.drain(..) {
                self.batch.stops.extend(core.session.attach(id, handler));
            }
        }
        while let Some((id, answer)) = self.batch.answers.pop_front() {
            reply(core, &mut *self.serve, id, answer);
        }
    }

    /// Gives the session what callers and handlers have left.
    #[inline]
    fn take_in(&mut self, core: &mut Core, now: Instant) {
        if self.shared.inbox.is_rung() {
            self.take_in_left(core, now);
        }
    }

    fn take_in_left(&mut self, core: &mut Core, now: Instant) {
        let Batch { left, ended, .. } = &mut *self.batch;
        self.shared.inbox.empty(left);
        for call in left.calls.drain(..) {
            if let Some(outcome) = core.start(&call, now) {
                ended.push(Ended { caller: call, outcome });
            }
        }
        for (id, answer) in left.answers.drain(..) {
            reply(core, &mut *self.serve, id, answer);
        }
        for flow in left.flows.drain(..) {
            flow.collect(&mut core.session);
        }
    }

    /// Takes from the session what has ended, what to stop and, unless that has been much already, what to start.
    fn hand_out(&mut self, core: &mut Core, turn: &mut Turn) {
        self.batch.take_stream_news(core);
        self.batch.take_ended(core);
        let session = &mut core.session;
        session.poll_stops(&mut self.batch.stops);
        if !self.greeted {
            self.greet(session);
        }
        if turn.started < CALLS {
            let most = if self.waits { FEW } else { turn.batch(self.answers) };
            session.poll_calls(&mut self.batch.calls, most, turn.now);
        } else {
            turn.unfinished |= session.has_ready();
        }
    }

    /// Tells of the peer's HELLO, once it is there.
    #[cold]
    fn greet(&mut self, session: &OpenSession) {
        let Some(hello) = session.peer() else {
            return;
        };
        self.greeted = true;
        self.serve.handle_hello(hello);
        self.shared.changed.notify_waiters();
    }

    #[cold]
    fn heed_wish(&mut self, core: &mut Core, now: Instant) -> Result<(), End> {
        match core.wish {
            Wish::Live => {}
            Wish::Retire => core.session.retire(),
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
                core.session.poll_stops(&mut self.batch.stops);
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

    /// Whether to put off what callers and handlers have left, and writing: the driver goes to the end of the queue of
    /// tasks once, and whoever is about to call adds to the same write. Not where calls were started: their answers go
    /// out now.
    fn gathers(&mut self, cx: &Context<'_>, turn: &mut Turn) -> bool {
        if let Some(gathers) = turn.gathers {
            return gathers;
        }
        self.gathering = !self.gathering
            && turn.started == 0
            && turn.answers == 0
            && !turn.unfinished
            && self.shared.inbox.is_rung();
        if self.gathering {
            cx.waker().wake_by_ref();
        }
        *turn.gathers.insert(self.gathering)
    }

    /// Callers who have their outcomes make further calls, more often than not: the driver comes back when they have.
    fn expect_calls(&mut self, cx: &Context<'_>) {
        self.gathering = true;
        if self.shared.inbox.ring() {
            cx.waker().wake_by_ref();
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.farewell.is_none() {
            Batch::exchange(&mut this.batch);
            let turn = this.turn(cx).map_err(|end| this.finish(end));
            this.leave_room();
            Batch::exchange(&mut this.batch);
            if turn.is_ok() {
                return Poll::Pending;
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
        caught(|| drop(writer));
    }
}

/// Answers a call of the peer. The context of a handler that had gone on is used again.
fn reply(core: &mut Core, serve: &mut dyn Serve, id: u64, answer: Answer) {
    if let Some(handler) = core.session.reply(id, answer) {
        serve.reuse(handler.into_context());
    }
}

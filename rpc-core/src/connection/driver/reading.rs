//! What comes in: bytes from the transport, frames into the session.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::AsyncReadExt as _;

use super::{Driver, STINT, Turn};
use crate::connection::shared::OpenSession;
use crate::connection::{Core, End};
use crate::context::now;
use crate::frame::{Breach, Frame, Take};

/// How much is read at a time at first.
pub(super) const READ_MIN: usize = 1024;
/// How much is read at a time when there is always more.
const READ_MAX: usize = 256 * 1024;
/// A buffer up to this size is left to other drivers. A connection on which much comes at once keeps its own.
const SHARED: usize = 16 * 1024;
/// How many items of streams are as much work as another frame.
const ITEMS: usize = 16;
/// How many times one turn reads before others get theirs.
pub(super) const READS: usize = 16;

impl Driver {
    /// Reads until the transport has no more, the buffer is full, or it is enough for one turn.
    pub(super) fn read(&mut self, cx: &mut Context<'_>, turn: &mut Turn) {
        while turn.reads < READS {
            turn.reads += (READS * self.read_size).div_ceil(STINT).max(1);
            if self.buffer.capacity() == 0 {
                std::mem::swap(&mut self.buffer, &mut self.batch.room);
            }
            let missing = self.decoder.missing(&self.buffer);
            self.buffer.reserve(self.read_size.max(missing.min(READ_MAX)));
            let room = self.buffer.capacity() - self.buffer.len();
            let count = match pin!(self.reader.read_buf(&mut self.buffer)).poll(cx) {
                Poll::Pending => return turn.reading = false,
                Poll::Ready(Err(error)) => return turn.end_reading(End::Io(error)),
                // Whether it is within a frame is seen when what came before is decoded.
                Poll::Ready(Ok(0)) => return turn.end_reading(End::Eof { within_frame: false }),
                Poll::Ready(Ok(count)) => count,
            };
            self.undecoded = true;
            turn.heard = true;
            if turn.aged {
                // What has come was not there when the turn began: its deadlines count from now (W-11).
                turn.now = now();
            }
            turn.aged = true;
            if count == room {
                self.read_size = (2 * self.read_size).min(READ_MAX);
                return;
            }
            // There was no more: the run time knows, and without a system call notes whom to wake when there is.
        }
        turn.unfinished = true;
        turn.reading = false;
    }

    /// Leaves the buffer to other drivers, unless something is in it.
    pub(super) fn leave_room(&mut self) {
        if self.buffer.is_empty() && self.read_size <= SHARED && self.buffer.capacity() <= SHARED {
            let buffer = std::mem::take(&mut self.buffer);
            if buffer.capacity() > self.batch.room.capacity() {
                self.batch.room = buffer;
            }
        }
    }

    /// Gives the session some of the frames that came.
    pub(super) fn decode(&mut self, core: &mut Core, turn: &mut Turn) {
        if !self.undecoded {
            return;
        }
        let mut frames = 0;
        if std::mem::take(&mut turn.heard) {
            core.session.handle_heard(turn.now);
        }
        core.session.lend_room(&mut self.batch.calls, &mut self.batch.told);
        let most = turn.batch(self.answers.max(core.session.open())) * ITEMS;
        while self.undecoded && frames < most {
            let mut intake = Intake { session: &mut core.session, now: turn.now, weight: ITEMS };
            match self.decoder.decode_to(&mut self.buffer, &mut intake) {
                Ok(true) => {
                    frames += intake.weight;
                    self.undecoded = !self.buffer.is_empty();
                }
                Ok(false) => self.undecoded = false,
                Err(breach) => {
                    self.undecoded = false;
                    turn.end_reading(End::Breach(breach));
                }
            }
        }
        self.reading_since = match self.reading_since {
            _ if self.buffer.is_empty() => None,
            // A trickle of bytes does not count: the frame must get done.
            Some(since) if frames == 0 => Some(since),
            _ => Some(turn.now),
        };
    }
}

/// The way of a frame into the session.
struct Intake<'a> {
    session: &'a mut OpenSession,
    now: Instant,
    /// How much work it is.
    weight: usize,
}

impl Take for Intake<'_> {
    #[inline(always)]
    fn take(&mut self, frame: Frame<'_>) -> Result<(), Breach> {
        if matches!(frame, Frame::Data { .. }) {
            self.weight = 1;
        }
        self.session.handle_frame(frame, self.now)
    }
}

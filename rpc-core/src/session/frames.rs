//! Frames of the peer, each to where it belongs.

use std::time::Instant;

use super::assembly::Progress;
use super::{Session, Waits};
use crate::frame::{Breach, Frame, Hello, put_pong};

/// A chunk that is read over and is at least this long cost its sender more than this end, in bytes.
const LONG_CHUNK: usize = 4 * 1024;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Takes in a frame.
    ///
    /// # Errors
    ///
    /// When the peer broke a rule of the wire; the connection must then end with [`break_off`](Self::break_off).
    #[inline(always)]
    pub(crate) fn handle_frame(&mut self, frame: Frame<'_>, now: Instant) -> Result<(), Breach> {
        match frame {
            Frame::Call(call) => self.handle_call(call, now),
            Frame::Reply { id, fields, message } => self.handle_reply(id, fields, message, now),
            Frame::Data { id, index, message } => self.handle_data(id, index, message),
            other => self.handle_other(other, now),
        }?;
        self.check_backlog()
    }

    /// Apart, so that the frames that nearly all are find little in their way.
    #[inline(never)]
    fn handle_other(&mut self, frame: Frame<'_>, now: Instant) -> Result<(), Breach> {
        match frame {
            Frame::Hello(hello) => self.handle_hello(hello, now),
            Frame::End(end) if end.index == 0 => self.handle_end(end, now),
            Frame::Chunk { id, index, bytes } => self.handle_chunk(id, index, &bytes, now),
            Frame::Cancel { id, index: 0 } => self.handle_cancel(id, now),
            Frame::Done(count) => self.handle_done(count, now),
            Frame::Ping(token) => {
                self.outbox.put(|buffer| put_pong(buffer, token));
                self.budget.spend(now)
            }
            Frame::Pong(token) => self.handle_pong(token, now),
            Frame::Goaway { last, reason, text } => self.handle_goaway(last, reason, text, now),
            Frame::End(end) => self.handle_stream_end(&end),
            Frame::Credit { id, index, amount } => self.handle_credit(id, index, amount, now),
            Frame::Cancel { id, index } => self.handle_cancel_stream(id, index, now),
            Frame::Skipped => self.budget.spend(now),
            // Seen to before.
            Frame::Call(_) | Frame::Reply { .. } | Frame::Data { .. } => Ok(()),
        }
    }

    fn handle_hello(&mut self, hello: Box<Hello>, now: Instant) -> Result<(), Breach> {
        let credit = hello.credit;
        self.peer = Some(hello);
        self.credit_all(credit);
        self.send_queued(now);
        Ok(())
    }

    fn handle_chunk(&mut self, id: u64, index: u16, bytes: &[u8], now: Instant) -> Result<(), Breach> {
        match self.assembly.handle_chunk(id, index, bytes)? {
            Progress::More => Ok(()),
            Progress::Complete(message) if index > 0 => {
                self.finish_item(id, index, &message);
                Ok(())
            }
            Progress::Complete(message) if self.is_own(id) => {
                self.finish_answer(id, message, now);
                Ok(())
            }
            Progress::Complete(message) => {
                self.finish_call(id, message);
                Ok(())
            }
            Progress::Over { last } => {
                let is_free = bytes.len() >= LONG_CHUNK || self.is_own(id) && self.is_cancelled(id);
                if index > 0 {
                    // The stream goes on, or is ended by its END.
                } else if last && self.is_own(id) {
                    self.finish_read_over_answer(id, now);
                } else if last {
                    self.finish_read_over_call(id);
                }
                if is_free { Ok(()) } else { self.budget.spend(now) }
            }
        }
    }
}

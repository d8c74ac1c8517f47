//! What is written next: what is queued, then what has its turn.

use std::time::Instant;

use super::sender::Put;
use super::{Queue, Session, Waits};
use crate::frame::{Breach, EARLY_FRAME, HEADER, Reason};

/// How much is queued for writing before chunks of large messages wait for their turn, in bytes. It bounds how long a
/// small message waits behind large ones.
const WRITE_AHEAD: usize = 128 * 1024;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Whether there is something to write.
    pub(crate) fn has_output(&self) -> bool {
        self.outbox.has_queued() || self.done > 0 || !self.sender.is_idle() || self.must_conclude()
    }

    /// Exchanges a queue that has been written for what is to be written next. Its buffer is used again.
    pub(crate) fn poll_transmit(&mut self, written: &mut Queue, now: Instant) {
        self.put_done();
        if !self.sender.is_idle() {
            self.put_waiting(now);
        }
        if self.must_conclude() {
            self.conclude(Reason::Shutdown, "");
        }
        self.outbox.exchange(written);
    }

    /// Appends what has its turn: answers that had to wait, and chunks of long messages.
    #[inline(never)]
    fn put_waiting(&mut self, now: Instant) {
        // Chunks alone never fill the write queue, or nothing else would be sent or started beside a long message.
        let half = self.limits.write_queue / 2;
        let chunk = self.peer_frame().min(half - HEADER);
        let assembly = self.peer.as_ref().map_or(0, |peer| peer.assembly as usize);
        while self.outbox.backlog() < WRITE_AHEAD.min(half) && !self.sender.is_idle() {
            match self.sender.put_next(chunk, assembly, &mut self.outbox) {
                Put::Nothing => break,
                Put::More => {}
                Put::Finished { id, index } => {
                    self.send_queued(now);
                    if index > 0 {
                        self.finish_sent_item(id, index);
                    }
                }
                Put::Stream { id, index } => self.put_items(id, index),
            }
        }
    }

    /// Whether this end should say which calls it took, because the connection is about to end: what crosses that is
    /// then known not to be executed.
    fn must_conclude(&self) -> bool {
        self.closing.is_to_be_concluded() && self.is_idle()
    }

    /// A peer that causes output without reading it is sent away (W-39).
    pub(super) fn check_backlog(&self) -> Result<(), Breach> {
        let limit = (4 * self.limits.write_queue).max(8 * 1024 * 1024) + self.limits.write_queue;
        if self.outbox.backlog() <= limit + WRITE_AHEAD {
            return Ok(());
        }
        Err(Breach::because(
            Reason::Flood,
            format!("the peer does not read: {} bytes wait to be written", self.outbox.backlog()),
        ))
    }

    pub(super) fn peer_frame(&self) -> usize {
        self.peer.as_ref().map_or(EARLY_FRAME, |peer| peer.frame as usize).min(self.limits.frame)
    }
}

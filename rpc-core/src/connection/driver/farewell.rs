//! The end of a driver: calls end, handlers stop, and the last words are written.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt as _;

use super::reading::{READ_MIN, READS};
use super::{Driver, Turn};
use crate::connection::End;
use crate::context::now;
use crate::error::RpcError;
use crate::frame::Reason;
use crate::session::Ended;

/// How long the last words may take to be written and read.
const FAREWELL: Duration = Duration::from_secs(1);

impl Driver {
    /// The connection is over but for its last words.
    pub(super) fn finish(&mut self, end: End) {
        // Only a peer that reads what it is told gets an explanation.
        let hopeless = end.is_hopeless();
        self.end_all(end);
        self.residents.move_out();
        self.farewell = Some(if hopeless { now() } else { now() + FAREWELL });
        self.sleep.as_mut().reset((now() + FAREWELL).into());
    }

    /// Calls end, handlers stop, and whoever waits for the connection is told.
    pub(super) fn end_all(&mut self, end: End) {
        let shared = Arc::clone(&self.shared);
        let mut core = shared.lock();
        self.hand_back(&mut core);
        // A program that ends without a word, and leaves nothing open, has not done anything wrong.
        let good = match &end {
            End::Finished => true,
            End::Eof { within_frame } => self.greeted && !within_frame && core.session.is_idle(),
            _ => false,
        };
        if let Some(writer) = &core.writer {
            let written = writer.written();
            core.session.handle_written(written, now());
        }
        match &end {
            End::Breach(breach) => core.session.break_off(breach),
            End::NoHello(_) => core.session.conclude(Reason::Timeout, "no HELLO came"),
            End::Silent(_) => core.session.conclude(Reason::Timeout, "the peer said nothing"),
            End::Stalled(what, _) => core.session.conclude(Reason::Timeout, &format!("the peer {what}")),
            _ => {}
        }
        if end.is_hopeless() {
            core.session.handle_unwritable();
        }
        let left: Vec<_> = core.session.handlers().filter(|handler| handler.outlasts()).cloned().collect();
        let error = end.error(self.greeted).with_peer(Arc::clone(&self.shared.peer));
        core.session.handle_lost(error);
        let error = core.session.lost().map(|error| error.with_peer(Arc::clone(&self.shared.peer)));
        let error = (!good).then_some(error).flatten();
        core.over = Some(error.clone());
        self.batch.take_stream_news(&mut core);
        self.batch.take_ended(&mut core);
        for call in shared.inbox.close() {
            if let Some(outcome) = core.start(&call, now()) {
                self.batch.ended.push(Ended { caller: call, outcome });
            }
        }
        core.session.poll_stops(&mut self.batch.stops);
        drop(core);
        self.shared.note_closed();
        self.batch.notify();
        left.into_iter().for_each(|handler| self.serve.handle_left(handler.context().clone()));
        self.serve.handle_closed(error.map(RpcError::without_call).as_ref());
    }

    /// Writes as much of what is left as the transport takes.
    fn write_rest(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let mut turn = Turn::begin(now(), self.turns);
        loop {
            let writer = self.take_writer(&mut self.shared.clone().lock(), &turn);
            let Some(writer) = writer else {
                return Ok(());
            };
            self.write(cx, writer, &mut turn)?;
        }
    }

    /// Writes what is left and reads until the peer has closed too: bytes that nobody reads would make the system tell
    /// the peer that the connection was reset, and our last words with it.
    pub(super) fn poll_farewell(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        if now() >= until || self.sleep.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if !self.shut {
            if self.write_rest(cx).is_err() {
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

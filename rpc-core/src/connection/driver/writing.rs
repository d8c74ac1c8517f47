//! What goes out.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Driver, Turn};
use crate::connection::{Core, End, Writer};

/// What is left to be seen to after something was written.
pub(super) enum After {
    Work,
    Nothing,
    /// Both sides are done.
    Goodbye,
}

impl Driver {
    /// Writes what callers and handlers have left while the driver let them run.
    pub(super) fn write_left(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> Result<(), End> {
        self.gathering = false;
        let shared = Arc::clone(&self.shared);
        let mut core = shared.lock();
        self.take_in(&mut core, turn.now);
        let writer = self.take_writer(&mut core, turn);
        drop(core);
        if let Some(writer) = writer {
            self.write(cx, writer, turn)?;
        }
        Ok(())
    }

    /// The writer, if it has something to write and the transport takes it.
    pub(super) fn take_writer(&mut self, core: &mut Core, turn: &Turn) -> Option<Writer> {
        let Core { writer: place, session, .. } = core;
        let writer = place.as_mut()?;
        if writer.is_empty() {
            if !session.has_output() {
                self.writing_since = None;
                return None;
            }
            writer.refill(|written| session.poll_transmit(written, turn.now));
        }
        if turn.blocked { None } else { place.take() }
    }

    /// Writes, and puts the writer back.
    pub(super) fn write(&mut self, cx: &mut Context<'_>, mut writer: Writer, turn: &mut Turn) -> Result<After, End> {
        let before = writer.written();
        let result = writer.poll_write(cx);
        let written = writer.written();
        turn.written += (written - before) as usize;
        let mut core = self.shared.lock();
        core.session.handle_written(written, turn.now);
        core.writer = Some(writer);
        match result {
            Poll::Ready(Ok(())) if core.has_work() => Ok(After::Work),
            Poll::Ready(Ok(())) => {
                self.writing_since = None;
                Ok(if is_finished(&core) { After::Goodbye } else { After::Nothing })
            }
            Poll::Ready(Err(error)) => Err(End::Io(error)),
            Poll::Pending => {
                turn.blocked = true;
                if written > before || self.writing_since.is_none() {
                    self.writing_since = Some(crate::context::now());
                }
                Ok(After::Work)
            }
        }
    }
}

/// Whether both sides are done, and all is written.
pub(super) fn is_finished(core: &Core) -> bool {
    core.session.is_finished() && core.is_written()
}

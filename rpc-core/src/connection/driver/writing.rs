//! What goes out.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::Driver;
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
    pub(super) fn write_left(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), End> {
        self.gathering = false;
        let shared = Arc::clone(&self.shared);
        let mut core = shared.lock();
        self.take_in(&mut core, now);
        let writer = self.take_writer(&mut core, now);
        drop(core);
        if let Some(writer) = writer {
            self.write(cx, writer, now)?;
        }
        Ok(())
    }

    /// The writer, if it has something to write and the transport takes it.
    pub(super) fn take_writer(&mut self, core: &mut Core, now: Instant) -> Option<Writer> {
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
    pub(super) fn write(&mut self, cx: &mut Context<'_>, mut writer: Writer, now: Instant) -> Result<After, End> {
        let before = writer.written();
        let result = writer.poll_write(cx);
        let written = writer.written();
        self.stint += (written - before) as usize;
        let mut core = self.shared.lock();
        core.session.handle_written(written, now);
        core.writer = Some(writer);
        match result {
            Poll::Ready(Ok(())) if core.has_work() => Ok(After::Work),
            Poll::Ready(Ok(())) => {
                self.writing_since = None;
                Ok(if is_finished(&core) { After::Goodbye } else { After::Nothing })
            }
            Poll::Ready(Err(error)) => Err(End::Io(error)),
            Poll::Pending => {
                self.blocked = true;
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
    core.session.is_finished() && !core.session.has_output() && core.writer.as_ref().is_some_and(Writer::is_empty)
}

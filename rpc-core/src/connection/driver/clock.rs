//! What is due, and when the driver must look again.

use std::future::Future as _;
use std::task::Context;
use std::time::Instant;

use super::{Driver, Turn};
use crate::connection::{Core, End, Wish};
use crate::frame::Reason;
use crate::session::Verdict;

impl Driver {
    /// Ends what is due, and says what is due next.
    pub(super) fn heed_clock(&mut self, core: &mut Core, turn: &Turn) -> Result<Option<Instant>, End> {
        let now = turn.now;
        // In most turns there is nothing but what the session looks after.
        let own = if self.has_dues() { self.heed_dues(core, turn)? } else { None };
        let armed = self.armed(now);
        let mut timeout = core.session.poll_timeout_before(armed);
        if timeout.is_some_and(|due| due <= now) {
            self.heed_timeout(core, now)?;
            timeout = core.session.poll_timeout();
        }
        self.batch.take_stream_news(core);
        self.batch.take_ended(core);
        core.session.poll_stops(&mut self.batch.stops);
        let due = earlier(own, timeout);
        // An earlier time is left as it is: see `arm`.
        core.timer = earlier(armed, due);
        Ok(due)
    }

    /// Ends what is due in the session.
    #[cold]
    fn heed_timeout(&mut self, core: &mut Core, now: Instant) -> Result<(), End> {
        match core.session.verdict(now) {
            Some(Verdict::Silent) => return Err(End::Silent(self.limits.keepalive_timeout)),
            Some(Verdict::Idle) => core.session.retire(),
            None => {}
        }
        core.session.handle_timeout(now);
        Ok(())
    }

    fn has_dues(&self) -> bool {
        !self.greeted
            || self.reading_since.is_some()
            || self.writing_since.is_some()
            || self.conclude_at.is_some()
            || self.expires.is_some()
    }

    /// The same for what the session knows nothing of.
    #[cold]
    fn heed_dues(&mut self, core: &mut Core, turn: &Turn) -> Result<Option<Instant>, End> {
        let now = turn.now;
        if !self.greeted && self.handshake <= now {
            return Err(End::NoHello(self.limits.handshake));
        }
        let stall = self.limits.stall;
        let reading = self.reading_since.map(|since| since + stall);
        let writing = self.writing_since.map(|since| since + stall);
        // Only where the transport has been tried once more: it may be this end that had no time.
        if turn.blocked && writing.is_some_and(|due| due <= now) {
            return Err(End::Stalled("has taken nothing of what was written", stall));
        }
        if reading.is_some_and(|due| due <= now) {
            return Err(End::Stalled("left a frame half sent", stall));
        }
        if self.conclude_at.is_some_and(|due| due <= now) {
            core.session.conclude(Reason::Shutdown, "");
        }
        if self.expires.is_some_and(|due| due <= now) {
            self.expires = None;
            core.wish = core.wish.max(Wish::Drain);
            self.heed_wish(core, now)?;
        }
        let conclude_at = self.conclude_at.filter(|due| *due > now);
        let handshake = (!self.greeted).then_some(self.handshake);
        Ok([reading, writing, handshake, conclude_at, self.expires].into_iter().flatten().min())
    }

    /// When the timer fires, where it is set.
    fn armed(&self, now: Instant) -> Option<Instant> {
        Some(self.sleep.deadline().into_std()).filter(|set| now < *set && !self.sleep.is_elapsed())
    }

    pub(super) fn arm(&mut self, cx: &mut Context<'_>, due: Option<Instant>, now: Instant) {
        let Some(due) = due else {
            return;
        };
        // Later is left as it is: the timer then fires once for nothing, instead of being moved for every call.
        if self.armed(now).is_some_and(|set| set <= due) {
            return;
        }
        self.sleep.as_mut().reset(due.into());
        if self.sleep.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

use std::time::Duration;

use super::watch::require;
use super::{Flaw, Time};
use crate::limits::Limits;

/// The rules of silence for one end, judged from outside: by when bytes came, and by what it said.
#[derive(Debug)]
pub(super) struct Pulse {
    keepalive: Time,
    timeout: Time,
    idle: Time,
    /// It closes a connection on which no call is open.
    closes: bool,
    /// When bytes came last.
    heard: Option<Time>,
    /// When the peer was asked, where nothing has come since.
    asked: Option<Time>,
    /// When bytes came last while a call was open, or a call did.
    used: Option<Time>,
    /// Whether no call is open, and since when that is so.
    is_idle: bool,
    since: Time,
}

/// A history is over when nothing is due for so long.
pub(super) const HORIZON: Time = 24 * 3_600_000_000;
/// How late the timers of a lazy driver may be.
const LATE: Time = 1_000;

impl Pulse {
    pub(super) fn new(limits: &Limits, closes: bool) -> Self {
        let micros = |duration: Duration| duration.as_micros() as Time;
        Self {
            keepalive: micros(limits.keepalive),
            timeout: micros(limits.keepalive_timeout),
            idle: micros(limits.idle),
            closes,
            heard: None,
            asked: None,
            used: None,
            is_idle: true,
            since: 0,
        }
    }

    /// Bytes have come.
    pub(super) fn hear(&mut self, now: Time) {
        self.heard = Some(now);
        self.asked = None;
        if !self.is_idle || self.used.is_none() {
            self.used = Some(now);
        }
    }

    /// The peer makes a call.
    pub(super) fn hear_call(&mut self, now: Time) {
        self.used = Some(now);
    }

    /// What is so from now on.
    pub(super) fn note(&mut self, is_idle: bool, now: Time) {
        if self.is_idle != is_idle {
            self.is_idle = is_idle;
            self.since = now;
        }
    }

    /// The end asks its peer whether it is there.
    pub(super) fn ask(&mut self, now: Time) -> Result<(), Flaw> {
        require(self.asked.is_none(), || format!("the peer is asked twice in a row: {self:?}"))?;
        require(self.is_silent(now), || format!("the peer is asked too early: {self:?}"))?;
        require(!self.closes || !self.is_idle, || format!("a client asks on an idle connection: {self:?}"))?;
        self.asked = Some(now);
        Ok(())
    }

    /// The end gives up its peer.
    pub(super) fn give_up(&self, now: Time) -> Result<(), Flaw> {
        let has_waited = self.asked.is_some_and(|asked| now >= asked + self.timeout);
        require(has_waited, || format!("the peer is given up too early: {self:?}"))
    }

    /// The end closes a connection that nobody needs.
    pub(super) fn close(&self, now: Time) -> Result<(), Flaw> {
        let may_close = self.closes && self.is_idle && self.asked.is_none() && self.is_silent(now);
        require(may_close, || format!("the connection is closed for being idle: {self:?}"))
    }

    /// Nothing has been put off.
    pub(super) fn check(&self, now: Time) -> Result<(), Flaw> {
        require(self.due().is_none_or(|due| now <= due + LATE), || format!("nothing comes of the silence: {self:?}"))
    }

    /// Whether its peer may be given up although nothing is wrong with it, since it is waited for so shortly.
    pub(super) fn is_hasty(&self) -> bool {
        self.timeout < 10_000_000
    }

    /// Whether something comes of the silence, sooner or later.
    pub(super) fn is_pending(&self) -> bool {
        self.due().is_some_and(|due| due < HORIZON)
    }

    /// When something comes of the silence.
    fn due(&self) -> Option<Time> {
        match self.asked {
            Some(asked) => Some(asked + self.timeout),
            None => Some(self.since.max(self.patient_until()?)),
        }
    }

    fn is_silent(&self, now: Time) -> bool {
        self.patient_until().is_some_and(|until| now >= until)
    }

    /// Whatever an idle connection carries does not make it one that somebody needs.
    fn patient_until(&self) -> Option<Time> {
        match self.is_idle {
            true if self.closes => Some(self.used? + self.idle),
            true => Some(self.heard? + self.idle),
            false => Some(self.heard? + self.keepalive),
        }
    }
}

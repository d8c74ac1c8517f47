//! Whether the peer is still there, and whether the connection is still of use.

use std::time::Instant;

use super::{Role, Session, Waits};
use crate::frame::put_ping;

/// The token of the PINGs that ask whether the peer is there.
const THERE: [u8; 8] = *b"there?\0\0";

/// What has been heard of the peer.
#[derive(Debug, Default)]
pub(super) struct Keepalive {
    /// When something came last.
    heard: Option<Instant>,
    /// When the peer was asked, where it has said nothing since.
    asked: Option<Instant>,
    /// When a call was open last, as far as what came shows: a PING and its PONG keep no connection in use.
    used: Option<Instant>,
}

/// What is to be done about a connection on which nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The peer was asked, and has said nothing: it is to be given up.
    Silent,
    /// No call has been open for long: it is to be closed.
    Idle,
}

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Something came from the peer, whatever it was.
    pub(crate) fn handle_heard(&mut self, now: Instant) {
        let used = self.keepalive.used.filter(|_| self.is_idle());
        self.keepalive = Keepalive { heard: Some(now), asked: None, used: used.or(Some(now)) };
    }

    /// The peer makes a call.
    pub(super) fn note_used(&mut self, now: Instant) {
        self.keepalive.used = Some(now);
    }

    /// What has come of the silence, where it is time to say so.
    pub(crate) fn verdict(&self, now: Instant) -> Option<Verdict> {
        if self.keepalive_due().is_none_or(|due| due > now) {
            return None;
        }
        match self.keepalive.asked {
            Some(_) => Some(Verdict::Silent),
            None if self.is_idle() && self.closes_when_idle() => Some(Verdict::Idle),
            None => None,
        }
    }

    /// When the silence has lasted long enough for something to be done.
    pub(super) fn keepalive_due(&self) -> Option<Instant> {
        // An end with nothing left but to write its last words has another limit for that.
        if self.closing.is_lost() || self.closing.is_over_when_idle() && self.is_idle() {
            return None;
        }
        let Keepalive { heard, asked, used } = self.keepalive;
        match asked {
            Some(asked) => Some(asked + self.limits.keepalive_timeout),
            None if self.is_idle() && self.closes_when_idle() => Some(used? + self.limits.idle),
            None if self.is_idle() => Some(heard? + self.limits.idle),
            None => Some(heard? + self.limits.keepalive),
        }
    }

    /// Whether the silence is no matter before `then`: a glance, where nearly always it has just been broken.
    pub(super) fn is_heard_until(&self, then: Instant) -> bool {
        let Keepalive { heard: Some(heard), asked: None, used: Some(used) } = self.keepalive else {
            return false;
        };
        heard.min(used) + self.limits.keepalive.min(self.limits.idle) >= then
    }

    /// Asks a peer that has said nothing for long whether it is there.
    pub(super) fn ask_if_silent(&mut self, now: Instant) {
        let is_due = self.keepalive_due().is_some_and(|due| due <= now);
        if is_due && self.verdict(now).is_none() {
            self.keepalive.asked = Some(now);
            self.outbox.put(|buffer| put_ping(buffer, THERE));
        }
    }

    /// A server does not close what its client may still want: it only asks whether that is there.
    fn closes_when_idle(&self) -> bool {
        self.role == Role::Client
    }
}

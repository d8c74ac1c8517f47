use super::pulse::HORIZON;
use super::world::{Event, World};
use super::{Flaw, Time};
use crate::frame::Reason;
use crate::session::Verdict;

/// What time does to the ends: deadlines, silence, and how long a driver waits for its peer.
impl World {
    pub(super) fn timer(&mut self, end: usize) -> Result<(), Flaw> {
        let now = self.instant(self.now);
        if self.ends[end].armed.is_none_or(|armed| armed > self.now) {
            // It was set to another time meanwhile.
            return Ok(());
        }
        self.ends[end].armed = None;
        if self.ends[end].lost || self.tamper.stops_the_clock() {
            return Ok(());
        }
        let session = &mut self.ends[end].session;
        let is_due = session.poll_timeout().is_some_and(|due| due <= now);
        let verdict = if is_due { session.verdict(now) } else { None };
        if verdict == Some(Verdict::Silent) && self.tamper.hears_ghosts() {
            session.handle_heard(now);
            return Ok(());
        }
        match self.tamper.judges(verdict) {
            Some(Verdict::Silent) => return self.give_up_peer(end),
            Some(Verdict::Idle) => self.close_idle(end)?,
            None => {}
        }
        let near = &mut self.ends[end];
        near.session.handle_timeout(now);
        let late = self.book.iter().find(|(_, record)| {
            let waits = record.end.is_none() && !record.given_up && record.caller == end;
            waits
                && record.deadline.is_some_and(|deadline| deadline <= self.now)
                && record.ticket.is_some_and(|ticket| near.session.is_waiting(ticket))
        });
        match late {
            Some((token, record)) => Err(format!("call {token} is past its deadline: {record:?}")),
            None => Ok(()),
        }
    }

    pub(super) fn arm(&mut self, end: usize) {
        let set = self.ends[end].armed.map(|armed| self.instant(armed));
        let due = self.ends[end].session.poll_timeout_before(set);
        let due = due.map(|due| due.duration_since(self.base).as_micros() as Time).filter(|due| *due < HORIZON);
        if let Some(due) = due
            && self.ends[end].armed.is_none_or(|armed| armed > due)
        {
            self.ends[end].armed = Some(due);
            let late = if self.profile.is_lazy { self.random.below(300) } else { 0 };
            self.schedule(due.max(self.now) + late, Event::Timer(end));
        }
    }

    /// The peer was asked and has said nothing: the connection is lost, and nothing more can be written.
    fn give_up_peer(&mut self, end: usize) -> Result<(), Flaw> {
        let near = &self.ends[end];
        near.pulse.give_up(self.now)?;
        if !self.was_held && !self.profile.is_lossy && !near.pulse.is_hasty() {
            return Err(format!("a peer that is there is given up: {:?}", near.pulse));
        }
        self.break_off(end, true);
        self.tally.note("peer given up");
        Ok(())
    }

    fn close_idle(&mut self, end: usize) -> Result<(), Flaw> {
        let near = &mut self.ends[end];
        near.pulse.close(self.now)?;
        near.watch.settled()?;
        self.check_oneways(end)?;
        self.ends[end].retired = true;
        self.ends[end].session.retire();
        self.tally.note("closed when idle");
        Ok(())
    }

    /// An end starts no further calls, and ends the connection with the last one.
    pub(super) fn retire(&mut self, end: usize) {
        let near = &mut self.ends[end];
        if near.lost {
            return;
        }
        near.retired = true;
        self.tally.note("retired");
        if !self.tamper.retires_nothing() {
            near.session.retire();
        }
        let is_idle = near.session.is_idle();
        if !is_idle && self.tamper.concludes_at_once() {
            near.session.conclude(Reason::Shutdown, "");
        }
        if !is_idle && self.tamper.hangs_up_at_once() {
            self.lose(end, false);
        }
    }

    /// The transport may have taken nothing for long: it is given up then.
    pub(super) fn stall(&mut self, end: usize, written: u64) {
        let near = &self.ends[end];
        if !near.lost && near.written == written && !near.pending.is_empty() {
            self.break_off(end, true);
            self.tally.note("stalled");
        }
    }

    /// The peer should have said HELLO by now.
    pub(super) fn expect_hello(&mut self, end: usize) {
        let near = &self.ends[end];
        if !near.lost && near.session.peer().is_none() {
            self.break_off(end, false);
            self.tally.note("no HELLO");
        }
    }

    /// A driver gives up the connection.
    fn break_off(&mut self, end: usize, unwritable: bool) {
        self.profile.is_lossy = true;
        self.ends[end].is_closing = true;
        self.ends[end].session.conclude(Reason::Timeout, "");
        self.lose(end, unwritable);
    }
}

use super::Flaw;
use super::watch::flaw_of;
use super::world::{Event, World};
use crate::code::Code;
use crate::error::RpcError;
use crate::frame::Frame;
use crate::session::{Ended, Queue};

/// What the drivers of the ends do: read, write, poll, see to the end.
impl World {
    /// One turn of an end's driver: it polls until there is nothing.
    pub(super) fn turn(&mut self, end: usize) -> Result<(), Flaw> {
        loop {
            self.open_streams(end)?;
            self.hand_out_streams(end)?;
            while let Some((id, stop)) = self.ends[end].session.poll_stop() {
                self.stop_handler(end, id, stop)?;
            }
            let mut ended = Vec::new();
            self.ends[end].session.poll_told(&mut ended);
            self.ends[end].session.poll_ended(&mut ended);
            for Ended { caller: token, outcome } in ended {
                if self.book[token].outcome.replace(outcome).is_some() {
                    return Err(format!("call {token} has ended twice"));
                }
                match self.profile.is_lazy && self.random.percent(30) {
                    true => self.soon(2_000, Event::Take(end, token)),
                    false => self.take_outcome(end, token)?,
                }
            }
            if self.ends[end].session.has_ready() {
                match self.profile.is_lazy && self.random.percent(50) {
                    true => self.soon(300, Event::Start(end)),
                    false => self.start_calls(end)?,
                }
            }
            if !self.transmit(end)? && !self.ends[end].session.has_news() {
                break;
            }
        }
        self.arm(end);
        self.check_end(end)
    }

    /// Takes what is to be written at once, so that it is judged by what had come when it was said.
    fn transmit(&mut self, end: usize) -> Result<bool, Flaw> {
        let now = self.instant(self.now);
        let near = &mut self.ends[end];
        if near.shut || !near.session.has_output() {
            return Ok(false);
        }
        let mut queue = Queue::default();
        near.session.poll_transmit(&mut queue, now);
        if queue.is_empty() {
            return Ok(false);
        }
        let taken = near.take(&queue, self.now)?;
        if taken.asks {
            self.tally.note("asked");
        }
        for called in taken.calls {
            let record = &mut self.book[called.token];
            if record.unsendable || record.sent.is_some() {
                return Err(format!("{called:?} must not be: {record:?}"));
            }
            record.sent = Some(called);
        }
        if !near.pending.is_empty() && !near.is_writing {
            near.is_writing = true;
            self.schedule(self.now, Event::Write(end));
        }
        Ok(true)
    }

    pub(super) fn write(&mut self, end: usize) -> Result<(), Flaw> {
        let now = self.instant(self.now);
        let near = &mut self.ends[end];
        near.is_writing = false;
        let room = self.wires[end].room().min(near.pending.len());
        if room == 0 {
            let (written, stall) = (near.written, near.limits.stall.as_micros() as u64);
            if self.was_held {
                self.schedule(self.now + stall, Event::Stall(end, written));
            }
            return Ok(());
        }
        let count = match self.random.below(10) {
            0 | 1 => self.random.between(1, 40),
            2 | 3 => self.random.between(1, 4_000),
            _ => u64::MAX,
        };
        let bytes = near.pending.split_to(room.min(count as usize)).freeze();
        near.written += bytes.len() as u64;
        if !self.tamper.hides_writing() {
            near.session.handle_written(near.written, now);
        }
        let arrives = self.wires[end].accept(bytes, self.now, &mut self.random);
        while let Some((position, token)) = near.positions.front().copied().filter(|(at, _)| *at < near.written) {
            near.positions.pop_front();
            if self.book[token].unsendable {
                return Err(format!("call {token} left at {position} after all: {:?}", self.book[token]));
            }
        }
        if let Some(time) = arrives {
            self.schedule(time, Event::Read(1 - end));
        }
        let near = &mut self.ends[end];
        if !near.pending.is_empty() {
            near.is_writing = true;
            self.soon(50, Event::Write(end));
        }
        Ok(())
    }

    pub(super) fn read(&mut self, end: usize) -> Result<(), Flaw> {
        let from = 1 - end;
        while let Some(bytes) = self.wires[from].deliver(self.now) {
            if !self.ends[end].lost {
                self.hear(end);
                let [one, two] = &mut self.ends;
                self.tamper.take_in(end, &bytes, [&mut one.inbox, &mut two.inbox]);
            }
        }
        let far = &mut self.ends[from];
        if !far.pending.is_empty() && !far.is_writing {
            far.is_writing = true;
            self.schedule(self.now, Event::Write(from));
        }
        while !self.ends[end].lost {
            let near = &mut self.ends[end];
            let frame = near.decoder.decode(&mut near.inbox).map_err(|breach| flaw_of(&breach))?;
            match frame {
                Some(frame) => self.take_in(end, frame)?,
                None => break,
            }
        }
        if self.wires[from].is_at_end() {
            self.soon(100, Event::Lost(end));
        }
        Ok(())
    }

    /// Something has come, whatever it is.
    fn hear(&mut self, end: usize) {
        let now = self.instant(self.now);
        self.ends[end].pulse.hear(self.now);
        if !self.tamper.is_deaf() {
            self.ends[end].session.handle_heard(now);
        }
    }

    fn take_in(&mut self, end: usize, frame: Frame) -> Result<(), Flaw> {
        let now = self.instant(self.now);
        let near = &mut self.ends[end];
        near.watch.received(&frame);
        if matches!(frame, Frame::Call(_)) {
            near.pulse.hear_call(self.now);
        }
        if matches!(frame, Frame::Call(_)) && near.session.serving() >= near.limits.calls {
            return Err("an honest peer has passed the slots".to_owned());
        }
        near.session.handle_frame(frame, now).map_err(|breach| flaw_of(&breach))?;
        self.transmit(end)?;
        Ok(())
    }

    /// Closes an end that has nothing left to do, or to say.
    fn check_end(&mut self, end: usize) -> Result<(), Flaw> {
        let near = &self.ends[end];
        let serving = near.session.serving();
        if serving > near.limits.calls {
            return Err(format!("{serving} calls are open at their callee"));
        }
        if near.shut || !near.is_drained() {
            return Ok(());
        }
        if !near.lost && near.session.is_finished() {
            near.check_finished()?;
            self.tally.note(if near.retired { "finished, retired" } else { "finished" });
            self.lose(end, false);
        }
        if self.ends[end].lost {
            self.ends[end].shut = true;
            self.wires[end].end();
            if self.wires[end].is_at_end() {
                self.schedule(self.now, Event::Lost(1 - end));
            }
        }
        Ok(())
    }

    pub(super) fn lose_what_was_cut(&mut self, end: usize) {
        if self.ends[end].lost {
            return;
        }
        // Where the peer has only closed its side, some drivers still write what they have.
        let takes_more = !self.wires[end].is_broken() && self.random.percent(50);
        self.lose(end, !takes_more);
    }

    pub(super) fn lose(&mut self, end: usize, unwritable: bool) {
        let near = &mut self.ends[end];
        near.lost = true;
        near.unwritable = unwritable;
        if unwritable {
            near.session.handle_unwritable();
            near.pending.clear();
            near.positions.clear();
        }
        near.session.handle_lost(RpcError::new(Code::Unavailable, "the connection is gone"));
    }
}

use super::book::{Ended, Given, NAMED, Plan, REFUSED, Reaction, Record, STATUS, body, is_body};
use super::course::Reading;
use super::end::Running;
use super::world::{Event, World};
use super::{Flaw, Time};
use crate::code::Code;
use crate::error::Delivery;
use crate::session::calls::Wire;
use crate::session::{Answer, Incoming, Outcome, Outgoing, Refusal, RequestId, Stop};

/// What applications do with their ends: call, wait, give up, answer.
impl World {
    /// The application makes some calls, and comes back later.
    pub(super) fn act(&mut self, end: usize) -> Result<(), Flaw> {
        let Some((count, again)) = self.profile.next_act(end, &mut self.random) else {
            return Ok(());
        };
        for _ in 0..count {
            self.call(end)?;
        }
        if self.ends[end].lost {
            return Ok(());
        }
        self.schedule(self.now + again, Event::Act(end));
        Ok(())
    }

    fn call(&mut self, end: usize) -> Result<(), Flaw> {
        let record = self.new_call(end);
        let (streams, reads) = (record.streams.len() as u16, record.answer.is_some());
        let is_never_read = record.answer.as_ref().is_some_and(|course| course.reading == Reading::Never);
        let may_wait_for_ever = record.deadline.is_none() && (record.plan.takes.is_none() || is_never_read);
        let patience = (may_wait_for_ever || self.random.percent(20)).then(|| self.random.below(20_000));
        let (oneway, len, deadline) = (record.oneway, record.len, record.deadline);
        let token = self.book.add(record);
        let record = &self.book[token];
        let outgoing = Outgoing {
            service: token as u32,
            method: 0,
            codec: 0,
            oneway,
            streams,
            reads,
            attempt: record.attempt,
            window: self.profile.window(&mut self.random),
            deadline: deadline.map(|deadline| self.instant(deadline)),
            request: record.request.map(Box::new),
            metadata: None,
            message: body(token, len),
        };
        let now = self.instant(self.now);
        let near = &mut self.ends[end];
        match near.session.start(&outgoing, token, now) {
            Ok(_) if near.retired => return Err(format!("call {token} is started by an end that has retired")),
            Err(error) => self.end_call(end, token, &Outcome::Failed(error))?,
            Ok(None) => self.end_call(end, token, &Outcome::Sent)?,
            Ok(ticket) => self.book[token].ticket = ticket,
        }
        if let Some(patience) = patience {
            self.schedule(self.now + patience, Event::GiveUp(end, token));
        }
        Ok(())
    }

    fn new_call(&mut self, end: usize) -> Record {
        let random = &mut self.random;
        let len = self.profile.message(1 - end, random);
        let answer = match random.below(10) {
            0 => Reaction::Status(random.pick(&[None, Some(0), Some(250), Some(u32::MAX)])),
            1 => Reaction::Refuse,
            2 => Reaction::Typed(self.profile.message(end, random)),
            _ => Reaction::Reply(self.profile.message(end, random)),
        };
        let takes = match random.below(10) {
            0..4 => Some(0),
            4..8 => Some(self.profile.takes(random)),
            _ => None,
        };
        let oneway = random.percent(12);
        let (streams, stream, waits) = if oneway { (Vec::new(), None, false) } else { self.profile.streams(random) };
        let has_streams = !streams.is_empty() || stream.is_some();
        let random = &mut self.random;
        let listens = takes.is_none() || stream.is_some() || waits || random.percent(70);
        let attempt = if random.percent(25) { random.between(1, 3) as u32 } else { 0 };
        let number = self.book.iter().len() as u64 + 1;
        let instance = [if attempt > 0 { 9 } else { 0 }; 16];
        let request = (!oneway && !has_streams && random.percent(30)).then_some(RequestId { number, instance });
        let answer = if request.is_some() && random.percent(20) { Reaction::Unknown } else { answer };
        let plan = Plan { answer, takes, stops_within: listens.then(|| random.pick(&[0, 100, 5_000])) };
        let has_deadline = random.percent(30);
        let within: Time = random.pick(&[0, 300, 3_000, 20_000, 20_000]);
        Record {
            caller: end,
            oneway,
            len,
            attempt,
            request,
            is_behind: self.ends[end].retired,
            // Nobody can give up a one-way call that is sent, so a handler that never ends needs a deadline.
            deadline: (has_deadline || oneway && takes.is_none()).then(|| self.now + random.below(within + 1)),
            plan,
            streams,
            answer: stream,
            waits,
            ticket: None,
            outcome: None,
            given_up: false,
            unsendable: false,
            sent: None,
            starts: 0,
            given: None,
            end: None,
        }
    }

    pub(super) fn take_outcome(&mut self, end: usize, token: usize) -> Result<(), Flaw> {
        let Some(ticket) = self.book[token].ticket else {
            return Err(format!("call {token} was woken before it was started"));
        };
        if self.book[token].given_up || self.tamper.loses_outcome() {
            return Ok(());
        }
        if self.random.percent(5) {
            self.ends[end].session.abandon(ticket);
            self.book[token].given_up = true;
            return Ok(());
        }
        let outcome =
            self.book[token].outcome.take().ok_or_else(|| format!("call {token} has ended without an outcome"))?;
        self.end_call(end, token, &outcome)
    }

    fn end_call(&mut self, end: usize, token: usize, outcome: &Outcome) -> Result<(), Flaw> {
        let mut at = self.circumstances(end);
        // Whoever has retired makes no calls.
        at.closing |= self.book[token].is_behind;
        at.overloaded = matches!(outcome, Outcome::Failed(error) if error.message().contains("wait to be started"));
        let ended = self.book.end(token, outcome, at)?;
        self.abandoned |= self.book[token].is_abandoned();
        self.tally.note(match ended {
            Ended::Answered => "answered",
            Ended::Sent => "sent one way",
            Ended::Failed(_, Code::ResourceExhausted) => "too long",
            Ended::Failed(Delivery::NotSent, Code::DeadlineExceeded) => "late, not sent",
            Ended::Failed(Delivery::NotSent, _) => "not sent",
            Ended::Failed(Delivery::NotExecuted, Code::DeadlineExceeded) => "late, not executed",
            Ended::Failed(Delivery::NotExecuted, REFUSED) => "refused",
            Ended::Failed(Delivery::NotExecuted, _) => "not executed",
            Ended::Failed(Delivery::Executed, STATUS) => "status",
            Ended::Failed(Delivery::Executed, Code::DeadlineExceeded) => "late, executed",
            Ended::Failed(Delivery::Executed, _) => "forced to stop",
            Ended::Failed(Delivery::Unknown, Code::DeadlineExceeded) => "late, unknown",
            Ended::Failed(Delivery::Unknown, Code::Aborted) => "unknown whether it ran before",
            Ended::Failed(..) => "unknown",
        });
        Ok(())
    }

    pub(super) fn give_up(&mut self, end: usize, token: usize) {
        let record = &mut self.book[token];
        let (Some(ticket), None, false) = (record.ticket, record.end, record.given_up) else {
            return;
        };
        let session = &mut self.ends[end].session;
        if session.calls.get_mut(ticket).is_some_and(|entry| matches!(entry.wire, Wire::Queued(_))) {
            record.unsendable = true;
            self.tally.note("given up unsent");
        } else {
            self.tally.note("given up");
        }
        record.given_up = true;
        self.abandoned = true;
        session.abandon(ticket);
    }

    pub(super) fn start_calls(&mut self, end: usize) -> Result<(), Flaw> {
        let now = self.instant(self.now);
        while let Some(incoming) = self.ends[end].session.poll_call(now) {
            let near = &self.ends[end];
            if near.pending.len() >= near.limits.write_queue {
                return Err("a call is started while the write queue is full".to_owned());
            }
            self.begin(end, &incoming)?;
        }
        Ok(())
    }

    fn begin(&mut self, end: usize, incoming: &Incoming) -> Result<(), Flaw> {
        let (token, id, now) = (incoming.service as usize, incoming.id, self.instant(self.now));
        let deadline = self.book[token].deadline.map(|deadline| self.instant(deadline));
        let record = &mut self.book[token];
        let is_genuine = record.caller != end
            && is_body(&incoming.body, token, record.len)
            && usize::from(incoming.streams) == record.streams.len()
            && incoming.reads == record.answer.is_some()
            && incoming.attempt == record.attempt
            && incoming.request.as_deref() == record.request.as_ref()
            && incoming.deadline.is_some() == deadline.is_some()
            && incoming.deadline >= deadline;
        if !is_genuine {
            return Err(format!("nobody made this call: {incoming:.200?} {record:?}"));
        }
        if incoming.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(format!("call {token} is started too late: {record:?}"));
        }
        if !record.plan.answer.is_of_handler() {
            self.answer(end, id, token, Given::Planned);
            return Ok(());
        }
        record.starts += 1;
        if record.starts > 1 {
            return Err(format!("call {token} was started twice"));
        }
        if self.tamper.runs_nothing() {
            record.starts -= 1;
        }
        let (takes, ends_with_streams) = (record.plan.takes, record.ends_with_streams());
        if takes == Some(0) && !ends_with_streams {
            self.answer(end, id, token, Given::Planned);
            return Ok(());
        }
        self.ends[end].running.insert(id, Running { token, told: None, forced: false });
        self.attach_streams(end, id, token);
        if let Some(takes) = takes
            && !ends_with_streams
        {
            self.schedule(self.now + takes, Event::HandlerEnds(end, id));
        }
        if self.profile.is_lazy && self.random.percent(30) {
            self.soon(1_000, Event::Attach(end, id));
            return Ok(());
        }
        self.attach(end, id)
    }

    pub(super) fn attach(&mut self, end: usize, id: u64) -> Result<(), Flaw> {
        match self.ends[end].session.attach(id, id) {
            Some((id, stop)) => self.stop_handler(end, id, stop),
            None => Ok(()),
        }
    }

    /// A handler is told to stop: there must be a reason.
    pub(super) fn stop_handler(&mut self, end: usize, id: u64, stop: Stop) -> Result<(), Flaw> {
        let near = &mut self.ends[end];
        let Some(running) = near.running.get_mut(&id) else {
            return Ok(());
        };
        let record = &self.book[running.token];
        let is_late = record.deadline.is_some_and(|deadline| deadline <= self.now);
        let has_reason = match stop {
            Stop::Cancelled => record.given_up || is_late,
            Stop::DeadlineExceeded => is_late,
            Stop::Lost => near.lost,
            Stop::Forced => near.forced,
        };
        // Only the end of all is told to one that was told before, and once.
        let is_news = running.told.is_none() || (stop == Stop::Forced && !running.forced);
        if !has_reason || !is_news {
            return Err(format!("the handler of call {} is told to stop: {stop:?} {record:?}", running.token));
        }
        if self.tamper.stops_nothing() {
            return Ok(());
        }
        running.forced = stop == Stop::Forced;
        if running.told.is_some() {
            return Ok(());
        }
        running.told = Some(stop);
        self.tally.note(match stop {
            Stop::Cancelled => "stopped: cancelled",
            Stop::DeadlineExceeded => "stopped: late",
            Stop::Lost => "stopped: lost",
            Stop::Forced => "stopped: forced",
        });
        if let Some(within) = record.plan.stops_within {
            self.schedule(self.now + within, Event::HandlerStops(end, id));
        }
        Ok(())
    }

    pub(super) fn end_handler(&mut self, end: usize, id: u64, stops: bool) {
        if let Some(running) = self.ends[end].running.remove(&id) {
            let given = if stops { Given::Stopped(running.told) } else { Given::Planned };
            self.answer(end, id, running.token, given);
            self.leave_readers(end, id, running.token);
        }
    }

    fn answer(&mut self, end: usize, id: u64, token: usize, given: Given) {
        let record = &mut self.book[token];
        record.given = Some(given);
        let answer = match (given, record.plan.answer) {
            (Given::Stopped(_), _) => Answer::Stopped,
            (_, Reaction::Reply(_)) if record.answer.is_some() => Answer::Finished { metadata: None },
            (_, Reaction::Reply(len)) => Answer::Reply { metadata: None, message: body(token, len) },
            (_, Reaction::Typed(len)) => Answer::Typed { metadata: None, message: body(token, len) },
            (_, Reaction::Status(push_back)) => {
                Answer::Status { code: STATUS, message: "no".to_owned(), metadata: None, push_back }
            }
            (_, Reaction::Refuse) => Answer::Refused(Refusal::new(REFUSED, "nobody is here")),
            (_, Reaction::Unknown) => Answer::Unknown("nobody knows".to_owned()),
        };
        if !self.tamper.answers_nothing() {
            self.ends[end].session.reply(id, answer);
        }
    }
}

/// The shortest message there is.
pub(super) const SHORTEST: usize = NAMED;

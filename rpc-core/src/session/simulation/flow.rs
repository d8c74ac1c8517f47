use super::Flaw;
use super::book::{Record, STATUS};
use super::course::{Course, Named, Reading, item};
use super::world::{Event, World};
use crate::code::Code;
use crate::session::{Arrived, Batch, Grant, Item};

/// A producer is lent no more than this.
const AHEAD: i64 = 64 * 1024;

/// What those do who make and read the items of streams, and the part of the drivers in it.
impl World {
    /// Ties the calls that have been sent to their streams.
    pub(super) fn open_streams(&mut self, end: usize) -> Result<(), Flaw> {
        while let Some((token, id)) = self.ends[end].session.poll_opened() {
            if self.tokens.insert(id, token).is_some() {
                return Err(format!("call {token} was opened twice"));
            }
            if self.ends[end].session.streams.get_mut(id).is_none() {
                // It has ended in this very turn: who makes its streams knows that from the call.
                continue;
            }
            self.ends[end].session.attach_streams(id, id);
            let record = &mut self.book[token];
            let count = record.streams.len() as u16;
            record.streams.iter_mut().for_each(|course| course.is_open = true);
            record.answer.iter_mut().for_each(|course| course.is_attached = true);
            (1..=count).for_each(|index| self.let_produce(end, id, index));
        }
        Ok(())
    }

    /// The handler of a call has its streams.
    pub(super) fn attach_streams(&mut self, end: usize, id: u64, token: usize) {
        let record = &mut self.book[token];
        if record.streams.is_empty() && record.answer.is_none() {
            return;
        }
        self.tokens.insert(id, token);
        record.streams.iter_mut().for_each(|course| course.is_attached = true);
        let answers = record.answer.is_some();
        record.answer.iter_mut().for_each(|course| course.is_open = true);
        self.ends[end].session.attach_streams(id, id);
        if answers {
            self.let_produce(end, id, 1);
        }
    }

    /// Passes on what has come of streams, and what producers may do.
    pub(super) fn hand_out_streams(&mut self, end: usize) -> Result<(), Flaw> {
        let (mut arrived, mut grants) = (Vec::new(), Vec::new());
        self.ends[end].session.poll_arrived(&mut arrived);
        self.ends[end].session.poll_grants(&mut grants);
        for arrived in arrived {
            self.deliver(end, arrived)?;
        }
        for (id, index, grant) in grants {
            self.grant(end, id, index, grant)?;
        }
        Ok(())
    }

    fn grant(&mut self, end: usize, id: u64, index: u16, grant: Grant) -> Result<(), Flaw> {
        let token = self.tokens[&id];
        let at = self.circumstances(end);
        let is_answered = !self.ends[end].watch.is_wanted(id);
        let record = &mut self.book[token];
        let is_left = record.streams.get(usize::from(index) - 1).is_some_and(|course| course.is_left);
        let has_reason =
            is_answered || record.given.is_some() || record.is_abandoned() || at.lost || at.closing || is_left;
        let has_reason =
            has_reason || record.deadline.is_some_and(|deadline| deadline <= at.now) || record.end.is_some();
        let course = record.sent_at(end, index);
        match grant {
            Grant::Stop if course.is_stopped || !has_reason => {
                return Err(format!("the producer of stream {index} of call {token} is told to stop: {record:?}"));
            }
            Grant::Stop => {
                course.is_stopped = true;
                self.tally.note("producer stopped");
            }
            Grant::Lend(amount) => {
                course.lent += amount as i64;
                let is_too_much = course.lent > AHEAD || course.lent <= 0 || course.is_stopped;
                if is_too_much {
                    return Err(format!("stream {index} of call {token} is lent {amount}: {course:?}"));
                }
                self.let_produce(end, id, index);
            }
        }
        Ok(())
    }

    fn let_produce(&mut self, end: usize, id: u64, index: u16) {
        let course = self.book[self.tokens[&id]].sent_at(end, index);
        if !std::mem::replace(&mut course.is_producing, true) {
            let within = if self.random.percent(60) { 1 } else { 2_000 };
            self.soon(within, Event::Produce(end, id, index));
        }
    }

    /// A producer makes some items, of what it was lent.
    pub(super) fn produce(&mut self, end: usize, id: u64, index: u16) {
        let token = self.tokens[&id];
        let record = &mut self.book[token];
        let answers = record.caller != end;
        let is_running = self.ends[end].running.contains_key(&id);
        let course = record.sent_at(end, index);
        course.is_producing = false;
        if course.is_stopped || course.has_ended || answers && !is_running {
            return;
        }
        let mut batch = Batch::default();
        let mut all = Vec::new();
        for _ in 0..self.random.between(1, 8) {
            if course.left == 0 || course.lent <= 0 && !self.tamper.makes_too_much() {
                break;
            }
            let len = self.profile.item(1 - end, &mut self.random);
            let bytes = item(Named { token, index, answers }, course.made.len(), len);
            let encode = |out: &mut crate::session::Output| {
                out.put(&bytes);
                Ok::<(), ()>(())
            };
            let Ok((cost, long)) = batch.push(id, index, 64, encode) else {
                break;
            };
            course.lent -= cost as i64;
            course.left -= 1;
            course.made.push(len);
            if let Some(long) = long {
                all.extend(batch.take());
                all.push(long);
            }
        }
        all.extend(batch.take());
        let session = &mut self.ends[end].session;
        all.into_iter().for_each(|items| session.send_items(id, index, items));
        if course.left > 0 {
            if course.lent > 0 {
                self.let_produce(end, id, index);
            }
            return;
        }
        course.has_ended = true;
        if answers {
            return self.end_handler_that_is_done(end, id);
        }
        let result = if course.fails { Err((STATUS, "no".to_owned())) } else { Ok(()) };
        self.ends[end].session.end_stream(id, index, result);
    }

    fn deliver(&mut self, end: usize, arrived: Arrived<u64>) -> Result<(), Flaw> {
        let Arrived { handle: id, index, mut items, end: ended, report_at } = arrived;
        let token = self.tokens[&id];
        let is_lost = self.ends[end].lost;
        let now = self.now;
        let record = &mut self.book[token];
        let stream = Named { token, index, answers: record.caller == end };
        let course = record.read_at(end, index);
        if course.end.is_some() {
            return Err(format!("{stream:?}: something comes behind the end: {course:?}"));
        }
        if !course.is_left {
            course.waiting += items.cost();
            course.report_at = report_at as usize;
            while let Some(item) = items.next() {
                if self.tamper.drops_item() {
                    continue;
                }
                match item {
                    Item::Short(bytes) => course.take(stream, bytes)?,
                    Item::Long(bytes) => course.take(stream, &bytes)?,
                }
            }
        }
        if self.random.percent(50) {
            self.ends[end].session.give_back(items);
        }
        let course = record.read_at(end, index);
        if let Some(ended) = ended {
            course.end = Some(ended.map_err(|error| error.code()));
            let is_left = course.is_left;
            let ended = record.ended_well(stream, now, is_lost)?;
            self.tally.note(if is_left { "stream left" } else { ended });
            self.end_handler_that_is_done(end, id);
        }
        let course = self.book[token].read_at(end, index);
        if course.is_left || course.is_reading || course.reading == Reading::Never {
            return Ok(());
        }
        course.is_reading = true;
        if course.reading == Reading::Lazily || self.profile.is_lazy {
            self.soon(3_000, Event::Consume(end, id, index));
            return Ok(());
        }
        self.consume(end, id, index);
        Ok(())
    }

    /// A reader looks at what has come.
    pub(super) fn consume(&mut self, end: usize, id: u64, index: u16) {
        let token = self.tokens[&id];
        let polls_again = self.random.percent(60);
        let course = self.book[token].read_at(end, index);
        course.is_reading = false;
        if course.is_over() {
            return;
        }
        if let Reading::LeavesAt(count) = course.reading
            && course.came >= count
        {
            return self.leave(end, id, index);
        }
        course.consumed += std::mem::take(&mut course.waiting);
        course.is_starved |= polls_again;
        if course.consumed >= course.report_at && !self.tamper.forgets_credit() {
            let (consumed, starved) = (std::mem::take(&mut course.consumed), std::mem::take(&mut course.is_starved));
            self.ends[end].watch.read(id, index, consumed);
            self.ends[end].session.handle_consumed(id, index, consumed, starved);
        }
    }

    fn leave(&mut self, end: usize, id: u64, index: u16) {
        let token = self.tokens[&id];
        let record = &mut self.book[token];
        record.read_at(end, index).is_left = true;
        self.tally.note("reader left");
        if record.caller == end {
            return self.give_up(end, token);
        }
        self.ends[end].session.stop_reading(id, index);
        self.end_handler_that_is_done(end, id);
    }

    /// A handler that makes a stream or waits for some ends with them.
    fn end_handler_that_is_done(&mut self, end: usize, id: u64) {
        let record = &self.book[self.tokens[&id]];
        let is_done = record.ends_with_streams()
            && record.plan.takes.is_some()
            && record.answer.as_ref().is_none_or(|course| course.has_ended)
            && (!record.waits || record.streams.iter().all(Course::is_over));
        if record.caller != end && is_done {
            self.end_handler(end, id, false);
        }
    }

    /// The readers of a call go with its handler, but for some.
    pub(super) fn leave_readers(&mut self, end: usize, id: u64, token: usize) {
        for index in 1..=self.book[token].streams.len() as u16 {
            let course = self.book[token].read_at(end, index);
            if course.is_attached && !course.is_over() && self.random.percent(70) {
                course.is_left = true;
                self.ends[end].session.stop_reading(id, index);
            }
        }
    }
}

impl Record {
    /// A stream that this end sends.
    fn sent_at(&mut self, end: usize, index: u16) -> &mut Course {
        self.course(self.caller != end, index)
    }

    /// A stream that this end reads.
    pub(super) fn read_at(&mut self, end: usize, index: u16) -> &mut Course {
        self.course(self.caller == end, index)
    }

    fn course(&mut self, answers: bool, index: u16) -> &mut Course {
        match (&mut self.answer, answers) {
            (Some(answer), true) if index == 1 => answer,
            _ => &mut self.streams[usize::from(index) - 1],
        }
    }

    /// Whether the handler goes on until streams have ended, and not for some time.
    pub(super) fn ends_with_streams(&self) -> bool {
        self.answer.is_some() || self.waits
    }

    /// The end of a stream agrees with what its producer gave, and with what had come.
    fn ended_well(&mut self, stream: Named, now: super::Time, is_lost: bool) -> Result<&'static str, Flaw> {
        let is_cancelled = self.given.is_some()
            || self.is_abandoned()
            || self.end.is_some()
            || self.deadline.is_some_and(|deadline| deadline <= now);
        let course = self.course(stream.answers, stream.index);
        let is_whole = course.has_ended && (course.is_whole() || course.is_left);
        let (fits, what) = match course.end {
            Some(Ok(())) => (is_whole && !course.fails, "stream ended well"),
            Some(Err(STATUS)) => (is_whole && course.fails, "stream failed"),
            Some(Err(Code::Cancelled)) => (is_cancelled || course.is_left, "stream cancelled"),
            Some(Err(Code::Unavailable)) => (is_lost, "stream lost"),
            _ => (false, ""),
        };
        if fits && !stream.answers { Ok(what) } else { Err(format!("{stream:?} may not end so: {course:?}")) }
    }

    /// The stream that answers has come in full, where the call was answered behind it.
    pub(super) fn has_all_items(&self) -> bool {
        self.answer.as_ref().is_none_or(|course| course.is_left || course.is_whole())
    }

    /// What must hold of its streams when all is over.
    pub(super) fn streams_settled(&self) -> Result<(), Flaw> {
        let is_left = |course: &&Course| course.is_open && !course.has_ended && !course.is_stopped;
        if let Some(course) = self.streams.iter().find(is_left) {
            return Err(format!("a producer was not told to stop: {course:?} {self:?}"));
        }
        if let Some(course) = self.streams.iter().find(|course| course.is_attached && !course.is_over()) {
            return Err(format!("a reader has heard of no end: {course:?} {self:?}"));
        }
        Ok(())
    }
}

//! Streams that this end sends: what their producers may make, what is sent, how they end.

use std::collections::VecDeque;
use std::time::Instant;

use super::answering::text as status_text;
use super::items::Items;
use super::receiving::not_there;
use super::streams::{Entry, Final, Sent, Stage};
use super::{Grant, Session, Waits};
use crate::code::Code;
use crate::frame::{Breach, Fields, Head, Ran};

/// How far a producer may be ahead of what has been written, in bytes: enough to make the next items while others are
/// written, and no more, since what is made waits in memory and before everything else.
const AHEAD: i64 = 64 * 1024;
/// The same where the producers of a connection are far ahead already, all together: as long as its peer does not read,
/// each stream that it opens costs no more than this.
const AHEAD_OF_MANY: i64 = 4 * 1024;
/// A stream's credit never passes this (W-31).
const MOST_CREDIT: i64 = i32::MAX as i64;
/// Less credit than this at a time is a frame that costs more than it brings (W-39).
const SMALL_CREDIT: u32 = 256;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Sends items that a producer has made from what it was lent. They go when they have their turn.
    pub(crate) fn send_items(&mut self, id: u64, index: u16, items: Items) {
        let Some(sent) = self.streams.sent(id, index).filter(|sent| matches!(sent.stage, Stage::Open)) else {
            return;
        };
        let cost = items.cost();
        let before = sent.ahead();
        // The last one began within what was lent, and may overdraw it.
        sent.lent -= cost as i64;
        sent.queued += cost;
        sent.queue.push_back(items);
        self.ahead += sent.ahead() - before;
        if !std::mem::replace(&mut sent.has_turn, true) {
            self.sender.add_turn(id, index);
        }
    }

    /// Ends a stream of a call that this end makes, behind its items.
    pub(crate) fn end_stream(&mut self, id: u64, index: u16, end: Result<(), (Code, String)>) {
        let (code, text) = end.map_or_else(|(code, text)| (code.number(), text), |()| (0, String::new()));
        let head = Head::End { id, index, code, ran: Ran::Yes, typed: false };
        self.end_sent(id, index, Final { head, fields: Fields::default(), message: status_text(text) });
    }

    /// What producers are lent, and which of them must stop.
    pub(crate) fn poll_grants(&mut self, into: &mut Vec<(S, u16, Grant)>) {
        if let Some(news) = &mut self.news {
            into.append(&mut news.grants);
        }
    }

    /// The calls with streams that have been sent, for [`attach_streams`](Self::attach_streams).
    pub(crate) fn poll_opened(&mut self) -> Option<(C, u64)> {
        self.news.as_mut()?.opened.pop()
    }

    /// Puts the frame that ends a stream behind its items.
    pub(super) fn end_sent(&mut self, id: u64, index: u16, last: Final) {
        let Some(sent) = self.streams.sent(id, index).filter(|sent| matches!(sent.stage, Stage::Open)) else {
            return;
        };
        sent.stage = Stage::Ending(Box::new(last));
        // What may go before the peer's HELLO has been counted without it (W-14).
        if sent.is_drained() && self.peer.is_some() {
            self.put_final(id, index);
        }
    }

    pub(super) fn handle_credit(&mut self, id: u64, index: u16, amount: u32, now: Instant) -> Result<(), Breach> {
        if amount < SMALL_CREDIT {
            self.budget.spend(now)?;
        }
        let Some(sent) = self.streams.sent(id, index) else {
            return self.handle_late(id, index, now);
        };
        if sent.credit + sent.lent + i64::from(amount) > MOST_CREDIT {
            return Err(Breach::new(format!("the credit of stream {index} of call {id} is past {MOST_CREDIT}")));
        }
        sent.credit += i64::from(amount);
        self.lend(id, index);
        Ok(())
    }

    /// The reader of a stream has gone (W-33).
    pub(super) fn handle_cancel_stream(&mut self, id: u64, index: u16, now: Instant) -> Result<(), Breach> {
        if self.streams.sent(id, index).is_none() {
            return self.handle_late(id, index, now);
        }
        if !self.is_own(id) {
            return self.handle_cancel(id, now);
        }
        if !self.stop_sent(id, index) {
            return self.budget.spend(now);
        }
        self.put_stopped(id, index, "its reader has gone");
        Ok(())
    }

    /// Says that a stream was stopped.
    pub(super) fn put_stopped(&mut self, id: u64, index: u16, why: &str) {
        let head = Head::End { id, index, code: Code::Cancelled.number(), ran: Ran::Yes, typed: false };
        self.outbox.put_message(head, &Fields::default(), &why.into());
    }

    /// A frame for a stream that is not there: it crossed the end of its call, or it is a breach.
    pub(super) fn handle_late(&mut self, id: u64, index: u16, now: Instant) -> Result<(), Breach> {
        let (last, is_open) = match self.is_own(id) {
            true => (self.last_sent, self.calls.open_mut(id).is_some()),
            // Of one that is answered, little may be kept.
            false => (self.last_seen, self.work.get_mut(id).is_some_and(|entry| !entry.is_answered())),
        };
        if id > last || is_open {
            return Err(not_there(id, index));
        }
        self.budget.spend(now)
    }

    /// Lets a producer go on, where it has credit and is not far ahead.
    pub(super) fn lend(&mut self, id: u64, index: u16) {
        let Some(Entry { handle: Some(handle), sent, .. }) = self.streams.get_mut(id) else {
            return;
        };
        let Some(sent) = sent.get_mut(usize::from(index) - 1).filter(|sent| matches!(sent.stage, Stage::Open)) else {
            return;
        };
        let is_much = self.ahead >= self.limits.assembly as i64;
        let most = if is_much { AHEAD_OF_MANY } else { AHEAD };
        let room = most - sent.ahead();
        // What was overdrawn is settled first.
        let overdrawn = (-sent.lent).max(0);
        if sent.credit <= overdrawn || room < most / 2 {
            return;
        }
        let amount = overdrawn + room.min(sent.credit - overdrawn);
        let before = sent.ahead();
        sent.credit -= amount;
        sent.lent += amount;
        self.ahead += sent.ahead() - before;
        self.news.get_or_insert_default().grants.push((handle.clone(), index, Grant::Lend(amount as usize)));
    }

    /// A stream has its turn: some of its items go, or its end.
    pub(super) fn put_items(&mut self, id: u64, index: u16) {
        let frame = self.peer_frame();
        let Some(sent) = self.streams.sent(id, index) else {
            return;
        };
        sent.has_turn = false;
        match sent.queue.pop_front() {
            Some(items) => {
                sent.queued -= items.cost();
                self.ahead -= items.cost() as i64;
                if sent.queue.is_empty() && sent.credit <= 0 {
                    // Perhaps nobody reads it; there may be many such.
                    sent.queue = VecDeque::new();
                }
                match items {
                    Items::Short(frames) => self.outbox.put_bytes(&frames),
                    Items::Long(message) if message.len() <= frame => {
                        self.outbox.put_message(Head::Data { id, index }, &Fields::default(), &message);
                    }
                    Items::Long(message) => {
                        // The others wait until all of it has gone.
                        sent.has_turn = true;
                        self.sender.queue_item(id, index, message);
                    }
                }
            }
            None => return self.put_final(id, index),
        }
        self.lend(id, index);
        self.go_on(id, index);
    }

    /// All of a long item has gone.
    pub(super) fn finish_sent_item(&mut self, id: u64, index: u16) {
        if let Some(sent) = self.streams.sent(id, index) {
            sent.has_turn = false;
        }
        self.go_on(id, index);
    }

    /// What waits behind something that has gone gets its turn.
    fn go_on(&mut self, id: u64, index: u16) {
        let Some(sent) = self.streams.sent(id, index).filter(|sent| !sent.has_turn) else {
            return;
        };
        if !sent.queue.is_empty() {
            sent.has_turn = true;
            self.sender.add_turn(id, index);
        } else if matches!(sent.stage, Stage::Ending(_)) {
            self.put_final(id, index);
        }
    }

    fn put_final(&mut self, id: u64, index: u16) {
        let Some(sent) = self.streams.sent(id, index) else {
            return;
        };
        let Stage::Ending(last) = std::mem::replace(&mut sent.stage, Stage::Over) else {
            return;
        };
        let Final { head, fields, message } = *last;
        if self.is_own(id) {
            // It does not wait for room: what a CANCEL ends must not follow it (W-30).
            return self.outbox.put_message(head, &fields, &message);
        }
        // It was the call's answer.
        self.remove_answered(id);
        self.put_answer(id, head, fields, message);
    }

    /// The producer of a stream must stop, and what it made is not sent. Says whether the stream had not ended.
    pub(super) fn stop_sent(&mut self, id: u64, index: u16) -> bool {
        let Some(entry) = self.streams.get_mut(id) else {
            return false;
        };
        let handle = entry.handle.clone();
        let Some(sent) = entry.sent(index).filter(|sent| !matches!(sent.stage, Stage::Over)) else {
            return false;
        };
        self.ahead -= sent.ahead();
        *sent = Sent { stage: Stage::Over, ..Sent::new(0) };
        self.sender.forget_stream(id, index);
        let grants = handle.map(|handle| (handle, index, Grant::Stop));
        self.news.get_or_insert_default().grants.extend(grants);
        true
    }

    /// All streams that a call sends must stop. Says whether one had not ended.
    pub(super) fn stop_all_sent(&mut self, id: u64) -> bool {
        self.streams.sent_by(id).filter(|index| self.stop_sent(id, *index)).count() > 0
    }

    /// Whether items of the answer to a call of the peer wait, so that its end must wait too.
    pub(super) fn has_items_before(&mut self, id: u64) -> bool {
        self.streams.sent(id, 1).is_some_and(|sent| !sent.is_drained())
    }

    /// The peer's HELLO has come: what was waiting for the credit that it names may be sent, and ends that waited are.
    pub(super) fn credit_all(&mut self, credit: u32) {
        let mut open = Vec::new();
        for entry in self.streams.iter_mut() {
            entry.sent.iter_mut().for_each(|sent| sent.credit += i64::from(credit));
            open.extend((1..=entry.sent.len() as u16).map(|index| (entry.id, index)));
        }
        for (id, index) in open {
            self.lend(id, index);
            self.go_on(id, index);
        }
    }

    pub(super) fn new_sent(&self) -> Sent {
        Sent::new(self.peer.as_ref().map_or(0, |peer| peer.credit.into()))
    }
}

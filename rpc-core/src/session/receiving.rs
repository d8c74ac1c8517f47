//! Streams that this end reads: what has come, what may come, how they ended.

use super::items::{Packed, cost};
use super::streams::{Sent, Stage};
use super::{Arrived, News, Outcome, Session, Waits};
use crate::code::Code;
use crate::error::{Delivery, RpcError};
use crate::frame::{Body, Breach, End, Part, Piece, put_cancel, put_credit};
use crate::limits::INITIAL_CREDIT;

/// How many streams a call sends, at most (W-32).
pub(crate) const MOST_STREAMS: u16 = 16;
/// How much memory of items is kept for others, in buffers.
const SPARES: usize = 4;

impl<C: Waits, H: Clone, S: Clone> Session<C, H, S> {
    /// Keeps who is told of a call's streams.
    pub(crate) fn attach_streams(&mut self, id: u64, handle: S) {
        let Some(entry) = self.streams.get_mut(id) else {
            return;
        };
        entry.handle = Some(handle);
        let (reads, sends) = (entry.read.len() as u16, entry.sent.len() as u16);
        (1..=reads).for_each(|index| self.note(id, index));
        (1..=sends).for_each(|index| self.lend(id, index));
    }

    /// What has come of streams, and which have ended.
    pub(crate) fn poll_arrived(&mut self, into: &mut Vec<Arrived<S>>) {
        let Some(news) = &mut self.news else {
            return;
        };
        let noted = std::mem::take(&mut news.noted);
        for (id, index) in noted {
            self.hand_over(id, index);
        }
        if let Some(news) = &mut self.news {
            into.append(&mut news.arrived);
        }
    }

    /// A reader has read items that took this much of the credit. `starved` says that it has had to wait since it last
    /// said so: then the stream may have more in flight, if there is room.
    pub(crate) fn handle_consumed(&mut self, id: u64, index: u16, amount: usize, starved: bool) {
        let budget = self.limits.streams;
        let Some(read) = self.streams.read(id, index).filter(|read| !read.is_over && !read.is_unread) else {
            return;
        };
        read.owed += amount as u32;
        let more = read.window;
        if starved && more as usize <= budget.saturating_sub(self.widened) / 2 {
            self.widened += more as usize;
            read.window += more;
            read.owed += more;
        }
        if read.owed >= read.window / 2 {
            let owed = std::mem::take(&mut read.owed);
            read.credit += i64::from(owed);
            self.outbox.put(|buffer| put_credit(buffer, id, index, owed));
        }
    }

    /// Lets the stream that answers a call send so many bytes from the start, as far as there is room.
    pub(super) fn widen(&mut self, id: u64, window: u32) {
        let room = self.limits.streams.saturating_sub(self.widened);
        let more = (window.saturating_sub(INITIAL_CREDIT) as usize).min(room) as u32;
        if more == 0 {
            return;
        }
        if let Some(read) = self.streams.read(id, 1) {
            read.window += more;
            read.credit += i64::from(more);
            self.widened += more as usize;
            self.outbox.put(|buffer| put_credit(buffer, id, 1, more));
        }
    }

    /// Nobody reads a stream any more (W-33). The one that answers a call of this end goes with its call.
    pub(crate) fn stop_reading(&mut self, id: u64, index: u16) {
        if self.streams.read(id, index).is_none_or(|read| read.is_over || read.is_unread) {
            return;
        }
        self.leave_unread(id, index);
        self.outbox.put(|buffer| put_cancel(buffer, id, index));
    }

    /// Memory that whoever reads a stream does not need.
    pub(crate) fn give_back(&mut self, mut items: Packed) {
        if items.has_memory()
            && !self.streams.is_empty()
            && let Some(news) = &mut self.news
            && news.spares.len() < SPARES
        {
            items.clear();
            news.spares.push(items);
        }
    }

    #[inline(never)]
    pub(super) fn handle_data(&mut self, id: u64, index: u16, part: Part<'_>) -> Result<(), Breach> {
        let len = part.total.map_or(part.bytes.len(), |total| total as usize);
        let limit = self.limits.message;
        let Some(read) = self.streams.read(id, index) else {
            return Err(not_there(id, index));
        };
        if read.is_over {
            return Err(Breach::new(format!("an item of stream {index} of call {id}, behind its end")));
        }
        if read.credit <= 0 {
            return Err(Breach::new(format!("an item of stream {index} of call {id}, without credit")));
        }
        read.credit -= cost(len) as i64;
        if part.total.is_none() && len <= limit {
            if read.take(part.bytes, || News::spare(&mut self.news)) {
                self.note(id, index);
            }
            return Ok(());
        }
        let is_unread = read.is_unread || len > limit;
        if len > limit && !read.is_unread {
            self.refuse_item(id, index, len);
        }
        if part.total.is_some() {
            return self.assembly.begin(id, index, &part, !is_unread);
        }
        Ok(())
    }

    /// All of an item has come that came in chunks.
    pub(super) fn finish_item(&mut self, id: u64, index: u16, message: &Body) {
        let bytes = message.shared().map_or(Piece::Lying(message), |bytes| Piece::Cut(bytes.clone()));
        if let Some(read) = self.streams.read(id, index) {
            read.take(bytes, || News::spare(&mut self.news));
            self.note(id, index);
        }
    }

    /// The end of a stream that the caller sends.
    pub(super) fn handle_stream_end(&mut self, end: &End<'_>) -> Result<(), Breach> {
        let (id, index) = (end.id, end.index);
        if self.is_own(id) {
            return Err(Breach::new(format!("an END for stream {index} of call {id}, which its answer ends")));
        }
        let Some(read) = self.streams.read(id, index) else {
            return Err(not_there(id, index));
        };
        if read.is_over {
            return Err(Breach::new(format!("stream {index} of call {id} ended twice")));
        }
        if end.message.total.is_some() {
            return Err(Breach::new(format!("an END of stream {index} of call {id}, in chunks")));
        }
        let result = match (end.fields.unknown, Code::from_number(end.code)) {
            (Some(tag), _) => {
                let text = format!("the end of the caller's stream needs field {tag:#04x}, which is not known here");
                Err(RpcError::new(Code::Unimplemented, text))
            }
            (None, None) => Ok(()),
            (None, Some(code)) => {
                let text = format!("the caller's stream failed: {}", String::from_utf8_lossy(&end.message.bytes));
                Err(RpcError::new(code, text))
            }
        };
        if self.assembly.has(id, index) {
            if result.is_ok() {
                return Err(Breach::new(format!("stream {index} of call {id} ended within an item")));
            }
            self.assembly.forget(id, index);
        }
        self.end_read(id, index, result);
        self.finish_read_over_call(id);
        Ok(())
    }

    /// Nothing more comes of the streams that the caller of a call of the peer sent (W-30).
    pub(super) fn end_all_read(&mut self, id: u64, error: &RpcError) {
        for index in self.streams.read_by(id) {
            self.assembly.forget(id, index);
            if self.streams.read(id, index).is_some_and(|read| !read.is_over) {
                self.end_read(id, index, Err(error.clone()));
            }
        }
    }

    /// A call of the peer is answered: what its caller still sends is read over (W-29). Who reads it all the same is told,
    /// and does not take what has come for all there was.
    pub(super) fn read_over_streams(&mut self, id: u64) {
        for index in self.streams.read_by(id) {
            let Some(read) = self.streams.read(id, index).filter(|read| !read.is_over && !read.is_unread) else {
                continue;
            };
            let text = "the call was answered before its caller's stream had ended";
            read.end = Some(Err(RpcError::new(Code::Cancelled, text)));
            self.hand_over(id, index);
            self.leave_unread(id, index);
        }
    }

    /// What still comes of a stream is read over.
    fn leave_unread(&mut self, id: u64, index: u16) {
        if let Some(read) = self.streams.read(id, index) {
            read.is_unread = true;
            read.arrived = Packed::default();
        }
        self.assembly.read_over(id, index);
    }

    /// Whether a stream that the caller of a call of the peer sends has not ended.
    pub(super) fn is_reading(&mut self, id: u64) -> bool {
        self.streams.get_mut(id).is_some_and(|entry| entry.read.iter().any(|read| !read.is_over))
    }

    /// Nobody waits for the items of a call of this end any more.
    pub(super) fn read_over_items(&mut self, id: u64) {
        if self.streams.read(id, 1).is_none() {
            return;
        }
        self.hand_over(id, 1);
        if let Some(read) = self.streams.read(id, 1) {
            read.is_unread = true;
        }
        self.assembly.read_over(id, 1);
    }

    /// Takes out what is kept of a call's streams. What has come of them is handed over.
    pub(super) fn remove_streams(&mut self, id: u64) {
        for index in self.streams.read_by(id) {
            self.hand_over(id, index);
            if let Some(read) = self.streams.read(id, index) {
                self.widened -= (read.window - INITIAL_CREDIT) as usize;
            }
        }
        let removed = self.streams.remove(id);
        self.ahead -= removed.iter().flat_map(|entry| &entry.sent).map(Sent::ahead).sum::<i64>();
        if self.streams.is_empty()
            && let Some(news) = &mut self.news
        {
            news.spares = Vec::new();
        }
    }

    /// A call of the peer is answered: its streams are gone, but for those that its caller has not ended.
    pub(super) fn remove_answered(&mut self, id: u64) {
        if !self.is_reading(id) {
            return self.remove_streams(id);
        }
        // Nothing follows the answer.
        if let Some(sent) = self.streams.sent(id, 1) {
            sent.stage = Stage::Over;
        }
    }

    /// Everything about streams ends, with the connection.
    pub(super) fn lose_streams(&mut self, error: &RpcError) {
        // The reader waits for items, not for an answer.
        let text = format!("the caller's stream broke off: {}", error.message());
        let error = &RpcError::new(error.code(), text);
        let ids: Vec<u64> = self.streams.iter_mut().map(|entry| entry.id).collect();
        for id in ids {
            self.stop_all_sent(id);
            if !self.is_own(id) {
                self.end_all_read(id, error);
            }
            self.remove_streams(id);
        }
        if let Some(news) = &mut self.news {
            news.opened.clear();
        }
    }

    fn end_read(&mut self, id: u64, index: u16, result: Result<(), RpcError>) {
        if let Some(read) = self.streams.read(id, index) {
            read.is_over = true;
            self.widened -= (read.window - INITIAL_CREDIT) as usize;
            read.window = INITIAL_CREDIT;
            if !read.is_unread {
                read.end = Some(result);
                self.note(id, index);
            }
        }
    }

    /// An item is longer than this end takes: the stream fails, and nothing else.
    fn refuse_item(&mut self, id: u64, index: u16, len: usize) {
        let limit = self.limits.message;
        let text = format!("an item of {len} bytes came; this end takes at most {limit} (its Limits::message)");
        let error = RpcError::new(Code::ResourceExhausted, text).with_delivery(Delivery::Executed);
        if !self.is_own(id) {
            if let Some(read) = self.streams.read(id, index) {
                read.end = Some(Err(error));
            }
            // Before the call is started, what came stays with it.
            self.hand_over(id, index);
            if let Some(read) = self.streams.read(id, index) {
                read.is_unread = true;
            }
            self.assembly.read_over(id, index);
            return self.outbox.put(|buffer| put_cancel(buffer, id, index));
        }
        if let Some((ticket, _)) = self.calls.open_mut(id) {
            self.cancel(ticket);
            self.end_caller(ticket, Outcome::Failed(error));
        }
    }

    fn note(&mut self, id: u64, index: u16) {
        if let Some(read) = self.streams.read(id, index)
            && !std::mem::replace(&mut read.is_noted, true)
        {
            self.news.get_or_insert_default().noted.push((id, index));
        }
    }

    /// Hands over what has come of a stream, if somebody is there.
    fn hand_over(&mut self, id: u64, index: u16) {
        let Some(entry) = self.streams.get_mut(id) else {
            return;
        };
        let handle = entry.handle.clone();
        let Some(read) = entry.read(index) else {
            return;
        };
        read.is_noted = false;
        let Some(handle) = handle else {
            return;
        };
        let (items, end) = (std::mem::take(&mut read.arrived), read.end.take());
        let report_at = read.window / 2;
        if !items.is_empty() || end.is_some() {
            let arrived = Arrived { handle, index, items, end, report_at };
            self.news.get_or_insert_default().arrived.push(arrived);
        }
    }
}

pub(super) fn not_there(id: u64, index: u16) -> Breach {
    Breach::new(format!("a frame for stream {index} of call {id}, which has no such stream"))
}

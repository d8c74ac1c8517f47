use std::collections::BTreeMap;

use super::Flaw;
use super::watch::require;
use crate::frame::HEADER;
use crate::limits::INITIAL_CREDIT;

/// The rules of the wire for the streams of one end, judged from outside.
#[derive(Debug, Default)]
pub(super) struct StreamWatch {
    /// Those that it sends and that have not ended.
    sent: BTreeMap<(u64, u16), Sent>,
    /// Those that it reads and that have not ended.
    read: BTreeMap<(u64, u16), Read>,
}

#[derive(Debug)]
struct Sent {
    credit: i64,
    /// How much is missing of an item in chunks.
    unfinished: usize,
    /// Its call is answered: only a CANCEL may follow.
    must_stop: bool,
}

#[derive(Debug)]
struct Read {
    /// What was granted, and not read.
    window: i64,
    cancelled: bool,
}

impl StreamWatch {
    /// A CALL goes or comes; `sender` says that this end sends the streams.
    pub(super) fn open(&mut self, id: u64, count: u16, sender: bool) {
        for index in 1..=count {
            if sender {
                let credit = INITIAL_CREDIT.into();
                self.sent.insert((id, index), Sent { credit, unfinished: 0, must_stop: false });
            } else {
                self.read.insert((id, index), Read { window: INITIAL_CREDIT.into(), cancelled: false });
            }
        }
    }

    /// An item goes, or its first frame.
    pub(super) fn sent_data(&mut self, id: u64, index: u16, total: usize, here: usize) -> Result<(), Flaw> {
        let Some(sent) = self.sent.get_mut(&(id, index)) else {
            return Err(format!("an item for stream {index} of {id}, which is not open"));
        };
        require(sent.credit > 0, || format!("an item for stream {index} of {id} without credit"))?;
        require(sent.unfinished == 0, || format!("an item within an item of stream {index} of {id}"))?;
        require(!sent.must_stop, || format!("an item for stream {index} of {id}, which is answered"))?;
        sent.credit -= (HEADER + total) as i64;
        sent.unfinished = total - here;
        Ok(())
    }

    /// More of an item goes.
    pub(super) fn sent_chunk(&mut self, id: u64, index: u16, len: usize) -> Result<(), Flaw> {
        let Some(sent) = self.sent.get_mut(&(id, index)) else {
            return Err(format!("a CHUNK for stream {index} of {id}, which is not open"));
        };
        require(len > 0 && len <= sent.unfinished, || format!("a CHUNK of {len} bytes for stream {index} of {id}"))?;
        sent.unfinished -= len;
        Ok(())
    }

    /// The end of a stream goes.
    pub(super) fn sent_end(&mut self, id: u64, index: u16, is_clean: bool) -> Result<(), Flaw> {
        let Some(sent) = self.sent.remove(&(id, index)) else {
            return Err(format!("an END for stream {index} of {id}, which is not open"));
        };
        require(!sent.must_stop || !is_clean, || format!("an END for stream {index} of {id}, which is answered"))?;
        require(sent.unfinished == 0 || !is_clean, || format!("a clean end of {id} within an item"))
    }

    /// An answer goes.
    pub(super) fn sent_answer(&mut self, id: u64, is_reply: bool, is_clean: bool) -> Result<(), Flaw> {
        let reads = self.sent.contains_key(&(id, 1));
        require(!(is_reply && reads), || format!("a REPLY to {id}, which reads a stream"))?;
        require(reads || is_reply || !is_clean, || format!("an END with code 0 for {id}"))?;
        if reads { self.sent_end(id, 1, is_clean) } else { Ok(()) }
    }

    /// All streams that a call of this end sends end. Says whether there were some.
    pub(super) fn cancel(&mut self, id: u64) -> bool {
        let before = self.sent.len();
        self.sent.retain(|(of, _), _| *of != id);
        before > self.sent.len()
    }

    /// A reader has gone.
    pub(super) fn sent_cancel(&mut self, id: u64, index: u16) -> Result<(), Flaw> {
        let Some(read) = self.read.get_mut(&(id, index)) else {
            return Err(format!("CANCEL for stream {index} of {id}, which has ended"));
        };
        require(!std::mem::replace(&mut read.cancelled, true), || format!("stream {index} of {id} cancelled twice"))
    }

    /// Credit goes; all streams may have so much more than their first of it.
    pub(super) fn sent_credit(&mut self, id: u64, index: u16, amount: u32, most: usize) -> Result<(), Flaw> {
        let Some(read) = self.read.get_mut(&(id, index)) else {
            return Err(format!("CREDIT for stream {index} of {id}, which has ended"));
        };
        require(!read.cancelled, || format!("CREDIT for stream {index} of {id}, which nobody reads"))?;
        read.window += i64::from(amount);
        let all: i64 = self.read.values().map(|read| (read.window - i64::from(INITIAL_CREDIT)).max(0)).sum();
        require(all <= most as i64, || format!("windows have grown by {all}, past {most}"))
    }

    /// A reader says what it has read.
    pub(super) fn read(&mut self, id: u64, index: u16, amount: usize) {
        if let Some(read) = self.read.get_mut(&(id, index)) {
            read.window -= amount as i64;
        }
    }

    pub(super) fn received_credit(&mut self, id: u64, index: u16, amount: u32) {
        if let Some(sent) = self.sent.get_mut(&(id, index)) {
            sent.credit += i64::from(amount);
        }
    }

    pub(super) fn received_end(&mut self, id: u64, index: u16) {
        self.read.remove(&(id, index));
    }

    /// A CANCEL of the peer has come for its call.
    pub(super) fn received_cancel(&mut self, id: u64) {
        self.read.retain(|(of, _), _| *of != id);
    }

    /// The answer to a call of this end has come, or its first frame.
    pub(super) fn received_answer(&mut self, id: u64) {
        self.read.remove(&(id, 1));
        for (_, sent) in self.sent.iter_mut().filter(|((of, _), _)| *of == id) {
            sent.must_stop = true;
        }
    }

    /// The peer has not taken the calls above `last`: what they read has ended, and what they send must.
    pub(super) fn received_goaway(&mut self, parity: u64, last: u64) {
        self.read.retain(|(id, _), _| id & 1 != parity || *id <= last);
        for ((id, _), sent) in &mut self.sent {
            sent.must_stop |= *id & 1 == parity && *id > last;
        }
    }

    /// This end does not take the calls of the peer above `last`.
    pub(super) fn sent_goaway(&mut self, parity: u64, last: u64) {
        self.read.retain(|(id, _), _| id & 1 == parity || *id <= last);
        self.sent.retain(|(id, _), _| id & 1 == parity || *id <= last);
    }

    /// Whether all have ended.
    pub(super) fn is_settled(&self) -> bool {
        self.sent.is_empty() && self.read.is_empty()
    }
}

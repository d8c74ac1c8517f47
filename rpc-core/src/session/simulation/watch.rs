use std::collections::{BTreeMap, VecDeque};

use super::Flaw;
use super::stream_watch::StreamWatch;
use crate::frame::{ANNOUNCED, Breach, EARLY_BYTES, EARLY_CALLS, EARLY_FRAME, Frame, HEADER, flag, kind};
use crate::limits::Limits;

/// The rules of the wire for what one end sends, judged from outside: by the frames that it has sent and received. It
/// knows nothing of the session's tables.
#[derive(Debug)]
pub(super) struct Watch {
    parity: u64,
    peer: Limits,
    frame: usize,
    greeted: bool,
    early_calls: usize,
    early_bytes: usize,
    last_id: u64,
    /// The own calls that are open, and whether each was cancelled.
    calls: BTreeMap<u64, bool>,
    oneways: VecDeque<u64>,
    /// Answers to own calls that are arriving, and what of each is missing.
    arriving: BTreeMap<u64, usize>,
    /// Own messages that are unfinished, items included: the total and what is missing.
    unfinished: BTreeMap<(u64, u16), (usize, usize)>,
    /// The peer's calls that are not answered, and whether each was cancelled.
    asked: BTreeMap<u64, bool>,
    asked_oneways: VecDeque<u64>,
    last_told: Option<u64>,
    last_heard: Option<u64>,
    /// The end was announced, and the PING that follows was not sent.
    owes_ping: bool,
    streams: StreamWatch,
    /// How much more than their first credit the streams that it reads may have.
    widest: usize,
}

/// A frame that was sent, as far as others want to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Call {
        id: u64,
        service: u32,
    },
    Answer {
        id: u64,
    },
    /// It asks whether the peer is there.
    Ping,
    /// It says which calls were taken.
    Goaway,
    Other,
}

/// A frame's header and payload.
#[derive(Debug, Clone, Copy)]
struct Raw<'a> {
    kind: u8,
    flags: u8,
    index: u16,
    id: u64,
    payload: &'a [u8],
}

impl Watch {
    pub(super) fn new(parity: u64, own: &Limits, peer: &Limits) -> Self {
        Self {
            parity,
            peer: peer.clone(),
            frame: own.frame.min(peer.frame),
            greeted: false,
            early_calls: 0,
            early_bytes: 0,
            last_id: 0,
            calls: BTreeMap::new(),
            oneways: VecDeque::new(),
            arriving: BTreeMap::new(),
            unfinished: BTreeMap::new(),
            asked: BTreeMap::new(),
            asked_oneways: VecDeque::new(),
            last_told: None,
            last_heard: None,
            owes_ping: false,
            streams: StreamWatch::default(),
            widest: own.streams,
        }
    }

    /// Judges the first frame of `bytes`, and says how long it is.
    pub(super) fn sent(&mut self, bytes: &[u8]) -> Result<(usize, Sent), Flaw> {
        let frame = Raw::read(bytes)?;
        let len = HEADER + frame.payload.len();
        if !self.greeted && frame.kind != kind::HELLO {
            self.early_bytes += len;
            require(self.early_bytes <= EARLY_BYTES, || format!("{} bytes before HELLO", self.early_bytes))?;
        }
        let longest = if self.greeted { self.frame } else { EARLY_FRAME };
        require(frame.payload.len() <= longest, || format!("a frame of {len} bytes"))?;
        let id = frame.id;
        match frame.kind {
            kind::CALL => {
                self.sent_call(frame)?;
                return Ok((len, Sent::Call { id, service: frame.u32_at(0)? }));
            }
            kind::END if frame.index > 0 => {
                self.unfinished.remove(&(id, frame.index));
                require(id & 1 == self.parity, || format!("an END for stream {} of {id}", frame.index))?;
                self.streams.sent_end(id, frame.index, frame.payload.starts_with(&[0, 0]))?;
            }
            kind::DATA => {
                require(self.greeted, || "an item before HELLO".to_owned())?;
                let (total, here) = match frame.flags & flag::CHUNKED {
                    0 => (frame.payload.len(), frame.payload.len()),
                    _ => (frame.u32_at(0)? as usize, frame.payload.len() - 4),
                };
                require(total <= self.peer.message, || format!("an item of {total} bytes"))?;
                self.streams.sent_data(id, frame.index, total, here)?;
                self.begin(frame, 0)?;
            }
            kind::CREDIT => self.streams.sent_credit(id, frame.index, frame.u32_at(0)?, self.widest)?,
            kind::CANCEL if frame.index > 0 => self.streams.sent_cancel(id, frame.index)?,
            kind::REPLY | kind::END => {
                let fields_at = if frame.kind == kind::END { 2 } else { 0 };
                self.sent_answer(frame, frame.fields_at(fields_at)?)?;
                return Ok((len, Sent::Answer { id }));
            }
            kind::CHUNK => self.sent_chunk(id, frame.index, frame.payload.len())?,
            kind::CANCEL => {
                let was_streaming = id & 1 == self.parity && self.streams.cancel(id);
                let was_unfinished = self.unfinished.contains_key(&(id, 0)) || was_streaming;
                self.unfinished.retain(|(of, _), _| *of != id);
                match self.calls.get_mut(&id) {
                    Some(cancelled) => {
                        require(!std::mem::replace(cancelled, true), || format!("{id} cancelled twice"))?
                    }
                    // The answer came before the message was complete (W-29), or GOAWAY gave it up.
                    None => require(was_unfinished, || format!("CANCEL for {id}, which is not open"))?,
                }
            }
            kind::DONE => {
                let (count, asked) = (frame.u32_at(0)? as usize, self.asked_oneways.len());
                require(count > 0 && count <= asked, || format!("DONE of {count} with {asked} open"))?;
                self.asked_oneways.drain(..count);
            }
            kind::GOAWAY => {
                let last = frame.u64_at(0)?;
                require(self.last_told.is_none_or(|told| last <= told), || format!("GOAWAY grew to {last}"))?;
                self.last_told = Some(last);
                self.asked.retain(|id, _| *id <= last);
                self.streams.sent_goaway(self.parity, last);
                self.asked_oneways.retain(|id| *id <= last);
                if last != ANNOUNCED {
                    return Ok((len, Sent::Goaway));
                }
                self.owes_ping = true;
            }
            kind::PING if !std::mem::take(&mut self.owes_ping) => return Ok((len, Sent::Ping)),
            _ => {}
        }
        Ok((len, Sent::Other))
    }

    /// Takes note of a frame that has come, before the end itself does.
    pub(super) fn received(&mut self, frame: &Frame) {
        match frame {
            Frame::Hello(_) => self.greeted = true,
            Frame::Call(_) if self.last_told.is_some_and(|last| last != ANNOUNCED) => {}
            Frame::Call(call) if call.streams || call.reads => {
                let count = if call.streams { u16::from(call.fields.streams).max(1) } else { 0 };
                self.streams.open(call.id, count, false);
                self.streams.open(call.id, u16::from(call.reads), true);
                self.asked.insert(call.id, false);
            }
            Frame::Call(call) if call.oneway => self.asked_oneways.push_back(call.id),
            Frame::Call(call) => {
                self.asked.insert(call.id, false);
            }
            Frame::Reply { id, message, .. } => {
                self.streams.received_answer(*id);
                self.received_answer(*id, message.total);
            }
            Frame::End(end) if end.index > 0 => self.streams.received_end(end.id, end.index),
            Frame::Credit { id, index, amount } => self.streams.received_credit(*id, *index, *amount),
            Frame::End(end) => {
                self.streams.received_answer(end.id);
                self.received_answer(end.id, end.message.total);
            }
            Frame::Chunk { id, index: 0, bytes } if id & 1 == self.parity => {
                if let Some(left) = self.arriving.get_mut(id) {
                    *left = left.saturating_sub(bytes.len());
                    if *left == 0 {
                        self.received_answer(*id, None);
                    }
                }
            }
            Frame::Cancel { id, index: 0 } => {
                self.streams.received_cancel(*id);
                if let Some(cancelled) = self.asked.get_mut(id) {
                    *cancelled = true;
                }
            }
            Frame::Done(count) => {
                self.oneways.drain(..(*count as usize).min(self.oneways.len()));
            }
            Frame::Goaway { last, .. } => {
                self.last_heard = Some(*last);
                self.streams.received_goaway(self.parity, *last);
                self.calls.retain(|id, _| id <= last);
                self.oneways.retain(|id| id <= last);
                self.arriving.retain(|id, _| id <= last);
            }
            _ => {}
        }
    }

    /// A reader says what it has read.
    pub(super) fn read(&mut self, id: u64, index: u16, amount: usize) {
        self.streams.read(id, index, amount);
    }

    /// How many calls of this end are open.
    pub(super) fn open(&self) -> usize {
        self.calls.len() + self.oneways.len()
    }

    /// Whether no call is open, in either direction.
    pub(super) fn is_quiet(&self) -> bool {
        self.open() == 0 && self.asked.is_empty() && self.asked_oneways.is_empty()
    }

    /// Whether this end has said which calls it took.
    pub(super) fn has_concluded(&self) -> bool {
        self.last_told.is_some_and(|last| last != ANNOUNCED)
    }

    /// Whether a call of this end is open and was not cancelled.
    pub(super) fn is_wanted(&self, id: u64) -> bool {
        self.calls.get(&id) == Some(&false)
    }

    /// At the end of a history without loss everything was answered.
    pub(super) fn settled(&self) -> Result<(), Flaw> {
        let settled = self.open() == 0
            && self.arriving.is_empty()
            && self.unfinished.is_empty()
            && self.asked.is_empty()
            && self.asked_oneways.is_empty()
            && self.streams.is_settled();
        require(settled, || format!("not settled: {self:?}"))
    }

    fn sent_call(&mut self, frame: Raw<'_>) -> Result<(), Flaw> {
        let id = frame.id;
        require(id & 1 == self.parity && id > self.last_id, || format!("id {id} after {}", self.last_id))?;
        require(self.last_heard.is_none(), || format!("call {id} after GOAWAY"))?;
        self.last_id = id;
        self.early_calls += usize::from(!self.greeted);
        require(self.early_calls <= EARLY_CALLS, || "a seventeenth call before HELLO".to_owned())?;
        require(!self.greeted || self.open() < self.peer.calls, || format!("call {id} has no slot"))?;
        let count = frame.streams()?;
        self.streams.open(id, count, true);
        self.streams.open(id, u16::from(frame.flags & flag::READS != 0), false);
        if frame.flags & flag::ONEWAY != 0 {
            self.oneways.push_back(id);
        } else {
            self.calls.insert(id, false);
        }
        self.begin(frame, frame.fields_at(8)?)
    }

    fn sent_answer(&mut self, frame: Raw<'_>, message_at: usize) -> Result<(), Flaw> {
        let id = frame.id;
        require(self.last_told.is_none_or(|last| id <= last), || format!("an answer to {id}, above GOAWAY's last"))?;
        if self.asked.remove(&id).is_some() {
            self.unfinished.remove(&(id, 1));
            self.streams.sent_answer(id, frame.kind == kind::REPLY, frame.payload.starts_with(&[0, 0]))?;
            return self.begin(frame, message_at);
        }
        let cuts_off =
            frame.kind == kind::END && frame.flags & flag::CHUNKED == 0 && frame.payload.starts_with(&[1, 0]);
        let was_unfinished = self.unfinished.remove(&(id, 0)).is_some();
        require(cuts_off && was_unfinished, || format!("{id} was answered twice, or never asked"))
    }

    /// Notes the total of a message that continues in chunks.
    fn begin(&mut self, frame: Raw<'_>, message_at: usize) -> Result<(), Flaw> {
        if frame.flags & flag::CHUNKED == 0 {
            return Ok(());
        }
        // A CALL's index names its codec.
        let index = if frame.kind == kind::DATA { frame.index } else { 0 };
        let total = frame.u32_at(message_at)? as usize;
        let left = total - (frame.payload.len() - message_at - 4);
        require(self.greeted, || "chunks before HELLO".to_owned())?;
        require(total <= self.peer.message, || format!("a message of {total} bytes"))?;
        require(self.unfinished.insert((frame.id, index), (total, left)).is_none(), || format!("{} twice", frame.id))?;
        let totals: usize = self.unfinished.values().map(|(total, _)| total).sum();
        require(totals <= self.peer.assembly, || format!("{totals} bytes are unfinished: {:?}", self.unfinished))
    }

    fn sent_chunk(&mut self, id: u64, index: u16, len: usize) -> Result<(), Flaw> {
        if index > 0 {
            self.streams.sent_chunk(id, index, len)?;
        }
        let Some((_, left)) = self.unfinished.get_mut(&(id, index)) else {
            return Err(format!("a CHUNK for {id}, which has no unfinished message"));
        };
        require(len > 0 && len <= *left, || format!("a CHUNK of {len} bytes for {id}"))?;
        *left -= len;
        if *left == 0 {
            self.unfinished.remove(&(id, index));
        }
        Ok(())
    }

    fn received_answer(&mut self, id: u64, total: Option<u32>) {
        match total {
            Some(total) => {
                self.arriving.insert(id, total as usize);
            }
            None => {
                self.arriving.remove(&id);
                self.calls.remove(&id);
            }
        }
    }
}

impl<'a> Raw<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let header = bytes.first_chunk::<HEADER>().ok_or("a torn header was sent")?;
        let [a, b, c, d, kind, flags, low, high, id @ ..] = *header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let payload = bytes.get(HEADER..HEADER + length).ok_or("a torn frame was sent")?;
        Ok(Self { kind, flags, index: u16::from_le_bytes([low, high]), id: u64::from_le_bytes(id), payload })
    }

    fn u32_at(&self, at: usize) -> Result<u32, Flaw> {
        let bytes = self.payload.get(at..).and_then(|rest| rest.first_chunk()).ok_or("a short payload was sent")?;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn u64_at(&self, at: usize) -> Result<u64, Flaw> {
        let bytes = self.payload.get(at..).and_then(|rest| rest.first_chunk()).ok_or("a short payload was sent")?;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// How many streams a CALL says that it sends.
    fn streams(&self) -> Result<u16, Flaw> {
        if self.flags & flag::STREAMS == 0 {
            return Ok(0);
        }
        let mut fields = self.payload.get(8 + 2..self.fields_at(8)?).ok_or("short fields were sent")?;
        while let [tag, low, high, rest @ ..] = fields {
            let (value, others) = rest.split_at(u16::from_le_bytes([*low, *high]).into());
            if *tag == 0x06 {
                return Ok(u16::from(value[0]));
            }
            fields = others;
        }
        Ok(1)
    }

    /// Where the message begins, when the fields begin at `at`.
    fn fields_at(&self, at: usize) -> Result<usize, Flaw> {
        let bytes = self.payload.get(at..).and_then(|rest| rest.first_chunk()).ok_or("a short payload was sent")?;
        Ok(at + 2 + usize::from(u16::from_le_bytes(*bytes)))
    }
}

pub(super) fn require(holds: bool, flaw: impl FnOnce() -> String) -> Result<(), Flaw> {
    if holds { Ok(()) } else { Err(flaw()) }
}

/// A breach between honest ends is a flaw.
pub(super) fn flaw_of(breach: &Breach) -> Flaw {
    format!("a breach between honest ends: {breach}")
}

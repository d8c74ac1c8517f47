use std::collections::{BTreeMap, VecDeque};

use super::Flaw;
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
    /// Own messages that are unfinished: the total and what is missing.
    unfinished: BTreeMap<u64, (usize, usize)>,
    /// The peer's calls that are not answered, and whether each was cancelled.
    asked: BTreeMap<u64, bool>,
    asked_oneways: VecDeque<u64>,
    last_told: Option<u64>,
    last_heard: Option<u64>,
}

/// A frame that was sent, as far as others want to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Call { id: u64, service: u32 },
    Answer { id: u64 },
    Other,
}

/// A frame's header and payload.
#[derive(Debug, Clone, Copy)]
struct Raw<'a> {
    kind: u8,
    flags: u8,
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
            kind::REPLY | kind::END => {
                let fields_at = if frame.kind == kind::END { 2 } else { 0 };
                self.sent_answer(frame, frame.fields_at(fields_at)?)?;
                return Ok((len, Sent::Answer { id }));
            }
            kind::CHUNK => self.sent_chunk(id, frame.payload.len())?,
            kind::CANCEL => {
                let was_unfinished = self.unfinished.remove(&id).is_some();
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
                self.asked_oneways.retain(|id| *id <= last);
            }
            _ => {}
        }
        Ok((len, Sent::Other))
    }

    /// Takes note of a frame that has come, before the end itself does.
    pub(super) fn received(&mut self, frame: &Frame) {
        match frame {
            Frame::Hello(_) => self.greeted = true,
            Frame::Call(_) if self.last_told.is_some_and(|last| last != ANNOUNCED) => {}
            Frame::Call(call) if call.oneway => self.asked_oneways.push_back(call.id),
            Frame::Call(call) => {
                self.asked.insert(call.id, false);
            }
            Frame::Reply { id, message, .. } => self.received_answer(*id, message.total),
            Frame::End(end) => self.received_answer(end.id, end.message.total),
            Frame::Chunk { id, bytes, .. } if id & 1 == self.parity => {
                if let Some(left) = self.arriving.get_mut(id) {
                    *left = left.saturating_sub(bytes.len());
                    if *left == 0 {
                        self.received_answer(*id, None);
                    }
                }
            }
            Frame::Cancel { id, .. } => {
                if let Some(cancelled) = self.asked.get_mut(id) {
                    *cancelled = true;
                }
            }
            Frame::Done(count) => {
                self.oneways.drain(..(*count as usize).min(self.oneways.len()));
            }
            Frame::Goaway { last, .. } => {
                self.last_heard = Some(*last);
                self.calls.retain(|id, _| id <= last);
                self.oneways.retain(|id| id <= last);
                self.arriving.retain(|id, _| id <= last);
            }
            _ => {}
        }
    }

    /// How many calls of this end are open.
    pub(super) fn open(&self) -> usize {
        self.calls.len() + self.oneways.len()
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
            && self.asked_oneways.is_empty();
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
            return self.begin(frame, message_at);
        }
        let cuts_off =
            frame.kind == kind::END && frame.flags & flag::CHUNKED == 0 && frame.payload.starts_with(&[1, 0]);
        let was_unfinished = self.unfinished.remove(&id).is_some();
        require(cuts_off && was_unfinished, || format!("{id} was answered twice, or never asked"))
    }

    /// Notes the total of a message that continues in chunks.
    fn begin(&mut self, frame: Raw<'_>, message_at: usize) -> Result<(), Flaw> {
        if frame.flags & flag::CHUNKED == 0 {
            return Ok(());
        }
        let total = frame.u32_at(message_at)? as usize;
        let left = total - (frame.payload.len() - message_at - 4);
        require(self.greeted, || "chunks before HELLO".to_owned())?;
        require(total <= self.peer.message, || format!("a message of {total} bytes"))?;
        require(self.unfinished.insert(frame.id, (total, left)).is_none(), || format!("{} twice", frame.id))?;
        let totals: usize = self.unfinished.values().map(|(total, _)| total).sum();
        require(totals <= self.peer.assembly, || format!("{totals} bytes of unfinished messages"))
    }

    fn sent_chunk(&mut self, id: u64, len: usize) -> Result<(), Flaw> {
        let Some((_, left)) = self.unfinished.get_mut(&id) else {
            return Err(format!("a CHUNK for {id}, which has no unfinished message"));
        };
        require(len > 0 && len <= *left, || format!("a CHUNK of {len} bytes for {id}"))?;
        *left -= len;
        if *left == 0 {
            self.unfinished.remove(&id);
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
        let [a, b, c, d, kind, flags, _, _, id @ ..] = *header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let payload = bytes.get(HEADER..HEADER + length).ok_or("a torn frame was sent")?;
        Ok(Self { kind, flags, id: u64::from_le_bytes(id), payload })
    }

    fn u32_at(&self, at: usize) -> Result<u32, Flaw> {
        let bytes = self.payload.get(at..).and_then(|rest| rest.first_chunk()).ok_or("a short payload was sent")?;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn u64_at(&self, at: usize) -> Result<u64, Flaw> {
        let bytes = self.payload.get(at..).and_then(|rest| rest.first_chunk()).ok_or("a short payload was sent")?;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// Where the message begins, when the fields begin at `at`.
    fn fields_at(&self, at: usize) -> Result<usize, Flaw> {
        let bytes = self.payload.get(at..).and_then(|rest| rest.first_chunk()).ok_or("a short payload was sent")?;
        Ok(at + 2 + usize::from(u16::from_le_bytes(*bytes)))
    }
}

fn require(holds: bool, flaw: impl FnOnce() -> String) -> Result<(), Flaw> {
    if holds { Ok(()) } else { Err(flaw()) }
}

/// A breach between honest ends is a flaw.
pub(super) fn flaw_of(breach: &Breach) -> Flaw {
    format!("a breach between honest ends: {breach}")
}

use std::collections::{HashMap, VecDeque};
use std::ops::RangeInclusive;

use super::items::{Items, Packed};
use crate::error::RpcError;
use crate::frame::{Fields, Head, Piece};
use crate::session::Message;

/// The calls of both ends that have streams.
///
/// They are found by their ids, which a peer picks, so a keyed hash finds them; the frames of a stream follow each other
/// more often than not, so the last one is tried first.
///
/// Most connections have none, and pay for a pointer.
#[derive(Debug)]
pub(super) struct Streams<S> {
    table: Option<Box<Table<S>>>,
}

#[derive(Debug)]
struct Table<S> {
    places: HashMap<u64, usize>,
    entries: Vec<Option<Entry<S>>>,
    free: Vec<usize>,
    last: (u64, usize),
}

/// The streams of a call.
#[derive(Debug)]
pub(super) struct Entry<S> {
    pub(super) id: u64,
    /// Who is told; not known before the application has taken the call.
    pub(super) handle: Option<S>,
    /// Those that this end sends, from index 1.
    pub(super) sent: Vec<Sent>,
    /// Those that this end reads, from index 1.
    pub(super) read: Vec<Read>,
}

/// A stream that this end sends.
#[derive(Debug)]
pub(super) struct Sent {
    /// What the peer has granted and the producer has not been lent.
    pub(super) credit: i64,
    /// What the producer has been lent and has not used; below zero where its last item has overdrawn it.
    pub(super) lent: i64,
    /// What waits for its turn, and its cost.
    pub(super) queue: VecDeque<Items>,
    pub(super) queued: usize,
    /// It takes its turns, or its long item does.
    pub(super) has_turn: bool,
    pub(super) stage: Stage,
}

/// How far a stream that is sent has come.
#[derive(Debug)]
pub(super) enum Stage {
    Open,
    /// What goes behind the last item.
    Ending(Box<Final>),
    Over,
}

/// The frame that ends a stream.
#[derive(Debug)]
pub(super) struct Final {
    pub(super) head: Head,
    pub(super) fields: Fields,
    pub(super) message: Message,
}

/// A stream that this end reads.
#[derive(Debug)]
pub(super) struct Read {
    /// What was granted and has not come.
    pub(super) credit: i64,
    /// How much is granted at a time.
    pub(super) window: u32,
    /// What was read and has not been granted anew.
    pub(super) owed: u32,
    /// What has come and was not handed over.
    pub(super) arrived: Packed,
    /// Its end has come: how, until that is handed over.
    pub(super) end: Option<Result<(), RpcError>>,
    pub(super) is_over: bool,
    /// Nobody reads it any more.
    pub(super) is_unread: bool,
    /// There is something to be handed over.
    pub(super) is_noted: bool,
}

impl Sent {
    pub(super) fn new(credit: i64) -> Self {
        Self { credit, lent: 0, queue: VecDeque::new(), queued: 0, has_turn: false, stage: Stage::Open }
    }

    /// How far its producer is ahead, or may be by now.
    pub(super) fn ahead(&self) -> i64 {
        self.lent.max(0) + self.queued as i64
    }

    /// Whether all of it is in the outbox, but for its end.
    pub(super) fn is_drained(&self) -> bool {
        self.queue.is_empty() && !self.has_turn
    }
}

impl Read {
    pub(super) fn new(credit: u32) -> Self {
        Self {
            credit: credit.into(),
            window: credit,
            owed: 0,
            arrived: Packed::default(),
            end: None,
            is_over: false,
            is_unread: false,
            is_noted: false,
        }
    }
}

impl Read {
    /// Takes an item in, unless nobody reads it; `spare` gives memory, where there is some. Says whether it is the first
    /// that is to be handed over.
    #[inline]
    pub(super) fn take(&mut self, item: Piece<'_>, spare: impl FnOnce() -> Option<Packed>) -> bool {
        if self.is_unread {
            return false;
        }
        if !self.arrived.has_memory()
            && let Some(spare) = spare()
        {
            self.arrived = spare;
        }
        self.arrived.push(item);
        !self.is_noted
    }
}

impl<S> Entry<S> {
    pub(super) fn sent(&mut self, index: u16) -> Option<&mut Sent> {
        self.sent.get_mut(usize::from(index).checked_sub(1)?)
    }

    pub(super) fn read(&mut self, index: u16) -> Option<&mut Read> {
        self.read.get_mut(usize::from(index).checked_sub(1)?)
    }
}

impl<S> Default for Streams<S> {
    fn default() -> Self {
        Self { table: None }
    }
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Self { places: HashMap::new(), entries: Vec::new(), free: Vec::new(), last: (0, 0) }
    }
}

impl<S> Streams<S> {
    pub(super) fn insert(&mut self, entry: Entry<S>) {
        let id = entry.id;
        let table = self.table.get_or_insert_default();
        let place = match table.free.pop() {
            Some(place) => place,
            None => {
                table.entries.push(None);
                table.entries.len() - 1
            }
        };
        table.places.insert(id, place);
        table.last = (id, place);
        if let Some(free) = table.entries.get_mut(place) {
            *free = Some(entry);
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Entry<S>> {
        let table = self.table.as_deref_mut()?;
        if table.last.0 != id {
            let place = *table.places.get(&id)?;
            table.last = (id, place);
        }
        table.entries.get_mut(table.last.1)?.as_mut().filter(|entry| entry.id == id)
    }

    /// The streams that this end sends for a call.
    pub(super) fn sent_by(&mut self, id: u64) -> RangeInclusive<u16> {
        1..=self.get_mut(id).map_or(0, |entry| entry.sent.len() as u16)
    }

    /// The streams that this end reads of a call.
    pub(super) fn read_by(&mut self, id: u64) -> RangeInclusive<u16> {
        1..=self.get_mut(id).map_or(0, |entry| entry.read.len() as u16)
    }

    pub(super) fn sent(&mut self, id: u64, index: u16) -> Option<&mut Sent> {
        self.get_mut(id)?.sent(index)
    }

    pub(super) fn read(&mut self, id: u64, index: u16) -> Option<&mut Read> {
        self.get_mut(id)?.read(index)
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Entry<S>> {
        let table = self.table.as_deref_mut()?;
        let place = table.places.remove(&id)?;
        table.free.push(place);
        let entry = table.entries.get_mut(place)?.take();
        if table.places.is_empty() {
            // A burst's room is not kept.
            self.table = None;
        }
        entry
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_none()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry<S>> {
        self.table.iter_mut().flat_map(|table| &mut table.entries).flatten()
    }
}

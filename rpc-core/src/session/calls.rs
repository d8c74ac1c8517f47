use std::time::Instant;

use super::{Outgoing, Ticket};
use crate::code::Code;
use crate::frame::Ran;
use crate::metadata::Metadata;

/// The calls that this end has made: a table whose places are part of the ids on the wire.
///
/// A call has two halves that end separately. Its *caller* ends when it has its outcome, or nobody waits any more; its
/// *wire* half ends when the peer has answered. The place is free when both have.
#[derive(Debug)]
pub(super) struct Calls<C> {
    entries: Vec<Place<C>>,
    /// The first of the free places, which form a list.
    free: Option<u32>,
    /// Counts all calls, so that a ticket is never mistaken for a later one of the same place.
    made: u64,
}

#[derive(Debug)]
enum Place<C> {
    Free { next: Option<u32> },
    Taken(Entry<C>),
}

/// One call.
#[derive(Debug)]
pub(super) struct Entry<C> {
    number: u64,
    pub(super) wire: Wire,
    /// Who waits for the call; `None` when nobody does any more.
    pub(super) caller: Option<C>,
    pub(super) deadline: Option<Instant>,
    /// The answer whose message is arriving in chunks.
    pub(super) answer: Option<Box<Arriving>>,
}

/// An answer but for its message.
#[derive(Debug)]
pub(super) struct Arriving {
    /// What the END says; `None` for a REPLY.
    pub(super) end: Option<EndHead>,
    pub(super) metadata: Option<Box<Metadata>>,
}

/// What an END says besides its message.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndHead {
    /// The code's number, which may be one from the future.
    pub(super) number: u16,
    pub(super) ran: Ran,
    pub(super) typed: bool,
    pub(super) push_back: Option<u32>,
}

impl EndHead {
    pub(super) fn code(self) -> Code {
        Code::from_number(self.number).unwrap_or(Code::Unknown)
    }
}

/// How far a call is on the wire.
#[derive(Debug)]
pub(super) enum Wire {
    /// It waits for a slot, or for the peer's HELLO. It owns what it will send.
    Queued(Box<Outgoing>),
    /// It was appended at this place of the stream of bytes, and is not answered.
    Open {
        id: u64,
        position: u64,
        /// A CANCEL was sent for it.
        cancelled: bool,
    },
    Closed,
}

/// How many low bits of an id, above the parity, hold the place in the table.
const PLACE_BITS: u32 = 20;
/// The highest sequence that leaves its id below that of an announced GOAWAY.
pub(super) const LAST_SEQUENCE: u64 = (1 << (u64::BITS - PLACE_BITS - 1)) - 2;
/// How many calls may be waiting or open on one connection.
pub(super) const PLACES: usize = 1 << PLACE_BITS;

/// The id of a call: a sequence that grows, the place in the table, and the parity of the end that calls (W-16).
pub(super) fn id_of(sequence: u64, slot: u32, parity: u64) -> u64 {
    sequence << (PLACE_BITS + 1) | u64::from(slot) << 1 | parity
}

fn slot_of(id: u64) -> usize {
    (id >> 1) as usize & (PLACES - 1)
}

impl<C> Default for Calls<C> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: None, made: 0 }
    }
}

impl<C> Calls<C> {
    /// The place that the next call gets, unless the table is full.
    pub(super) fn vacant(&self) -> Option<u32> {
        self.free.or(Some(self.entries.len() as u32)).filter(|slot| (*slot as usize) < PLACES)
    }

    /// Puts a call in a place that is [vacant](Self::vacant).
    #[inline(always)]
    pub(super) fn insert(&mut self, slot: u32, wire: Wire, caller: C, deadline: Option<Instant>) -> Ticket {
        self.made += 1;
        let number = self.made;
        if self.free.is_none() {
            self.entries.push(Place::Free { next: None });
        }
        if let Some(place) = self.entries.get_mut(slot as usize) {
            if let Place::Free { next } = *place {
                self.free = next;
            }
            *place = Place::Taken(Entry { number, wire, caller: Some(caller), deadline, answer: None });
        }
        Ticket { slot, number }
    }

    pub(super) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Entry<C>> {
        match self.entries.get_mut(ticket.slot as usize) {
            Some(Place::Taken(entry)) if entry.number == ticket.number => Some(entry),
            _ => None,
        }
    }

    /// The call that is open under an id.
    pub(super) fn open_mut(&mut self, id: u64) -> Option<(Ticket, &mut Entry<C>)> {
        let slot = slot_of(id);
        match self.entries.get_mut(slot) {
            Some(Place::Taken(entry)) if matches!(entry.wire, Wire::Open { id: open, .. } if open == id) => {
                Some((Ticket { slot: slot as u32, number: entry.number }, entry))
            }
            _ => None,
        }
    }

    /// Frees the place of a call that is answered, and gives back who waits for it.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<C> {
        let place = self.entries.get_mut(ticket.slot as usize)?;
        match std::mem::replace(place, Place::Free { next: self.free }) {
            Place::Taken(entry) if entry.number == ticket.number => {
                self.free = Some(ticket.slot);
                entry.caller
            }
            other => {
                *place = other;
                None
            }
        }
    }

    /// Frees the place of a call of which both halves have ended.
    pub(super) fn remove_if_over(&mut self, ticket: Ticket) {
        let over = self
            .get_mut(ticket)
            .is_some_and(|entry| entry.caller.is_none() && !matches!(entry.wire, Wire::Open { .. }));
        if over && let Some(place) = self.entries.get_mut(ticket.slot as usize) {
            *place = Place::Free { next: self.free };
            self.free = Some(ticket.slot);
        }
    }

    /// The tickets of all calls.
    pub(super) fn tickets(&self) -> Vec<Ticket> {
        self.taken().map(|(ticket, _)| ticket).collect()
    }

    /// The tickets of the calls somebody waits for whose deadline has come.
    pub(super) fn expired(&self, now: Instant) -> Vec<Ticket> {
        self.taken()
            .filter(|(_, entry)| entry.caller.is_some())
            .filter(|(_, entry)| entry.deadline.is_some_and(|deadline| deadline <= now))
            .map(|(ticket, _)| ticket)
            .collect()
    }

    /// The earliest deadline of a call that somebody waits for.
    pub(super) fn earliest_deadline(&self) -> Option<Instant> {
        self.taken().filter(|(_, entry)| entry.caller.is_some()).filter_map(|(_, entry)| entry.deadline).min()
    }

    fn taken(&self) -> impl Iterator<Item = (Ticket, &Entry<C>)> {
        self.entries.iter().zip(0..).filter_map(|(place, slot)| match place {
            Place::Taken(entry) => Some((Ticket { slot, number: entry.number }, entry)),
            Place::Free { .. } => None,
        })
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.taken().count()
    }
}

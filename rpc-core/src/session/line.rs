use std::collections::VecDeque;

use super::Ticket;

/// The calls that wait to be sent, in order.
#[derive(Debug)]
pub(super) struct Line {
    /// Those that wait for a slot, for the write queue or for the peer's HELLO.
    slot: VecDeque<Ticket>,
    /// Long ones that wait only for the peer's room (W-28): others go past them.
    room: VecDeque<Ticket>,
    /// The length of both at which they are swept next.
    sweep_at: usize,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A slot, the write queue or the peer's HELLO: nothing else goes either.
    Slot,
    /// The peer's room for long messages.
    Room,
}

/// The length below which a line is not worth sweeping.
const SHORT: usize = 64;

impl Default for Line {
    fn default() -> Self {
        Self { slot: VecDeque::new(), room: VecDeque::new(), sweep_at: SHORT }
    }
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.slot.is_empty() && self.room.is_empty()
    }

    pub(super) fn push(&mut self, ticket: Ticket, obstacle: Obstacle) {
        match obstacle {
            Obstacle::Slot => self.slot.push_back(ticket),
            Obstacle::Room => self.room.push_back(ticket),
        }
    }

    /// The first of those that wait for something.
    pub(super) fn front(&self, obstacle: Obstacle) -> Option<Ticket> {
        match obstacle {
            Obstacle::Slot => self.slot.front().copied(),
            Obstacle::Room => self.room.front().copied(),
        }
    }

    pub(super) fn pop(&mut self, obstacle: Obstacle) {
        match obstacle {
            Obstacle::Slot => self.slot.pop_front(),
            Obstacle::Room => self.room.pop_front(),
        };
    }

    /// Whether so many wait that those that were given up should be taken out: they must not pile up behind one that
    /// cannot be sent.
    pub(super) fn is_long(&self) -> bool {
        self.slot.len() + self.room.len() >= self.sweep_at
    }

    pub(super) fn sweep(&mut self, mut waits: impl FnMut(Ticket) -> bool) {
        self.slot.retain(|ticket| waits(*ticket));
        self.room.retain(|ticket| waits(*ticket));
        self.sweep_at = 2 * (self.slot.len() + self.room.len()) + SHORT;
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slot.len() + self.room.len()
    }
}

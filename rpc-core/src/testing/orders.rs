use std::sync::Arc;

use super::{Direction, Faults};

/// What the test wants of its proxy at present. All connections watch it.
///
/// What happens once is a count: it is meant for those who find another than when they began.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    /// Host and port of the server, for further connections.
    pub(super) target: Arc<str>,
    pub(super) faults: Faults,
    pub(super) black_hole: bool,
    pub(super) resets: u64,
    half_closes: (u64, u64),
}

impl Orders {
    pub(super) fn new(target: Arc<str>, faults: Faults) -> Self {
        Self { target, faults, black_hole: false, resets: 0, half_closes: (0, 0) }
    }

    pub(super) fn half_closes(&self, direction: Direction) -> u64 {
        match direction {
            Direction::ToServer => self.half_closes.0,
            Direction::ToClient => self.half_closes.1,
        }
    }

    pub(super) fn half_close(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.half_closes.0 += 1,
            Direction::ToClient => self.half_closes.1 += 1,
        }
    }
}

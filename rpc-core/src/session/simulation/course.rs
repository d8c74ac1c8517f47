use super::Flaw;
use crate::code::Code;

/// A stream of a call, as those who make and who read its items see it.
#[derive(Debug)]
pub(super) struct Course {
    /// How many items are still to be made.
    pub(super) left: u32,
    /// It ends with an error.
    pub(super) fails: bool,
    pub(super) reading: Reading,

    /// Its producer may begin.
    pub(super) is_open: bool,
    pub(super) lent: i64,
    /// The lengths of the items that were made.
    pub(super) made: Vec<usize>,
    pub(super) has_ended: bool,
    /// Its producer was told to stop.
    pub(super) is_stopped: bool,
    /// Its producer has a turn.
    pub(super) is_producing: bool,

    /// Its reader is there.
    pub(super) is_attached: bool,
    /// How many items have come.
    pub(super) came: usize,
    /// What those took of the credit that the reader has not looked at.
    pub(super) waiting: usize,
    pub(super) consumed: usize,
    pub(super) report_at: usize,
    pub(super) is_starved: bool,
    /// Its reader has a turn.
    pub(super) is_reading: bool,
    /// Its reader has gone.
    pub(super) is_left: bool,
    pub(super) end: Option<Result<(), Code>>,
}

/// What the reader of a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Eagerly,
    Lazily,
    Never,
    /// It goes when so many items have come.
    LeavesAt(usize),
}

impl Course {
    pub(super) fn new(items: u32, fails: bool, reading: Reading) -> Self {
        Self {
            left: items,
            fails,
            reading,
            is_open: false,
            lent: 0,
            made: Vec::new(),
            has_ended: false,
            is_stopped: false,
            is_producing: false,
            is_attached: false,
            came: 0,
            waiting: 0,
            consumed: 0,
            report_at: 1024,
            is_starved: false,
            is_reading: false,
            is_left: false,
            end: None,
        }
    }

    /// An item has come: it must be the next of those that were made.
    pub(super) fn take(&mut self, stream: Named, bytes: &[u8]) -> Result<(), Flaw> {
        let Some(len) = self.made.get(self.came) else {
            return Err(format!("{stream:?}: an item of {} bytes came that was not made: {self:?}", bytes.len()));
        };
        if bytes != item(stream, self.came, *len) {
            return Err(format!("{stream:?}: another item came than number {}: {self:?}", self.came));
        }
        self.came += 1;
        Ok(())
    }

    /// Whether all that was made has come.
    pub(super) fn is_whole(&self) -> bool {
        self.came == self.made.len()
    }

    /// Whether its reader has nothing to wait for any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_left || self.end.is_some()
    }
}

/// Names a stream: its call, its index, and whether it answers the call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) token: usize,
    pub(super) index: u16,
    pub(super) answers: bool,
}

/// An item that belongs to one place of one stream alone, as far as its length allows.
pub(super) fn item(Named { token, index, answers }: Named, number: usize, len: usize) -> Vec<u8> {
    let name =
        [number as u8, token as u8, index as u8 | u8::from(answers) << 7, (number >> 8) as u8, (token >> 8) as u8];
    let mut bytes = vec![number as u8; len];
    bytes.iter_mut().zip(name).for_each(|(byte, of_name)| *byte = of_name);
    bytes
}

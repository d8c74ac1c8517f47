use std::collections::VecDeque;
use std::time::Instant;

use super::{Incoming, Stop};

/// The calls that the peer has made and that are not answered.
///
/// Their ids only grow (W-16), so a queue in order of arrival is also sorted: it is searched by halves, and an id that
/// a peer picks can make nothing slow. Most are looked for in the order in which they came, which is tried first.
#[derive(Debug)]
pub(super) struct Work<H> {
    entries: VecDeque<Entry<H>>,
    /// How many entries are not [`Stage::Over`].
    open: usize,
    /// The place behind the one that was found last.
    next: usize,
}

#[derive(Debug)]
pub(super) struct Entry<H> {
    pub(super) id: u64,
    pub(super) stage: Stage<H>,
    pub(super) oneway: bool,
    pub(super) deadline: Option<Instant>,
    /// Why the handler was told to stop, once it was.
    pub(super) stopped: Option<Stop>,
}

#[derive(Debug)]
pub(super) enum Stage<H> {
    /// Its message has not come in full.
    Arriving(Box<Incoming>),
    /// It is answered, but its message or streams still come and are read over.
    Answered,
    /// It waits to be started.
    Ready,
    /// The application has it.
    Started(Option<H>),
    Over,
}

impl<H> Entry<H> {
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Answered)
    }
}

impl<H> Default for Work<H> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), open: 0, next: 0 }
    }
}

impl<H> Work<H> {
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Adds a call; its id is above all before it.
    pub(super) fn push(&mut self, entry: Entry<H>) {
        self.open += 1;
        self.entries.push_back(entry);
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Entry<H>> {
        let at = self.find(id)?;
        self.entries.get_mut(at).filter(|entry| !matches!(entry.stage, Stage::Over))
    }

    /// Ends a call and gives back what it was.
    pub(super) fn end(&mut self, id: u64) -> Option<Entry<H>> {
        if self.entries.front().is_some_and(|entry| entry.id == id) {
            // What is over does not stay in front.
            let ended = self.entries.pop_front()?;
            self.open -= 1;
            self.next = self.next.saturating_sub(1);
            self.drop_front();
            return Some(ended);
        }
        let entry = self.get_mut(id)?;
        let over = Entry { id, stage: Stage::Over, oneway: entry.oneway, deadline: None, stopped: None };
        let ended = std::mem::replace(entry, over);
        self.open -= 1;
        // One long call at the front must not let the queue behind it grow for ever.
        if self.entries.len() > 2 * self.open + 64 {
            self.entries.retain(|entry| !matches!(entry.stage, Stage::Over));
        }
        Some(ended)
    }

    fn drop_front(&mut self) {
        while self.entries.front().is_some_and(|entry| matches!(entry.stage, Stage::Over)) {
            self.entries.pop_front();
            self.next = self.next.saturating_sub(1);
        }
    }

    fn find(&mut self, id: u64) -> Option<usize> {
        let is_at = |at: &usize| self.entries.get(*at).is_some_and(|entry| entry.id == id);
        let at = match [self.next, 0].into_iter().find(is_at) {
            Some(at) => at,
            None => self.entries.binary_search_by_key(&id, |entry| entry.id).ok()?,
        };
        self.next = at + 1;
        Some(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<H>> {
        self.entries.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry<H>> {
        self.entries.iter_mut().filter(|entry| !matches!(entry.stage, Stage::Over))
    }

    /// The earliest deadline of a call that has not been told to stop.
    pub(super) fn earliest_deadline(&self) -> Option<Instant> {
        self.entries.iter().filter(|entry| entry.stopped.is_none()).filter_map(|entry| entry.deadline).min()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open == 0 && self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64) -> Entry<()> {
        Entry { id, stage: Stage::Started(None), oneway: false, deadline: None, stopped: None }
    }

    #[test]
    fn a_long_call_at_the_front_does_not_keep_the_others() {
        let mut work = Work::default();
        for id in 0..1000 {
            work.push(entry(id));
            if id > 0 {
                assert!(work.end(id).is_some());
                assert!(work.end(id).is_none(), "a call ends once");
            }
        }
        assert_eq!(work.open(), 1);
        assert!(work.entries.len() < 100);
        assert!(work.get_mut(0).is_some());
    }
}

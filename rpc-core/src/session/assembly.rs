use std::collections::HashMap;

use super::pool;
use crate::frame::{Body, Breach, Part};

/// Room is made for so many times what has come, at most: few copies while a message grows, and no more than that on
/// the word of a peer.
const AHEAD: usize = 8;

/// Messages that are arriving in chunks (W-26 to W-28).
#[derive(Debug)]
pub(super) struct Assembly {
    messages: HashMap<(u64, u16), Arriving>,
    /// The totals of all of them.
    totals: usize,
    limit: usize,
}

#[derive(Debug)]
struct Arriving {
    total: usize,
    got: usize,
    /// `None` where the message is read over: it is too long, or nobody wants it any more.
    kept: Option<Vec<u8>>,
}

/// What a CHUNK did.
#[derive(Debug, PartialEq)]
pub(super) enum Progress {
    /// More is to come.
    More,
    Complete(Body),
    /// The last of a message that was read over, or a part of it.
    Over {
        last: bool,
    },
}

impl Assembly {
    /// Takes `limit` bytes in unfinished messages.
    pub(super) fn new(limit: usize) -> Self {
        Self { messages: HashMap::new(), totals: 0, limit }
    }

    /// Begins a message with its first part. One that is not `wanted` is read over.
    pub(super) fn begin(&mut self, id: u64, index: u16, part: &Part<'_>, wanted: bool) -> Result<(), Breach> {
        let total = part.total.unwrap_or_default() as usize;
        if wanted && self.totals + total > self.limit {
            return Err(Breach::new(format!(
                "{} bytes of unfinished messages are over the limit of {}",
                self.totals + total,
                self.limit
            )));
        }
        // The room is made as bytes come, never from the total that the peer claims.
        let kept = wanted.then(|| part.bytes.to_vec());
        if wanted {
            self.totals += total;
        }
        let arriving = Arriving { total, got: part.bytes.len(), kept };
        if self.messages.insert((id, index), arriving).is_some() {
            return Err(Breach::new(format!("call {id} has two unfinished messages")));
        }
        Ok(())
    }

    pub(super) fn handle_chunk(&mut self, id: u64, index: u16, bytes: &[u8]) -> Result<Progress, Breach> {
        let Some(arriving) = self.messages.get_mut(&(id, index)) else {
            return Err(Breach::new(format!("a CHUNK for call {id}, which has no unfinished message")));
        };
        arriving.got += bytes.len();
        if arriving.got > arriving.total {
            return Err(Breach::new(format!("a message of {} bytes goes on after its end", arriving.total)));
        }
        let last = arriving.got == arriving.total;
        match &mut arriving.kept {
            Some(kept) => {
                if kept.capacity() - kept.len() < bytes.len() {
                    let mut wider = pool::take((AHEAD * arriving.got).min(arriving.total));
                    wider.extend_from_slice(kept);
                    pool::give_back(std::mem::replace(kept, wider));
                }
                kept.extend_from_slice(bytes);
            }
            None if !last => return Ok(Progress::Over { last }),
            None => {}
        }
        if !last {
            return Ok(Progress::More);
        }
        let kept = self.messages.remove(&(id, index)).and_then(|arriving| arriving.kept);
        let Some(kept) = kept else {
            return Ok(Progress::Over { last });
        };
        self.totals -= kept.len();
        Ok(Progress::Complete(pool::share(kept).into()))
    }

    /// Nobody wants the rest of this message; its chunks still come.
    pub(super) fn read_over(&mut self, id: u64, index: u16) {
        if let Some(arriving) = self.messages.get_mut(&(id, index))
            && arriving.kept.take().is_some()
        {
            self.totals -= arriving.total;
        }
    }

    /// The rest of this message will not come.
    pub(super) fn forget(&mut self, id: u64, index: u16) {
        if let Some(arriving) = self.messages.remove(&(id, index))
            && arriving.kept.is_some()
        {
            self.totals -= arriving.total;
        }
    }

    /// Whether a message is arriving, be it read over.
    pub(super) fn has(&self, id: u64, index: u16) -> bool {
        self.messages.contains_key(&(id, index))
    }

    /// How many messages are arriving, those that are read over included.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.totals == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Piece;

    fn part(total: u32, bytes: &'static [u8]) -> Part<'static> {
        Part { total: Some(total), bytes: Piece::Lying(bytes) }
    }

    #[test]
    fn a_message_is_put_together() {
        let mut assembly = Assembly::new(6);
        assembly.begin(1, 0, &part(6, b"ab"), true).unwrap();
        assert_eq!(assembly.handle_chunk(1, 0, b"cd"), Ok(Progress::More));
        assert_eq!(
            assembly.handle_chunk(1, 0, b"ef"),
            Ok(Progress::Complete(bytes::Bytes::from_static(b"abcdef").into()))
        );
        assert_eq!(assembly.len(), 0);
        assert_eq!(assembly.totals, 0);
    }

    /// W-28: at the limit (above) and one past it; what is read over is free.
    #[test]
    fn unfinished_totals_stay_within_the_limit() {
        let mut assembly = Assembly::new(6);
        assembly.begin(1, 0, &part(4, b""), true).unwrap();
        assembly.begin(9, 0, &part(400, b""), false).unwrap();
        assembly.begin(3, 0, &part(2, b""), true).unwrap();
        assert!(assembly.begin(5, 0, &part(1, b""), true).is_err());
        assembly.read_over(1, 0);
        assembly.begin(7, 0, &part(4, b""), true).unwrap();
        assert_eq!(assembly.handle_chunk(1, 0, b"abc"), Ok(Progress::Over { last: false }));
        assert_eq!(assembly.handle_chunk(1, 0, b"d"), Ok(Progress::Over { last: true }));
    }

    /// W-26, W-27.
    #[test]
    fn chunks_without_a_message_or_past_its_end_are_breaches() {
        let mut assembly = Assembly::new(6);
        assert!(assembly.handle_chunk(1, 0, b"x").is_err());
        assembly.begin(1, 0, &part(2, b"a"), true).unwrap();
        assert!(assembly.begin(1, 0, &part(2, b"a"), true).is_err());
        assert!(assembly.handle_chunk(1, 0, b"xyz").is_err());
    }
}

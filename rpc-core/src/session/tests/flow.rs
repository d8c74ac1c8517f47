//! What producers and readers of streams do at an end under test, and the frames of streams.

use super::*;

/// What the smallest item takes of the credit.
pub(super) const EMPTY: usize = HEADER;

/// What came of a stream: its index, the lengths of its items, and how it ended.
pub(super) type Came = (u16, Vec<usize>, Option<Result<(), Code>>);

impl Bench {
    /// A client whose peer takes much.
    pub(super) fn roomy_client() -> Self {
        Self::greeted(Role::Client, Limits::default(), roomy())
    }

    /// Makes a call with streams; it is sent, and its streams may begin.
    #[track_caller]
    pub(super) fn open(&mut self, streams: u16, reads: bool) -> (Ticket, u64) {
        self.open_that(&streaming(streams, reads))
    }

    #[track_caller]
    pub(super) fn open_that(&mut self, outgoing: &Outgoing) -> (Ticket, u64) {
        let ticket = self.call(outgoing);
        let id = self.attach_opened().pop().unwrap();
        (ticket, id)
    }

    /// Ties the calls that have been sent to their streams.
    pub(super) fn attach_opened(&mut self) -> Vec<u64> {
        let mut ids = Vec::new();
        while let Some((_, id)) = self.session.poll_opened() {
            self.session.attach_streams(id, id as u32);
            ids.push(id);
        }
        ids
    }

    /// The peer makes a call with streams; its handler runs.
    #[track_caller]
    pub(super) fn take(&mut self, id: u64, streams: u16, reads: bool) {
        self.hear(streaming_call(id, streams, reads));
        assert_eq!(self.begin_streaming(), Some(id));
    }

    /// Starts the next call of the peer, which has streams.
    pub(super) fn begin_streaming(&mut self) -> Option<u64> {
        let id = self.begin()?;
        self.session.attach_streams(id, id as u32);
        Some(id)
    }

    /// A producer makes an item of this length.
    pub(super) fn make(&mut self, id: u64, index: u16, len: usize) {
        let mut batch = Batch::default();
        let encode = |out: &mut Output| {
            out.put(&bytes(len));
            Ok::<(), ()>(())
        };
        let (cost, long) = batch.push(id, index, 64, encode).unwrap();
        assert_eq!(cost, EMPTY + len);
        let items = long.or_else(|| batch.take()).unwrap();
        self.session.send_items(id, index, items);
    }

    /// The producer of a stream of the caller has come to its end.
    pub(super) fn finish(&mut self, id: u64, index: u16) {
        self.session.end_stream(id, index, Ok(()));
    }

    /// The handler of a call that is answered by a stream has come to its end.
    pub(super) fn finish_answer(&mut self, id: u64) {
        self.session.reply(id, Answer::Finished { metadata: None });
    }

    /// What producers may do, since the last time: of which stream.
    pub(super) fn grants(&mut self) -> Vec<(u16, Grant)> {
        let mut grants = Vec::new();
        self.session.poll_grants(&mut grants);
        grants.into_iter().map(|(_, index, grant)| (index, grant)).collect()
    }

    /// What producers were lent since the last time, all together.
    pub(super) fn lent(&mut self) -> usize {
        let lent = |grant| match grant {
            (_, Grant::Lend(amount)) => amount,
            (index, Grant::Stop) => panic!("stream {index} must stop"),
        };
        self.grants().into_iter().map(lent).sum()
    }

    /// What has come of streams since the last time.
    pub(super) fn came(&mut self) -> Vec<Came> {
        let mut arrived = Vec::new();
        self.session.poll_arrived(&mut arrived);
        let lengths = |mut items: Packed| {
            let mut lengths = Vec::new();
            loop {
                let item = match items.next() {
                    Some(Item::Short(item)) => Bytes::copy_from_slice(item),
                    Some(Item::Long(item)) => item,
                    None => return lengths,
                };
                assert!(item == bytes(item.len()), "an item comes as it was made");
                lengths.push(item.len());
            }
        };
        arrived
            .into_iter()
            .map(|Arrived { index, items, end, .. }| {
                (index, lengths(items), end.map(|end| end.map_err(|error| error.code())))
            })
            .collect()
    }

    /// A reader has read so much; it did not have to wait.
    pub(super) fn consume(&mut self, id: u64, index: u16, amount: usize) {
        self.session.handle_consumed(id, index, amount, false);
    }

    /// A reader has read so much, and had to wait for more.
    pub(super) fn crave(&mut self, id: u64, index: u16, amount: usize) {
        self.session.handle_consumed(id, index, amount, true);
    }

    /// Nothing is kept of any stream either.
    #[track_caller]
    pub(super) fn assert_settled(&mut self) {
        assert!(self.session.streams.is_empty(), "streams are left: {:?}", self.session.streams);
        assert_eq!((self.session.widened, self.session.ahead), (0, 0));
        self.assert_empty();
    }
}

/// A call with streams.
pub(super) fn streaming(streams: u16, reads: bool) -> Outgoing {
    Outgoing { streams, reads, ..outgoing(1) }
}

pub(super) fn streaming_call(id: u64, streams: u16, reads: bool) -> Frame {
    Frame::Call(call_that_streams(id, streams, reads))
}

pub(super) fn call_that_streams(id: u64, streams: u16, reads: bool) -> Call {
    let fields = Fields { streams: if streams > 1 { streams as u8 } else { 0 }, ..Fields::default() };
    Call { streams: streams > 0, reads, fields, ..call(id, part(1)) }
}

pub(super) fn data(id: u64, index: u16, len: usize) -> Frame {
    Frame::Data { id, index, message: part(len) }
}

/// An item that comes in chunks, and the first of them.
pub(super) fn data_of(id: u64, index: u16, total: usize) -> Frame {
    Frame::Data { id, index, message: head_of(total) }
}

pub(super) fn chunk_of(id: u64, index: u16, len: usize) -> Frame {
    Frame::Chunk { id, index, bytes: bytes(len).into() }
}

/// A clean end: of a caller's stream, or of the one that answers (index 0).
pub(super) fn well(id: u64, index: u16) -> Frame {
    Frame::End(End { index, code: 0, ..status(id, Code::Internal) })
}

pub(super) fn badly(id: u64, index: u16, code: Code) -> Frame {
    Frame::End(End { index, ..status(id, code) })
}

pub(super) fn credit(id: u64, index: u16, amount: u32) -> Frame {
    Frame::Credit { id, index, amount }
}

pub(super) fn cancel_of(id: u64, index: u16) -> Frame {
    Frame::Cancel { id, index }
}

/// The lengths of the items among some frames; of those in chunks, the total.
pub(super) fn items(frames: &[Frame]) -> Vec<(u16, usize)> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Data { index, message, .. } => {
                Some((*index, message.total.map_or(message.bytes.len(), |total| total as usize)))
            }
            _ => None,
        })
        .collect()
}

/// The ends among some frames: of which stream (0 for the answer), and the code.
pub(super) fn ends(frames: &[Frame]) -> Vec<(u16, u16)> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::End(end) => Some((end.index, end.code)),
            _ => None,
        })
        .collect()
}

/// What was granted among some frames: of which stream, and how much.
pub(super) fn credits(frames: &[Frame]) -> Vec<(u16, u32)> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Credit { index, amount, .. } => Some((*index, *amount)),
            _ => None,
        })
        .collect()
}

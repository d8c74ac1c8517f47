//! Frames of streams, for calls that have none.

use super::*;

/// A stream that nobody opened has no frames: neither items and credit (W-31), nor an end (W-32), nor a reader that goes
/// (W-33).
#[test]
fn a_frame_for_a_stream_that_is_not_there_is_a_breach() {
    for frame in [
        Frame::Data { id: 1, index: 1, message: part(1) },
        Frame::Credit { id: 1, index: 1, amount: 1 },
        Frame::Cancel { id: 1, index: 1 },
        Frame::End(End { index: 1, ..status(1, Code::Internal) }),
        Frame::Chunk { id: 1, index: 1, bytes: bytes(1).into() },
    ] {
        let mut server = Bench::server();
        server.hear(small_call(1));
        server.breach(frame);
    }
}

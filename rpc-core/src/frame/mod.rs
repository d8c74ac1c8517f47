//! Frames: what the bytes of a connection are, as `PROTOCOL.md` lays them out.
//!
//! This module knows bytes and limits. It knows nothing of sockets, clocks or codecs.

mod breach;
pub(crate) use breach::{Breach, Reason};

mod field;
pub(crate) use field::{Fields, RequestId};

mod hello;
pub(crate) use hello::Hello;
#[cfg(test)]
pub(crate) use hello::tests::hello;

mod preface;
pub(crate) use preface::PREFACE;

mod encode;
pub(crate) use encode::{
    Head, data_header, put_cancel, put_chunk, put_credit, put_done, put_goaway, put_hello, put_ping, put_pong,
};

mod body;
pub(crate) use body::{Body, Piece};

mod header;

mod decode;
pub(crate) use decode::{Decoder, Take};

#[cfg(test)]
mod golden;

/// The length of a frame's header, in bytes.
pub(crate) const HEADER: usize = 16;
/// The longest payload before the peer's HELLO has come, and the least that a HELLO may announce (W-5, W-12).
pub(crate) const EARLY_FRAME: usize = 65_536;
/// How many calls may be sent before the peer's HELLO has come (W-14).
pub(crate) const EARLY_CALLS: usize = 16;
/// How many bytes of frames may be sent before the peer's HELLO has come (W-14).
pub(crate) const EARLY_BYTES: usize = 65_536;
/// The `last` of a GOAWAY that only announces (W-35).
pub(crate) const ANNOUNCED: u64 = u64::MAX;

/// The kinds of frame, by their number.
pub(crate) mod kind {
    pub(crate) const HELLO: u8 = 0x00;
    pub(crate) const CALL: u8 = 0x02;
    pub(crate) const REPLY: u8 = 0x04;
    pub(crate) const END: u8 = 0x06;
    pub(crate) const DATA: u8 = 0x08;
    pub(crate) const CHUNK: u8 = 0x0A;
    pub(crate) const CREDIT: u8 = 0x0C;
    pub(crate) const CANCEL: u8 = 0x0E;
    pub(crate) const DONE: u8 = 0x10;
    pub(crate) const PING: u8 = 0x12;
    pub(crate) const PONG: u8 = 0x14;
    pub(crate) const GOAWAY: u8 = 0x16;
}

/// The flags of a frame, by their bit.
pub(crate) mod flag {
    pub(crate) const ONEWAY: u8 = 0x01;
    pub(crate) const NOT_EXECUTED: u8 = 0x01;
    pub(crate) const CHUNKED: u8 = 0x02;
    pub(crate) const STREAMS: u8 = 0x04;
    pub(crate) const TYPED: u8 = 0x04;
    pub(crate) const READS: u8 = 0x08;
    pub(crate) const UNKNOWN: u8 = 0x08;
}

/// A frame that has been read and checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame<'a> {
    Hello(Box<Hello>),
    Call(Call<'a>),
    Reply {
        id: u64,
        fields: Fields,
        message: Part<'a>,
    },
    End(End<'a>),
    Data {
        id: u64,
        index: u16,
        message: Part<'a>,
    },
    Chunk {
        id: u64,
        index: u16,
        bytes: Piece<'a>,
    },
    Credit {
        id: u64,
        index: u16,
        amount: u32,
    },
    Cancel {
        id: u64,
        index: u16,
    },
    Done(u32),
    Ping([u8; 8]),
    Pong([u8; 8]),
    Goaway {
        last: u64,
        reason: Reason,
        text: String,
    },
    /// A kind that may be skipped (W-6).
    Skipped,
}

/// A CALL frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call<'a> {
    pub(crate) id: u64,
    /// The place of the codec in the caller's HELLO.
    pub(crate) codec: u16,
    pub(crate) service: u32,
    pub(crate) method: u32,
    pub(crate) oneway: bool,
    /// The caller will send streams.
    pub(crate) streams: bool,
    /// The caller reads a stream.
    pub(crate) reads: bool,
    pub(crate) fields: Fields,
    pub(crate) message: Part<'a>,
}

/// An END frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End<'a> {
    pub(crate) id: u64,
    /// 0 for the answer of the call.
    pub(crate) index: u16,
    pub(crate) code: u16,
    pub(crate) ran: Ran,
    /// The message is the method's own error type.
    pub(crate) typed: bool,
    pub(crate) fields: Fields,
    pub(crate) message: Part<'a>,
}

/// What an END says of whether the handler ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    Yes,
    /// It was not started and never will be (W-22).
    No,
    /// Not by this call; an earlier one with its request id may have started it (W-45).
    Unknown,
}

impl Ran {
    const fn flag(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => flag::NOT_EXECUTED,
            Self::Unknown => flag::UNKNOWN,
        }
    }
}

/// The message of a frame, or its first part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part<'a> {
    /// The length of the whole message where the rest follows in chunks.
    pub(crate) total: Option<u32>,
    pub(crate) bytes: Piece<'a>,
}

#[cfg(test)]
impl Frame<'_> {
    /// The same, apart from the buffer it was read from.
    pub(crate) fn into_owned(self) -> Frame<'static> {
        match self {
            Self::Hello(hello) => Frame::Hello(hello),
            Self::Call(call) => {
                let Call { id, codec, service, method, oneway, streams, reads, fields, message } = call;
                let message = message.into_owned();
                Frame::Call(Call { id, codec, service, method, oneway, streams, reads, fields, message })
            }
            Self::Reply { id, fields, message } => Frame::Reply { id, fields, message: message.into_owned() },
            Self::End(End { id, index, code, ran, typed, fields, message }) => {
                let message = message.into_owned();
                Frame::End(End { id, index, code, ran, typed, fields, message })
            }
            Self::Data { id, index, message } => Frame::Data { id, index, message: message.into_owned() },
            Self::Chunk { id, index, bytes } => Frame::Chunk { id, index, bytes: bytes.into_owned() },
            Self::Credit { id, index, amount } => Frame::Credit { id, index, amount },
            Self::Cancel { id, index } => Frame::Cancel { id, index },
            Self::Done(count) => Frame::Done(count),
            Self::Ping(token) => Frame::Ping(token),
            Self::Pong(token) => Frame::Pong(token),
            Self::Goaway { last, reason, text } => Frame::Goaway { last, reason, text },
            Self::Skipped => Frame::Skipped,
        }
    }
}

#[cfg(test)]
impl Part<'_> {
    fn into_owned(self) -> Part<'static> {
        Part { total: self.total, bytes: self.bytes.into_owned() }
    }
}

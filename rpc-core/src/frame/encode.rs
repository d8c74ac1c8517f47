use std::time::Duration;

use bytes::{BufMut, BytesMut};

use super::{Fields, Hello, PREFACE, Ran, Reason, flag, kind};

/// The head of a frame that carries a message: all of it but fields and message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Head {
    Call {
        id: u64,
        codec: u16,
        service: u32,
        method: u32,
        oneway: bool,
        streams: bool,
        reads: bool,
    },
    Reply {
        id: u64,
    },
    End {
        id: u64,
        index: u16,
        code: u16,
        ran: Ran,
        typed: bool,
    },
    /// It has no fields.
    Data {
        id: u64,
        index: u16,
    },
}

impl Head {
    /// How much of the payload is not message, when it is not chunked.
    #[inline(always)]
    pub(crate) fn overhead(&self, fields: &Fields) -> usize {
        let fixed = match self {
            Self::Call { .. } => 8,
            Self::Reply { .. } => 0,
            Self::End { .. } => 2,
            Self::Data { .. } => return 0,
        };
        fixed + 2 + fields.encoded_len()
    }

    /// Appends a whole frame that has no fields but a deadline.
    ///
    /// Inlined where it is known which head it is: with and without a deadline, what precedes the message then has a
    /// length that the compiler knows, and is put together in registers.
    #[inline(always)]
    pub(crate) fn put_plain(&self, deadline: Option<Duration>, message: &[u8], out: &mut BytesMut) {
        match deadline {
            Some(_) => self.put_whole(&Fields { deadline, ..Fields::default() }, message, out),
            None => self.put_whole(&Fields::default(), message, out),
        }
    }

    #[inline(always)]
    fn put_whole(&self, fields: &Fields, message: &[u8], out: &mut BytesMut) {
        let mut start = Start::new();
        self.begin(self.overhead(fields) + message.len(), 0, &mut start);
        fields.put_short(&mut start);
        out.reserve(start.bytes().len() + message.len());
        out.extend_from_slice(start.bytes());
        out.extend_from_slice(message);
    }

    /// Appends everything up to the message, of which `part` bytes follow in this frame; `total` is the length of the
    /// whole message where it continues in chunks.
    pub(crate) fn put(&self, fields: &Fields, part: usize, total: Option<u32>, out: &mut BytesMut) {
        let length = self.overhead(fields) + if total.is_some() { 4 } else { 0 } + part;
        let chunked = if total.is_some() { flag::CHUNKED } else { 0 };
        let mut start = Start::new();
        self.begin(length, chunked, &mut start);
        if matches!(self, Self::Data { .. }) {
            out.put_slice(start.bytes());
        } else {
            fields.put_short(&mut start);
            out.put_slice(start.bytes());
            fields.put_long(out);
        }
        if let Some(total) = total {
            out.put_u32_le(total);
        }
    }

    /// Puts what comes before the fields.
    #[inline(always)]
    fn begin(&self, length: usize, chunked: u8, start: &mut Start) {
        match *self {
            Self::Call { id, codec, service, method, oneway, streams, reads } => {
                let flags = chunked | bit(oneway, flag::ONEWAY) | bit(streams, flag::STREAMS) | bit(reads, flag::READS);
                start.put(header(length, kind::CALL, flags, codec, id));
                start.put(service.to_le_bytes());
                start.put(method.to_le_bytes());
            }
            Self::Reply { id } => start.put(header(length, kind::REPLY, chunked, 0, id)),
            Self::End { id, index, code, ran, typed } => {
                let flags = chunked | ran.flag() | bit(typed, flag::TYPED);
                start.put(header(length, kind::END, flags, index, id));
                start.put(code.to_le_bytes());
            }
            Self::Data { id, index } => start.put(header(length, kind::DATA, chunked, index, id)),
        }
    }
}

/// The beginning of a frame, put together apart so that the buffer is extended only once.
pub(super) struct Start {
    bytes: [u8; 64],
    len: usize,
}

impl Start {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; 64], len: 0 }
    }

    #[inline]
    pub(super) fn put<const N: usize>(&mut self, part: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + N) {
            place.copy_from_slice(&part);
            self.len += N;
        }
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The header of a CHUNK with `part` bytes, which the caller appends.
pub(crate) fn put_chunk(out: &mut BytesMut, id: u64, index: u16, part: usize) {
    put_header(out, part, kind::CHUNK, 0, index, id);
}

/// The preface and HELLO.
pub(crate) fn put_hello(out: &mut BytesMut, hello: &Hello) {
    let mut payload = BytesMut::new();
    hello.put(&mut payload);
    out.put_slice(&PREFACE);
    put_header(out, payload.len(), kind::HELLO, 0, 0, 0);
    out.put_slice(&payload);
}

pub(crate) fn put_cancel(out: &mut BytesMut, id: u64, index: u16) {
    put_header(out, 0, kind::CANCEL, 0, index, id);
}

pub(crate) fn put_credit(out: &mut BytesMut, id: u64, index: u16, amount: u32) {
    put_header(out, 4, kind::CREDIT, 0, index, id);
    out.put_u32_le(amount);
}

/// The header of a DATA with all of an item of `len` bytes.
#[inline]
pub(crate) fn data_header(id: u64, index: u16, len: usize) -> [u8; super::HEADER] {
    header(len, kind::DATA, 0, index, id)
}

pub(crate) fn put_done(out: &mut BytesMut, count: u32) {
    put_header(out, 4, kind::DONE, 0, 0, 0);
    out.put_u32_le(count);
}

pub(crate) fn put_ping(out: &mut BytesMut, token: [u8; 8]) {
    put_header(out, 8, kind::PING, 0, 0, 0);
    out.put_slice(&token);
}

pub(crate) fn put_pong(out: &mut BytesMut, token: [u8; 8]) {
    put_header(out, 8, kind::PONG, 0, 0, 0);
    out.put_slice(&token);
}

pub(crate) fn put_goaway(out: &mut BytesMut, last: u64, reason: Reason, text: &str) {
    put_header(out, 8 + 2 + text.len(), kind::GOAWAY, 0, 0, 0);
    out.put_u64_le(last);
    out.put_u16_le(reason.number());
    out.put_slice(text.as_bytes());
}

pub(super) fn put_header(out: &mut BytesMut, length: usize, kind: u8, flags: u8, index: u16, call: u64) {
    out.put_slice(&header(length, kind, flags, index, call));
}

#[inline]
fn header(length: usize, kind: u8, flags: u8, index: u16, call: u64) -> [u8; super::HEADER] {
    let first =
        length as u64 & u64::from(u32::MAX) | u64::from(kind) << 32 | u64::from(flags) << 40 | u64::from(index) << 48;
    (u128::from(first) | u128::from(call) << 64).to_le_bytes()
}

const fn bit(set: bool, flag: u8) -> u8 {
    if set { flag } else { 0 }
}

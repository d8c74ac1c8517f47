use bytes::{BufMut, BytesMut};

use super::{Fields, Hello, PREFACE, Reason, flag, kind};

/// The head of a frame that carries a message: all of it but fields and message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Head {
    Call { id: u64, codec: u16, service: u32, method: u32, oneway: bool, streams: bool },
    Reply { id: u64 },
    End { id: u64, index: u16, code: u16, not_executed: bool, typed: bool },
}

impl Head {
    /// How much of the payload is not message, when it is not chunked.
    pub(crate) fn overhead(&self, fields: &Fields) -> usize {
        let fixed = match self {
            Self::Call { .. } => 8,
            Self::Reply { .. } => 0,
            Self::End { .. } => 2,
        };
        fixed + 2 + fields.encoded_len()
    }

    /// Appends everything up to the message, of which `part` bytes follow in this frame; `total` is the length of the
    /// whole message where it continues in chunks.
    pub(crate) fn put(&self, fields: &Fields, part: usize, total: Option<u32>, out: &mut BytesMut) {
        let length = self.overhead(fields) + if total.is_some() { 4 } else { 0 } + part;
        let chunked = if total.is_some() { flag::CHUNKED } else { 0 };
        match *self {
            Self::Call { id, codec, service, method, oneway, streams } => {
                let flags = chunked | bit(oneway, flag::ONEWAY) | bit(streams, flag::STREAMS);
                put_header(out, length, kind::CALL, flags, codec, id);
                out.put_u32_le(service);
                out.put_u32_le(method);
            }
            Self::Reply { id } => put_header(out, length, kind::REPLY, chunked, 0, id),
            Self::End { id, index, code, not_executed, typed } => {
                let flags = chunked | bit(not_executed, flag::NOT_EXECUTED) | bit(typed, flag::TYPED);
                put_header(out, length, kind::END, flags, index, id);
                out.put_u16_le(code);
            }
        }
        fields.put(out);
        if let Some(total) = total {
            out.put_u32_le(total);
        }
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
    let mut header = [0; super::HEADER];
    let mut rest = &mut header[..];
    rest.put_u32_le(length as u32);
    rest.put_u8(kind);
    rest.put_u8(flags);
    rest.put_u16_le(index);
    rest.put_u64_le(call);
    out.put_slice(&header);
}

const fn bit(set: bool, flag: u8) -> u8 {
    if set { flag } else { 0 }
}

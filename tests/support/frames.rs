//! Frames as `PROTOCOL.md` lays them out, written and read without any code of the run time.

/// What each end sends first.
pub const PREFACE: [u8; 8] = [0xF7, b'R', b'P', b'C', 0x0D, 0x0A, 1, 0];

/// The kinds of frame.
pub mod kind {
    #![allow(missing_docs, reason = "the names are those of the table")]
    pub const HELLO: u8 = 0x00;
    pub const CALL: u8 = 0x02;
    pub const REPLY: u8 = 0x04;
    pub const END: u8 = 0x06;
    pub const DATA: u8 = 0x08;
    pub const CHUNK: u8 = 0x0A;
    pub const CREDIT: u8 = 0x0C;
    pub const CANCEL: u8 = 0x0E;
    pub const DONE: u8 = 0x10;
    pub const PING: u8 = 0x12;
    pub const PONG: u8 = 0x14;
    pub const GOAWAY: u8 = 0x16;
}

/// The flags of a frame.
pub mod flag {
    #![allow(missing_docs, reason = "the names are those of the table")]
    pub const ONEWAY: u8 = 0x01;
    pub const NOT_EXECUTED: u8 = 0x01;
    pub const CHUNKED: u8 = 0x02;
    pub const STREAMS: u8 = 0x04;
    pub const TYPED: u8 = 0x04;
    pub const READS: u8 = 0x08;
    pub const UNKNOWN: u8 = 0x08;
}

/// A header and a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// See [`kind`].
    pub kind: u8,
    /// See [`flag`].
    pub flags: u8,
    /// A codec or a stream.
    pub index: u16,
    /// The call's id.
    pub call: u64,
    /// What follows the header.
    pub payload: Vec<u8>,
}

impl Frame {
    /// A frame with this kind, call and payload.
    pub fn new(kind: u8, call: u64, payload: impl Into<Vec<u8>>) -> Self {
        Self { kind, call, payload: payload.into(), ..Self::default() }
    }

    /// The same with flags.
    #[must_use]
    pub fn flags(mut self, flags: u8) -> Self {
        self.flags = flags;
        self
    }

    /// The same with an index.
    #[must_use]
    pub fn index(mut self, index: u16) -> Self {
        self.index = index;
        self
    }

    /// The frame on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = (self.payload.len() as u32).to_le_bytes().to_vec();
        out.extend([self.kind, self.flags]);
        out.extend(self.index.to_le_bytes());
        out.extend(self.call.to_le_bytes());
        out.extend(&self.payload);
        out
    }

    /// Takes a frame off the front of `bytes`, once it is whole.
    pub fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        let header: [u8; 16] = bytes.get(..16)?.try_into().ok()?;
        let length = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
        if bytes.len() < 16 + length {
            return None;
        }
        let payload = bytes[16..16 + length].to_vec();
        bytes.drain(..16 + length);
        Some(Self {
            kind: header[4],
            flags: header[5],
            index: u16::from_le_bytes([header[6], header[7]]),
            call: u64::from_le_bytes(header[8..].try_into().ok()?),
            payload,
        })
    }

    /// The field of a CALL with this tag.
    ///
    /// # Panics
    ///
    /// When it is no CALL.
    pub fn field(&self, tag: u8) -> Option<&[u8]> {
        assert_eq!(self.kind, kind::CALL, "{self:?}");
        let length = u16::from_le_bytes([self.payload[8], self.payload[9]]) as usize;
        let mut fields = &self.payload[10..10 + length];
        while let [found, low, high, rest @ ..] = fields {
            let (value, after) = rest.split_at(u16::from_le_bytes([*low, *high]) as usize);
            if *found == tag {
                return Some(value);
            }
            fields = after;
        }
        None
    }

    /// The code, the flag NOT_EXECUTED and the text of an END.
    ///
    /// # Panics
    ///
    /// When it is none.
    pub fn end(&self) -> (u16, bool, String) {
        assert_eq!(self.kind, kind::END, "{self:?}");
        let fields = u16::from_le_bytes([self.payload[2], self.payload[3]]) as usize;
        let text = String::from_utf8_lossy(&self.payload[4 + fields..]).into_owned();
        (u16::from_le_bytes([self.payload[0], self.payload[1]]), self.flags & flag::NOT_EXECUTED != 0, text)
    }

    /// The last call, the reason and the text of a GOAWAY.
    ///
    /// # Panics
    ///
    /// When it is none.
    pub fn goaway(&self) -> (u64, u16, String) {
        assert_eq!(self.kind, kind::GOAWAY, "{self:?}");
        let last = u64::from_le_bytes(self.payload[..8].try_into().unwrap());
        let reason = u16::from_le_bytes([self.payload[8], self.payload[9]]);
        (last, reason, String::from_utf8_lossy(&self.payload[10..]).into_owned())
    }

    /// The message of a REPLY.
    ///
    /// # Panics
    ///
    /// When it is none.
    pub fn reply(&self) -> &[u8] {
        assert_eq!(self.kind, kind::REPLY, "{self:?}");
        let fields = u16::from_le_bytes([self.payload[0], self.payload[1]]) as usize;
        &self.payload[2 + fields..]
    }
}

/// A HELLO with usual limits.
#[derive(Debug, Clone)]
pub struct Hello {
    /// Who greets.
    pub instance: [u8; 16],
    /// The longest payload taken.
    pub frame: u32,
    /// The longest message taken.
    pub message: u32,
    /// How many calls may be open.
    pub calls: u32,
    /// The sum of unfinished messages.
    pub assembly: u32,
    /// What a stream may send at first.
    pub credit: u32,
    /// The names of the codecs.
    pub codecs: Vec<&'static str>,
}

impl Default for Hello {
    fn default() -> Self {
        Self {
            instance: [9; 16],
            frame: 65_536,
            message: 1 << 20,
            calls: 64,
            assembly: 1 << 22,
            credit: 2048,
            codecs: vec!["json"],
        }
    }
}

impl Hello {
    /// It as a frame.
    pub fn build(&self) -> Frame {
        let mut payload = self.instance.to_vec();
        payload.extend([0; 8]);
        for limit in [self.frame, self.message, self.calls, self.assembly, self.credit] {
            payload.extend(limit.to_le_bytes());
        }
        payload.push(self.codecs.len() as u8);
        for codec in &self.codecs {
            payload.push(codec.len() as u8);
            payload.extend(codec.as_bytes());
        }
        payload.extend([0, 0]);
        Frame::new(kind::HELLO, 0, payload)
    }
}

/// Fields with their total length.
pub fn fields(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut inner = Vec::new();
    for (tag, value) in fields {
        inner.push(*tag);
        inner.extend((value.len() as u16).to_le_bytes());
        inner.extend(*value);
    }
    let mut out = (inner.len() as u16).to_le_bytes().to_vec();
    out.extend(inner);
    out
}

/// A CALL of a method of `Desk` in the first codec.
pub fn call(id: u64, method: &str, message: &str) -> Frame {
    call_with(id, "Desk", method, &fields(&[]), message.as_bytes())
}

/// A CALL with fields, to any service.
pub fn call_with(id: u64, service: &str, method: &str, fields: &[u8], message: &[u8]) -> Frame {
    let mut payload = hash(service).to_le_bytes().to_vec();
    payload.extend(hash(method).to_le_bytes());
    payload.extend(fields);
    payload.extend(message);
    Frame::new(kind::CALL, id, payload)
}

/// The value of a request id (W-43): its number, and the instance it was first sent to.
pub fn request(number: u64, instance: [u8; 16]) -> Vec<u8> {
    [&number.to_le_bytes()[..], &instance].concat()
}

/// A REPLY without fields.
pub fn reply(id: u64, message: &[u8]) -> Frame {
    let mut payload = vec![0, 0];
    payload.extend(message);
    Frame::new(kind::REPLY, id, payload)
}

/// An END without fields.
pub fn end(id: u64, code: u16, text: &[u8]) -> Frame {
    let mut payload = code.to_le_bytes().to_vec();
    payload.extend([0, 0]);
    payload.extend(text);
    Frame::new(kind::END, id, payload)
}

/// A GOAWAY.
pub fn goaway(last: u64, reason: u16, text: &str) -> Frame {
    let mut payload = last.to_le_bytes().to_vec();
    payload.extend(reason.to_le_bytes());
    payload.extend(text.as_bytes());
    Frame::new(kind::GOAWAY, 0, payload)
}

/// The hash that names a service or a method (W-17).
pub fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

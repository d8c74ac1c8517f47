use bytes::{Buf, BytesMut};

use super::body::Payload;
use super::decode::Take;
use super::{Breach, Call, End, Fields, Frame, HEADER, Hello, Part, Ran, Reason, flag, kind};

/// What every frame begins with.
pub(super) struct Header {
    pub(super) length: usize,
    pub(super) kind: u8,
    flags: u8,
    index: u16,
    call: u64,
}

/// Whether a field of the header must be zero for a kind (W-7).
#[derive(PartialEq)]
enum Use {
    Zero,
    Any,
    Above,
}

impl Header {
    #[inline]
    pub(super) fn read(bytes: [u8; HEADER]) -> Self {
        let whole = u128::from_le_bytes(bytes);
        Self {
            length: whole as u32 as usize,
            kind: (whole >> 32) as u8,
            flags: (whole >> 40) as u8,
            index: (whole >> 48) as u16,
            call: (whole >> 64) as u64,
        }
    }

    /// Whether it is of a CALL, a REPLY or a DATA and keeps their rules: nearly every one is.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        let keeps = match self.kind {
            kind::CALL => self.flags & !(flag::ONEWAY | flag::CHUNKED | flag::STREAMS | flag::READS) == 0,
            kind::REPLY => self.flags & !flag::CHUNKED == 0 && self.index == 0,
            kind::DATA => self.flags & !flag::CHUNKED == 0 && self.index > 0,
            _ => false,
        };
        keeps && self.call > 0
    }

    /// W-6 and W-7.
    pub(super) fn check(&self) -> Result<(), Breach> {
        use Use::{Above, Any, Zero};
        let chunked = flag::CHUNKED;
        let (name, flags, index, call) = match self.kind {
            kind::HELLO => ("HELLO", 0, Zero, Zero),
            kind::CALL => ("CALL", flag::ONEWAY | chunked | flag::STREAMS | flag::READS, Any, Above),
            kind::REPLY => ("REPLY", chunked, Zero, Above),
            // W-45: it answers a call, and says nothing else.
            kind::END if self.has(flag::UNKNOWN) => ("END", flag::UNKNOWN | chunked, Zero, Above),
            kind::END => ("END", flag::NOT_EXECUTED | chunked | flag::TYPED, Any, Above),
            kind::DATA => ("DATA", chunked, Above, Above),
            kind::CHUNK => ("CHUNK", 0, Any, Above),
            kind::CREDIT => ("CREDIT", 0, Above, Above),
            kind::CANCEL => ("CANCEL", 0, Any, Above),
            kind::DONE => ("DONE", 0, Zero, Zero),
            kind::PING => ("PING", 0, Zero, Zero),
            kind::PONG => ("PONG", 0, Zero, Zero),
            kind::GOAWAY => ("GOAWAY", 0, Zero, Zero),
            odd if odd % 2 == 1 => return Ok(()),
            other => return Err(Breach::new(format!("frames of kind {other:#04x} are not known here"))),
        };
        let keeps = |rule, value: u64| match rule {
            Zero => value == 0,
            Any => true,
            Above => value > 0,
        };
        if self.flags & !flags != 0 {
            return Err(Breach::new(format!("{name} with flags {:#04x}", self.flags)));
        }
        if !keeps(index, self.index.into()) {
            return Err(Breach::new(format!("{name} with index {}", self.index)));
        }
        if !keeps(call, self.call) {
            return Err(Breach::new(format!("{name} with call {}", self.call)));
        }
        Ok(())
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// What the flags of an END say.
    fn ran(&self) -> Ran {
        if self.has(flag::UNKNOWN) {
            return Ran::Unknown;
        }
        if self.has(flag::NOT_EXECUTED) { Ran::No } else { Ran::Yes }
    }

    /// Passes on a long frame, cut out of the buffer that it is the first of.
    #[inline(never)]
    pub(super) fn cut_frame(&self, buffer: &mut BytesMut, taker: &mut impl Take) -> Result<(), Breach> {
        buffer.advance(HEADER);
        self.frame(buffer.split_to(self.length).freeze(), taker)
    }

    /// Passes on the frame that begins so and has this payload.
    ///
    /// Nearly every frame has all of a message, and no field but a deadline. Such frames are passed on by themselves: their
    /// parts need not be put together in memory, to be taken apart again.
    #[inline(always)]
    pub(super) fn frame<'a, P: Payload<'a>>(&self, mut payload: P, taker: &mut impl Take) -> Result<(), Breach> {
        let Self { call: id, index, .. } = *self;
        let whole = |payload: P| Part { total: None, bytes: payload.into_piece() };
        match self.kind {
            _ if self.has(flag::CHUNKED) => {}
            kind::CALL => {
                if let Some((names, rest)) = payload.split_first_chunk()
                    && let Some((deadline, length)) = Fields::lone_deadline(rest)
                {
                    let names = u64::from_le_bytes(*names);
                    payload.advance(8 + length);
                    return taker.take(Frame::Call(Call {
                        id,
                        codec: index,
                        service: names as u32,
                        method: (names >> 32) as u32,
                        oneway: self.has(flag::ONEWAY),
                        streams: self.has(flag::STREAMS),
                        reads: self.has(flag::READS),
                        fields: Fields { deadline, ..Fields::default() },
                        message: whole(payload),
                    }));
                }
            }
            kind::REPLY => {
                if let Some((deadline, length)) = Fields::lone_deadline(&payload) {
                    payload.advance(length);
                    let fields = Fields { deadline, ..Fields::default() };
                    return taker.take(Frame::Reply { id, fields, message: whole(payload) });
                }
            }
            kind::DATA => return taker.take(Frame::Data { id, index, message: whole(payload) }),
            _ => {}
        }
        taker.take(self.any_frame(payload)?)
    }

    /// The frame, whatever its fields and whether all of its message is there.
    #[inline(never)]
    fn any_frame<'a, P: Payload<'a>>(&self, mut payload: P) -> Result<Frame<'a>, Breach> {
        let Self { call: id, index, .. } = *self;
        Ok(match self.kind {
            kind::CALL => Frame::Call(Call {
                id,
                codec: index,
                service: take(&mut payload, Buf::try_get_u32_le)?,
                method: take(&mut payload, Buf::try_get_u32_le)?,
                oneway: self.has(flag::ONEWAY),
                streams: self.has(flag::STREAMS),
                reads: self.has(flag::READS),
                fields: take_fields(&mut payload)?,
                message: self.part(payload)?,
            }),
            kind::REPLY => {
                let fields = take_fields(&mut payload)?;
                Frame::Reply { id, fields, message: self.part(payload)? }
            }
            kind::DATA => Frame::Data { id, index, message: self.part(payload)? },
            kind::HELLO => Frame::Hello(Box::new(Hello::read(&payload)?)),
            kind::END => Frame::End(End {
                id,
                index,
                code: take(&mut payload, Buf::try_get_u16_le)?,
                ran: self.ran(),
                typed: self.has(flag::TYPED),
                fields: take_fields(&mut payload)?,
                message: self.part(payload)?,
            }),
            kind::CHUNK if payload.is_empty() => return Err(Breach::new("an empty CHUNK")),
            kind::CHUNK => Frame::Chunk { id, index, bytes: payload.into_piece() },
            kind::CREDIT => match u32::from_le_bytes(whole(&payload)?) {
                0 => return Err(Breach::new("CREDIT of 0")),
                amount => Frame::Credit { id, index, amount },
            },
            kind::CANCEL => {
                let [] = whole(&payload)?;
                Frame::Cancel { id, index }
            }
            kind::DONE => match u32::from_le_bytes(whole(&payload)?) {
                0 => return Err(Breach::new("DONE of 0")),
                count => Frame::Done(count),
            },
            kind::PING => Frame::Ping(whole(&payload)?),
            kind::PONG => Frame::Pong(whole(&payload)?),
            kind::GOAWAY => Frame::Goaway {
                last: take(&mut payload, Buf::try_get_u64_le)?,
                reason: Reason::from_number(take(&mut payload, Buf::try_get_u16_le)?),
                text: String::from_utf8_lossy(&payload).into_owned(),
            },
            _ => Frame::Skipped,
        })
    }

    /// The message that `payload` is, or begins (W-26, W-27).
    fn part<'a, P: Payload<'a>>(&self, payload: P) -> Result<Part<'a>, Breach> {
        if self.has(flag::CHUNKED) {
            return self.first_part(payload);
        }
        Ok(Part { total: None, bytes: payload.into_piece() })
    }

    fn first_part<'a, P: Payload<'a>>(&self, mut payload: P) -> Result<Part<'a>, Breach> {
        let total = take(&mut payload, Buf::try_get_u32_le)?;
        if payload.len() as u64 >= u64::from(total) {
            return Err(Breach::new(format!("a chunked message of {total} bytes begins with {}", payload.len())));
        }
        Ok(Part { total: Some(total), bytes: payload.into_piece() })
    }
}

fn take<P, T, E>(payload: &mut P, get: impl FnOnce(&mut P) -> Result<T, E>) -> Result<T, Breach> {
    get(payload).map_err(|_| short())
}

fn take_fields<'a, P: Payload<'a>>(payload: &mut P) -> Result<Fields, Breach> {
    let length = usize::from(take(payload, Buf::try_get_u16_le)?);
    if length > payload.len() {
        return Err(short());
    }
    Fields::read(&payload.split_to(length))
}

/// The payload of a kind that has exactly `N` bytes (W-8).
fn whole<const N: usize>(payload: &[u8]) -> Result<[u8; N], Breach> {
    <[u8; N]>::try_from(payload)
        .map_err(|_| Breach::new(format!("a payload of {} bytes should have {N}", payload.len())))
}

#[cold]
fn short() -> Breach {
    Breach::new("a payload is shorter than its kind needs")
}

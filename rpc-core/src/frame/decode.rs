use bytes::{Buf as _, BytesMut};

use super::header::Header;
use super::{Breach, EARLY_FRAME, Frame, HEADER, PREFACE, kind, preface};

/// A frame with a payload up to this length is read where it lies, and its message is copied where that is short.
const IN_PLACE: usize = 256;

/// Where frames go.
pub(crate) trait Take {
    /// Takes in a frame. To be inlined: its kind is known where it comes from.
    ///
    /// # Errors
    ///
    /// When the peer broke a rule of the wire.
    fn take(&mut self, frame: Frame<'_>) -> Result<(), Breach>;
}

/// Reads frames off the front of a buffer as their bytes come.
///
/// Every length is checked before anyone makes room for it, and a frame is taken only when it is whole.
#[derive(Debug)]
pub(crate) struct Decoder {
    stage: Stage,
    /// The longest payload taken after the HELLO.
    frame_limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Preface,
    Hello,
    Frames,
}

impl Decoder {
    pub(crate) fn new(frame_limit: usize) -> Self {
        Self { stage: Stage::Preface, frame_limit }
    }

    /// Passes the next frame on to `taker`, once `buffer` holds all of it. Says whether it does.
    #[inline]
    pub(crate) fn decode_to(&mut self, buffer: &mut BytesMut, taker: &mut impl Take) -> Result<bool, Breach> {
        if self.stage == Stage::Preface && !self.take_preface(buffer)? {
            return Ok(false);
        }
        let Some(header) = buffer.first_chunk::<HEADER>() else {
            return Ok(false);
        };
        let header = Header::read(*header);
        self.check(&header)?;
        if buffer.len() < HEADER + header.length {
            return Ok(false);
        }
        if header.kind == kind::HELLO {
            self.stage = Stage::Frames;
        }
        if header.length > IN_PLACE {
            return header.cut_frame(buffer, taker).map(|()| true);
        }
        let end = HEADER + header.length;
        let taken = header.frame(buffer.get(HEADER..end).unwrap_or_default(), taker);
        buffer.advance(end);
        taken.map(|()| true)
    }

    #[cold]
    fn take_preface(&mut self, buffer: &mut BytesMut) -> Result<bool, Breach> {
        let is_whole = preface::check(buffer)?;
        if is_whole {
            buffer.advance(PREFACE.len());
            self.stage = Stage::Hello;
        }
        Ok(is_whole)
    }

    /// The next frame, once `buffer` holds all of it.
    #[cfg(test)]
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame<'static>>, Breach> {
        let mut taken = Taken(None);
        self.decode_to(buffer, &mut taken)?;
        Ok(taken.0)
    }

    /// How many bytes are missing for the frame that `buffer` begins with, as far as can be told.
    pub(crate) fn missing(&self, buffer: &[u8]) -> usize {
        if self.stage == Stage::Preface {
            // What comes first is no header.
            return (PREFACE.len() + HEADER).saturating_sub(buffer.len());
        }
        let Some(header) = buffer.first_chunk::<HEADER>() else {
            return HEADER.saturating_sub(buffer.len());
        };
        (HEADER + Header::read(*header).length.min(self.frame_limit)).saturating_sub(buffer.len())
    }

    #[inline]
    fn check(&self, header: &Header) -> Result<(), Breach> {
        if self.stage == Stage::Frames && header.length <= self.frame_limit && header.is_plain() {
            return Ok(());
        }
        self.check_any(header)
    }

    #[cold]
    fn check_any(&self, header: &Header) -> Result<(), Breach> {
        if self.stage == Stage::Hello && header.kind != kind::HELLO && header.kind != kind::GOAWAY {
            return Err(Breach::new("the first frame is not HELLO"));
        }
        if self.stage == Stage::Frames && header.kind == kind::HELLO {
            return Err(Breach::new("a second HELLO"));
        }
        let limit = if self.stage == Stage::Hello { EARLY_FRAME } else { self.frame_limit };
        if header.length > limit {
            return Err(Breach::new(format!("a frame of {} bytes is over the limit of {limit}", header.length)));
        }
        header.check()
    }
}

/// A frame that is kept.
#[cfg(test)]
struct Taken(Option<Frame<'static>>);

#[cfg(test)]
impl Take for Taken {
    fn take(&mut self, frame: Frame<'_>) -> Result<(), Breach> {
        self.0 = Some(frame.into_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::put_header;
    use super::super::{Fields, Reason, RequestId, flag, hello, put_cancel, put_hello, put_ping};
    use super::*;

    fn open() -> (Decoder, BytesMut) {
        let mut decoder = Decoder::new(EARLY_FRAME);
        let mut buffer = BytesMut::new();
        put_hello(&mut buffer, &hello());
        assert!(matches!(decoder.decode(&mut buffer), Ok(Some(Frame::Hello(_)))));
        (decoder, buffer)
    }

    /// The same frames come out however the bytes are cut.
    #[test]
    fn bytes_may_be_cut_anywhere() {
        let mut stream = BytesMut::new();
        put_hello(&mut stream, &hello());
        put_ping(&mut stream, [1; 8]);
        put_cancel(&mut stream, 3, 0);
        for step in 1..stream.len() {
            let mut decoder = Decoder::new(EARLY_FRAME);
            let mut buffer = BytesMut::new();
            let mut frames = Vec::new();
            for piece in stream.chunks(step) {
                buffer.extend_from_slice(piece);
                while let Some(frame) = decoder.decode(&mut buffer).unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames.len(), 3, "step {step}");
            assert_eq!(frames[2], Frame::Cancel { id: 3, index: 0 });
            assert!(buffer.is_empty());
        }
    }

    /// W-5: at the limit, and one past it; before HELLO and after.
    #[test]
    fn a_length_over_the_limit_is_a_breach_before_its_bytes_come() {
        let (mut decoder, mut buffer) = open();
        put_header(&mut buffer, EARLY_FRAME, kind::CHUNK, 0, 0, 1);
        assert_eq!(decoder.decode(&mut buffer), Ok(None));
        assert_eq!(decoder.missing(&buffer), EARLY_FRAME);

        let (mut decoder, mut buffer) = open();
        put_header(&mut buffer, EARLY_FRAME + 1, kind::CHUNK, 0, 0, 1);
        assert!(decoder.decode(&mut buffer).is_err());

        let mut early = BytesMut::from(&PREFACE[..]);
        put_header(&mut early, EARLY_FRAME + 1, kind::HELLO, 0, 0, 0);
        assert!(Decoder::new(1 << 20).decode(&mut early).is_err());
    }

    /// Read as a header, the preface would say that the connection begins with a very long frame.
    #[test]
    fn no_room_is_made_for_the_preface_but_its_own() {
        let decoder = Decoder::new(1 << 20);
        let mut buffer = BytesMut::new();
        assert_eq!(decoder.missing(&buffer), PREFACE.len() + HEADER);
        put_hello(&mut buffer, &hello());
        assert_eq!(decoder.missing(&buffer), 0);
    }

    /// W-6.
    #[test]
    fn an_unknown_odd_kind_is_skipped_and_an_even_one_is_a_breach() {
        let (mut decoder, mut buffer) = open();
        put_header(&mut buffer, 0, 0x55, 0xFF, 9, 9);
        assert_eq!(decoder.decode(&mut buffer), Ok(Some(Frame::Skipped)));
        put_header(&mut buffer, 0, 0x56, 0, 0, 0);
        assert!(decoder.decode(&mut buffer).is_err());
    }

    /// W-7, W-8, W-45.
    #[test]
    fn what_a_kind_does_not_use_is_zero_and_payloads_have_their_length() {
        let bad: [(u8, u8, u16, u64, &[u8]); 17] = [
            (kind::PING, 1, 0, 0, &[0; 8]),
            (kind::PING, 0, 1, 0, &[0; 8]),
            (kind::PING, 0, 0, 1, &[0; 8]),
            (kind::PING, 0, 0, 0, &[0; 7]),
            (kind::PONG, 0, 0, 0, &[0; 9]),
            (kind::CALL, 0x80, 0, 1, &[0; 10]),
            (kind::CALL, 0, 0, 0, &[0; 10]),
            (kind::CALL, 0, 0, 1, &[0; 9]),
            (kind::REPLY, 0, 1, 1, &[0; 2]),
            (kind::CANCEL, 0, 0, 1, &[0]),
            (kind::DONE, 0, 0, 0, &[0; 4]),
            (kind::CREDIT, 0, 0, 1, &[1, 0, 0, 0]),
            (kind::CREDIT, 0, 1, 1, &[0; 4]),
            (kind::DATA, 0, 0, 1, &[]),
            (kind::END, 0x09, 0, 1, &[10, 0, 0, 0]),
            (kind::END, 0x0C, 0, 1, &[10, 0, 0, 0]),
            (kind::END, 0x08, 1, 1, &[10, 0, 0, 0]),
        ];
        for (kind, flags, index, call, payload) in bad {
            let (mut decoder, mut buffer) = open();
            put_header(&mut buffer, payload.len(), kind, flags, index, call);
            buffer.extend_from_slice(payload);
            assert!(decoder.decode(&mut buffer).is_err(), "{kind:#04x} {flags} {index} {call} {payload:?}");
        }
    }

    /// W-26, W-27.
    #[test]
    fn a_chunked_message_is_longer_than_its_first_frame() {
        for (total, first, fits) in [(2u32, 1usize, true), (1, 0, true), (1, 1, false), (0, 0, false), (1, 2, false)] {
            let (mut decoder, mut buffer) = open();
            put_header(&mut buffer, 2 + 4 + first, kind::REPLY, flag::CHUNKED, 0, 1);
            buffer.extend_from_slice(&[0, 0]);
            buffer.extend_from_slice(&total.to_le_bytes());
            buffer.extend_from_slice(&vec![0; first]);
            assert_eq!(decoder.decode(&mut buffer).is_ok(), fits, "{total} {first}");
        }
    }

    /// W-12.
    #[test]
    fn hello_comes_first_and_once() {
        let mut buffer = BytesMut::from(&PREFACE[..]);
        put_ping(&mut buffer, [0; 8]);
        assert!(Decoder::new(EARLY_FRAME).decode(&mut buffer).is_err());

        let (mut decoder, mut buffer) = open();
        let mut again = BytesMut::new();
        put_hello(&mut again, &hello());
        buffer.extend_from_slice(&again[PREFACE.len()..]);
        assert!(decoder.decode(&mut buffer).is_err());
    }

    /// Every frame with every bit flipped: an answer or a breach, never a panic.
    #[test]
    fn no_flipped_bit_panics() {
        let mut stream = BytesMut::new();
        put_hello(&mut stream, &hello());
        put_ping(&mut stream, [1; 8]);
        super::super::put_goaway(&mut stream, 7, Reason::Shutdown, "bye");
        let head = super::super::Head::Call {
            id: 1,
            codec: 0,
            service: 1,
            method: 2,
            oneway: false,
            streams: false,
            reads: false,
        };
        let request = Some(Box::new(RequestId { number: 7, instance: [0; 16] }));
        head.put(&Fields { attempt: 1, request, ..Fields::default() }, 0, None, &mut stream);
        for bit in 0..stream.len() * 8 {
            let mut flipped = stream.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = Decoder::new(EARLY_FRAME);
            while let Ok(Some(_)) = decoder.decode(&mut flipped) {}
        }
    }
}

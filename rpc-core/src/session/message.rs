use std::cell::RefCell;

use bytes::Bytes;
use rpc_codec::Output;

use crate::frame::EARLY_FRAME;

/// Pieces shorter than this are copied into the write buffer; longer ones are shared on their way to the transport.
pub(super) const COPIED: usize = 16 * 1024;
/// What has no long pieces fits into a frame, whatever the peer takes.
const _: () = assert!(COPIED + 64 < EARLY_FRAME);

/// An encoded message, kept by its call until that is answered.
///
/// A short one is a plain vector, which costs one allocation; long pieces are shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// `None` where the tail is all there is.
    segments: Option<Box<Segments>>,
    /// What follows the segments; shorter than [`COPIED`].
    tail: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Segments {
    pieces: Vec<Bytes>,
    len: usize,
}

impl Message {
    pub(crate) fn len(&self) -> usize {
        self.segments.as_ref().map_or(0, |segments| segments.len) + self.tail.len()
    }

    /// The same bytes in memory of their own.
    pub(super) fn copy(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.len());
        self.segments().iter().for_each(|segment| bytes.extend_from_slice(segment));
        bytes.extend_from_slice(&self.tail);
        bytes.into()
    }

    /// All of a message that is short.
    #[inline]
    pub(super) fn short(&self) -> Option<&[u8]> {
        self.segments.is_none().then_some(&*self.tail)
    }

    /// The pieces before the last.
    pub(super) fn segments(&self) -> &[Bytes] {
        self.segments.as_ref().map_or(&[], |segments| &segments.pieces)
    }

    /// The last piece, which is short.
    pub(super) fn tail(&self) -> &[u8] {
        &self.tail
    }

    fn new(mut pieces: Vec<Bytes>, mut tail: Vec<u8>) -> Self {
        if tail.len() >= COPIED {
            pieces.push(std::mem::take(&mut tail).into());
        }
        if pieces.is_empty() {
            return Self { segments: None, tail };
        }
        let len = pieces.iter().map(Bytes::len).sum();
        Self { segments: Some(Box::new(Segments { pieces, len })), tail }
    }
}

/// Room for most messages, so that a buffer need not grow.
const ROOM: usize = 128;
/// A buffer that has grown beyond this is not kept for another message.
const KEPT_ROOM: usize = 1024;
/// How many buffers a thread keeps.
const KEPT: usize = 64;

thread_local! {
    /// Buffers of messages that are gone: nearly every call needs one, for a moment.
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

impl Message {
    /// Where a message is written.
    pub(crate) fn output() -> Output {
        // While a thread ends there are no buffers.
        let kept = BUFFERS.try_with(|buffers| buffers.borrow_mut().pop());
        Output::with_buffer(kept.ok().flatten().unwrap_or_else(|| Vec::with_capacity(ROOM)))
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.tail);
        if (ROOM..=KEPT_ROOM).contains(&buffer.capacity()) {
            let _ = BUFFERS.try_with(|buffers| {
                let mut buffers = buffers.borrow_mut();
                if buffers.len() < KEPT {
                    buffers.push(buffer);
                }
            });
        }
    }
}

impl From<Output> for Message {
    #[inline]
    fn from(output: Output) -> Self {
        match output.into_buffer() {
            Ok(tail) => tail.into(),
            Err(output) => {
                let (segments, tail) = output.into_parts();
                Self::new(segments, tail)
            }
        }
    }
}

impl From<Vec<u8>> for Message {
    #[inline]
    fn from(bytes: Vec<u8>) -> Self {
        // Nearly every message is short, and one piece.
        if bytes.len() < COPIED { Self { segments: None, tail: bytes } } else { Self::new(Vec::new(), bytes) }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

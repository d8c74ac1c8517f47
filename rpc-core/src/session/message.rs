use bytes::Bytes;
use rpc_codec::Output;

/// Pieces shorter than this are copied into the write buffer; longer ones are shared on their way to the transport.
pub(super) const COPIED: usize = 16 * 1024;

/// An encoded message, kept by its call until that is answered.
///
/// A short one is a plain vector, which costs one allocation; long pieces are shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    segments: Vec<Bytes>,
    /// What follows the segments; shorter than [`COPIED`].
    tail: Vec<u8>,
    len: usize,
}

impl Message {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The pieces before the last.
    pub(super) fn segments(&self) -> &[Bytes] {
        &self.segments
    }

    /// The last piece, which is short.
    pub(super) fn tail(&self) -> &[u8] {
        &self.tail
    }

    fn new(mut segments: Vec<Bytes>, mut tail: Vec<u8>) -> Self {
        if tail.len() >= COPIED {
            segments.push(std::mem::take(&mut tail).into());
        }
        let len = segments.iter().map(Bytes::len).sum::<usize>() + tail.len();
        Self { segments, tail, len }
    }
}

impl From<Output> for Message {
    fn from(output: Output) -> Self {
        let (segments, tail) = output.into_parts();
        Self::new(segments, tail)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(Vec::new(), bytes)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

use bytes::{Bytes, BytesMut};
use rpc_codec::Output;

/// An encoded message: segments that are shared, never copied to be kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    first: Bytes,
    /// What follows `first`; most messages have one segment.
    rest: Vec<Bytes>,
    len: usize,
}

impl Message {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.first).chain(&self.rest).filter(|segment| !segment.is_empty())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self { len: bytes.len(), first: bytes, rest: Vec::new() }
    }
}

impl From<Output> for Message {
    fn from(output: Output) -> Self {
        let len = output.len();
        if output.as_slice().is_some() {
            return Self { first: output.into_bytes(), rest: Vec::new(), len };
        }
        let mut segments = output.into_segments();
        let first = segments.next().unwrap_or_default();
        Self { first, rest: segments.collect(), len }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<BytesMut> for Message {
    fn from(bytes: BytesMut) -> Self {
        bytes.freeze().into()
    }
}

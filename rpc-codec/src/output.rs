use std::{io, mem};

use bytes::Bytes;

/// The smallest shared piece that is worth its own segment; shorter ones are copied.
const SHARED_MIN: usize = 16 * 1024;

/// Where a codec writes a message: a growing buffer that can also take whole [`Bytes`] without copying them.
#[derive(Debug, Default)]
pub struct Output {
    /// What has been copied, behind what is shared. A plain vector, since formats write a byte or two at a time and it
    /// takes those best.
    tail: Vec<u8>,
    /// `None` as long as nothing is, as in most messages.
    shared: Option<Box<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Finished segments, in order, before the tail.
    segments: Vec<Bytes>,
    /// The sum of the lengths of `segments`.
    finished: usize,
    /// Values about to be encoded whose bytes are already shared.
    lent: Vec<Bytes>,
}

impl Output {
    /// An empty output that has allocated nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty output with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { tail: Vec::with_capacity(capacity), ..Self::default() }
    }

    /// An empty output that writes into `buffer`, whose contents are dropped and whose memory is used again.
    pub fn with_buffer(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self { tail: buffer, ..Self::default() }
    }

    /// The bytes written so far.
    pub fn len(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.finished) + self.tail.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a copy of `bytes`, or shares them when they are (a part of) something that was [lent](Self::lend).
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        if bytes.len() >= SHARED_MIN {
            return self.put_large(bytes);
        }
        self.tail.extend_from_slice(bytes);
    }

    /// Appends bytes that do not lie side by side.
    #[inline]
    pub(crate) fn extend(&mut self, bytes: impl Iterator<Item = u8>) {
        self.tail.extend(bytes);
    }

    /// Apart from [`put`](Self::put), which formats call for every byte or two.
    #[cold]
    fn put_large(&mut self, bytes: &[u8]) {
        let mut lent = self.shared.iter().flat_map(|shared| &shared.lent);
        match lent.find(|lent| contains(lent, bytes)) {
            Some(lent) => {
                let shared = lent.slice_ref(bytes);
                self.put_shared(shared);
            }
            None => self.tail.extend_from_slice(bytes),
        }
    }

    /// Appends `bytes` as a segment of their own, without copying them, unless they are short.
    pub fn put_shared(&mut self, bytes: Bytes) {
        if bytes.len() < SHARED_MIN {
            self.tail.extend_from_slice(&bytes);
            return;
        }
        self.finish_tail();
        self.push(bytes);
    }

    /// Announces that the value about to be encoded holds these bytes, so that [`put`](Self::put) can share them.
    ///
    /// serde shows a serializer only a slice; this is how that slice finds its way back to its owner.
    pub fn lend(&mut self, bytes: Bytes) {
        if bytes.len() >= SHARED_MIN {
            self.shared.get_or_insert_default().lent.push(bytes);
        }
    }

    /// The message as the vector that it was written to, where none of it is shared.
    ///
    /// # Errors
    ///
    /// The output, where some is.
    #[inline]
    pub fn into_buffer(self) -> Result<Vec<u8>, Self> {
        if self.shared.is_some() { Err(self) } else { Ok(self.tail) }
    }

    /// The message as it lies: the segments, in order, and what was copied after them.
    pub fn into_parts(self) -> (Vec<Bytes>, Vec<u8>) {
        (self.shared.map(|shared| shared.segments).unwrap_or_default(), self.tail)
    }

    /// The message as segments, in order.
    pub fn into_segments(mut self) -> impl Iterator<Item = Bytes> {
        self.finish_tail();
        self.into_parts().0.into_iter()
    }

    /// The message in one piece; copies only when there is more than one segment.
    pub fn into_bytes(mut self) -> Bytes {
        if self.as_slice().is_some() {
            return self.tail.into();
        }
        self.finish_tail();
        let (segments, _) = self.into_parts();
        if let [only] = segments.as_slice() {
            return only.clone();
        }
        Bytes::from(segments.concat())
    }

    /// The message as one slice, where it has not been split into segments.
    pub fn as_slice(&self) -> Option<&[u8]> {
        let is_split = self.shared.as_ref().is_some_and(|shared| !shared.segments.is_empty());
        (!is_split).then_some(&self.tail)
    }

    /// Forgets what was written and keeps the buffer.
    #[inline]
    pub fn clear(&mut self) {
        self.shared = None;
        self.tail.clear();
    }

    fn finish_tail(&mut self) {
        if !self.tail.is_empty() {
            let tail = mem::take(&mut self.tail);
            self.push(tail.into());
        }
    }

    fn push(&mut self, segment: Bytes) {
        let shared = self.shared.get_or_insert_default();
        shared.finished += segment.len();
        shared.segments.push(segment);
    }
}

impl io::Write for Output {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether `part` lies within `whole`, by address.
pub(crate) fn contains(whole: &Bytes, part: &[u8]) -> bool {
    let whole = whole.as_ptr_range();
    let part = part.as_ptr_range();
    whole.start <= part.start && part.end <= whole.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lent_slice_is_shared_and_a_stranger_is_copied() {
        let large = Bytes::from(vec![7; SHARED_MIN]);
        let mut output = Output::new();
        output.lend(large.clone());
        output.put(b"head");
        output.put(&large);
        output.put(&vec![7; SHARED_MIN]);
        assert_eq!(output.len(), 4 + 2 * SHARED_MIN);
        let segments: Vec<Bytes> = output.into_segments().collect();
        assert_eq!(segments.len(), 3);
        assert_eq!(segments[1].as_ptr(), large.as_ptr());
        assert_ne!(segments[2].as_ptr(), large.as_ptr());
    }

    #[test]
    fn into_bytes_keeps_the_order() {
        let mut output = Output::new();
        output.put(b"ab");
        output.put_shared(Bytes::from(vec![b'c'; SHARED_MIN]));
        output.put(b"d");
        let whole = output.into_bytes();
        assert_eq!(&whole[..3], b"abc");
        assert_eq!(whole.len(), 3 + SHARED_MIN);
        assert_eq!(whole.last(), Some(&b'd'));
    }
}

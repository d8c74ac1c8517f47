use std::fmt;
use std::ops::Deref;

use bytes::{Buf, Bytes};

/// The most that is copied, in bytes: a [`Body`] then takes 112.
const SHORT: usize = 110;

/// The bytes of a message as they came.
///
/// A short one is copied out of the read buffer. To share the buffer would cost more: its count of holders is changed
/// from two threads at once, and it cannot be filled anew while one of them is left.
#[derive(Clone)]
pub(crate) enum Body {
    Short { len: u8, bytes: [u8; SHORT] },
    Shared(Bytes),
}

impl Body {
    pub(crate) const EMPTY: Self = Self::Short { len: 0, bytes: [0; SHORT] };

    /// The buffer that a long one shares.
    pub(crate) fn shared(&self) -> Option<&Bytes> {
        match self {
            Self::Short { .. } => None,
            Self::Shared(bytes) => Some(bytes),
        }
    }

    /// Puts a message where an empty one is. What is short is copied to where it stays: to move it at once would mean to
    /// wait for the copy.
    #[inline]
    pub(crate) fn put(&mut self, message: Piece<'_>) {
        let bytes = match message {
            Piece::Cut(bytes) if bytes.len() > SHORT => return *self = Self::Shared(bytes),
            Piece::Cut(ref bytes) => bytes,
            Piece::Lying(bytes) => bytes,
        };
        if let Self::Short { len, bytes: short } = self
            && let Some(place) = short.get_mut(..bytes.len())
        {
            place.copy_from_slice(bytes);
            *len = bytes.len() as u8;
            return;
        }
        *self = Self::Shared(Bytes::copy_from_slice(bytes));
    }
}

impl Deref for Body {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl From<Piece<'_>> for Body {
    fn from(message: Piece<'_>) -> Self {
        let mut body = Self::EMPTY;
        body.put(message);
        body
    }
}

impl From<Bytes> for Body {
    fn from(message: Bytes) -> Self {
        Piece::Cut(message).into()
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
impl PartialEq<Bytes> for Body {
    fn eq(&self, other: &Bytes) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The contents are not shown: they may be secret, or long.
        write!(f, "Body({} bytes)", self.len())
    }
}

/// Bytes of a message as a frame shows them: where they lie in the read buffer, or cut out of it where they are many.
#[derive(Clone)]
pub(crate) enum Piece<'a> {
    Lying(&'a [u8]),
    Cut(Bytes),
}

#[cfg(test)]
impl Piece<'_> {
    pub(crate) fn into_owned(self) -> Piece<'static> {
        match self {
            Self::Lying(bytes) => Piece::Cut(Bytes::copy_from_slice(bytes)),
            Self::Cut(bytes) => Piece::Cut(bytes),
        }
    }
}

impl Deref for Piece<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Lying(bytes) => bytes,
            Self::Cut(bytes) => bytes,
        }
    }
}

impl From<Bytes> for Piece<'_> {
    fn from(bytes: Bytes) -> Self {
        Self::Cut(bytes)
    }
}

impl PartialEq for Piece<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Piece({} bytes)", self.len())
    }
}

/// The payload of a frame, from which its parts are taken one after the other.
pub(super) trait Payload<'a>: Buf + Deref<Target = [u8]> + Sized {
    /// The next part.
    fn split_to(&mut self, len: usize) -> Self;

    /// The rest.
    fn into_piece(self) -> Piece<'a>;
}

/// A short frame is read where it lies.
impl<'a> Payload<'a> for &'a [u8] {
    #[inline]
    fn split_to(&mut self, len: usize) -> Self {
        self.split_off(..len).unwrap_or_default()
    }

    #[inline]
    fn into_piece(self) -> Piece<'a> {
        Piece::Lying(self)
    }
}

/// A long frame is cut out of the read buffer.
impl<'a> Payload<'a> for Bytes {
    fn split_to(&mut self, len: usize) -> Self {
        // `Bytes` would panic past its end.
        Self::split_to(self, len.min(self.len()))
    }

    fn into_piece(self) -> Piece<'a> {
        Piece::Cut(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At what is copied, and one past it.
    #[test]
    fn a_short_body_is_a_copy_and_a_long_one_shares() {
        let bytes = Bytes::from(vec![7; SHORT + 1]);
        let short: Body = bytes.slice(1..).into();
        assert!(short.shared().is_none());
        assert_eq!(short, bytes.slice(1..));
        let long: Body = bytes.clone().into();
        assert_eq!(long.shared().map(|shared| shared.as_ptr()), Some(bytes.as_ptr()));
        assert_eq!(Body::from(Piece::Lying(&bytes)), bytes);
        assert!(Body::from(Piece::Lying(&bytes[1..])).shared().is_none());
        assert!(Body::EMPTY.is_empty() && size_of::<Body>() == 112);
    }
}

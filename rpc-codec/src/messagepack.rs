use std::io;

use rmp_serde::config::{BytesMode, SerializerConfig};
use rmp_serde::{decode, encode};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Visitor};
use serde::ser::Serialize;

use crate::bounded::{Bounded, Budget, Dialect};
use crate::{Codec, DecodeError, EncodeError, Output};

/// MessagePack: small, quick, and open to new fields. The default format.
///
/// `MessagePack::default()` writes structs as maps from field names, so that fields can be added and reordered;
/// [`compact`](Self::compact) leaves the names out. Both read both, so both have one name: `messagepack`.
///
/// | type | written as |
/// | --- | --- |
/// | `Vec<u8>`, `&[u8]` and other byte types, however nested | bin; an array of integers is read too. An empty one that is not [marked](crate::bytes) as bytes is an empty array, since nothing in it shows its type |
/// | `[u8; N]` | an array of integers; bin is read too |
/// | `u128`, `i128` | bin of 16 bytes, big-endian |
/// | enums | the variant's name, or a map from it to the content |
/// | `None`, `()` | nil: `Some(None)` and `Some(())` are read back as `None` |
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessagePack {
    compact: bool,
}

impl MessagePack {
    /// Writes structs as arrays, without the names of their fields.
    ///
    /// Smaller and quicker, but then a field may only be added at the end, and none removed or moved.
    #[must_use]
    pub const fn compact(self) -> Self {
        Self { compact: true }
    }
}

impl Codec for MessagePack {
    fn name(&self) -> &str {
        "messagepack"
    }

    #[inline]
    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        let serializer = rmp_serde::Serializer::new(out).with_bytes(BytesMode::ForceIterables);
        if self.compact {
            return write(value, serializer);
        }
        write(value, serializer.with_struct_map())
    }

    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        let budget = Budget::of(bytes);
        let seed: Bounded<'_, S, Self> = budget.bound(seed);
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
        let value = seed.deserialize(&mut deserializer).map_err(unreadable)?;
        // The deserializer does not tell its position, but one more value can only fail this way at the end.
        match bool::deserialize(&mut deserializer) {
            Err(decode::Error::InvalidMarkerRead(_)) => Ok(value),
            _ => Err(DecodeError::trailing("messagepack")),
        }
    }

    #[inline]
    fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        self.decode_seed(std::marker::PhantomData, bytes)
    }
}

impl Dialect for MessagePack {
    /// Shows bin as a sequence.
    ///
    /// A type that asks for anything has not decided yet: inside `#[serde(flatten)]` and enums that are untagged or
    /// tagged within, serde keeps what comes and replays it later. From a sequence it can serve both a `Vec<u8>` and
    /// a byte type, from bytes only the latter. Otherwise the two calls are the same.
    #[inline]
    fn any<'de, D: Deserializer<'de>, V: Visitor<'de>>(deserializer: D, visitor: V) -> Result<V::Value, D::Error> {
        deserializer.deserialize_seq(visitor)
    }
}

#[inline]
fn write<T: Serialize + ?Sized, C: SerializerConfig>(
    value: &T,
    mut serializer: rmp_serde::Serializer<&mut Output, C>,
) -> Result<(), EncodeError> {
    value.serialize(&mut serializer).map_err(unwritable)
}

#[cold]
fn unwritable(error: encode::Error) -> EncodeError {
    EncodeError::new(format_args!("messagepack: {error}"))
}

#[cold]
fn unreadable(error: decode::Error) -> DecodeError {
    use decode::Error::{InvalidDataRead, InvalidMarkerRead, LengthMismatch, TypeMismatch};
    match error {
        InvalidMarkerRead(cause) | InvalidDataRead(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            DecodeError::new("messagepack: the message ends in the middle of a value")
        }
        TypeMismatch(marker) => {
            DecodeError::new(format_args!("messagepack: {marker:?} is not of the type expected here"))
        }
        LengthMismatch(length) => {
            DecodeError::new(format_args!("messagepack: {length} elements are not as many as expected here"))
        }
        other => DecodeError::new(format_args!("messagepack: {other}")),
    }
}

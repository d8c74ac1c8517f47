mod access;
mod byte;
mod compound;
mod deserializer;
mod ext;
mod failure;
mod header;
mod key;
mod marker;
mod read;
mod value;
mod write;

use serde::de::{Deserialize, DeserializeSeed};
use serde::ser::Serialize;

use self::read::Reader;
use self::value::Value;
use self::write::Writer;
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
        let written = if self.compact {
            value.serialize(Writer::<false>::new(out))
        } else {
            value.serialize(Writer::<true>::new(out))
        };
        written.map_err(unwritable)
    }

    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        let mut reader = Reader::new(bytes);
        // The value is not moved on its way out: to move a large one costs more than it takes to read its fields.
        let mut value = seed.deserialize(Value::new(&mut reader));
        match &mut value {
            Ok(_) if reader.is_done() => {}
            Ok(_) => value = Err(DecodeError::trailing("messagepack")),
            Err(error) => unreadable(error),
        }
        value
    }

    #[inline]
    fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        self.decode_seed(std::marker::PhantomData, bytes)
    }
}

#[cold]
fn unwritable(error: EncodeError) -> EncodeError {
    EncodeError::new(format_args!("messagepack: {error}"))
}

#[cold]
fn unreadable(error: &mut DecodeError) {
    *error = DecodeError::new(format_args!("messagepack: {error}"));
}

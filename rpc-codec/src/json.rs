mod base64;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Visitor};
use serde::ser::Serialize;

use self::base64::{Base64Formatter, Base64Visitor};
use crate::bounded::{Bounded, Budget, Dialect};
use crate::{Codec, DecodeError, EncodeError, Output};

/// JSON: for people, browsers and other languages. Its name is `json`.
///
/// | type | written as |
/// | --- | --- |
/// | `Bytes`, `serde_bytes`, top-level byte arguments and results | base64 text (RFC 4648 §4, padded); an array of numbers is read too |
/// | any other `Vec<u8>` or `[u8; N]` | an array of numbers |
/// | map keys | strings; numbers, `bool`, `char` and unit variants are turned into one and back, others are refused |
/// | NaN and infinities | `null`, since JSON has no word for them: reading it back as a float is refused |
/// | `None`, `()` | `null`: `Some(None)` and `Some(())` are read back as `None` |
///
/// Text that is not base64 where bytes are expected is an error.
/// Inside `#[serde(flatten)]` and enums that are untagged or tagged within, serde reads a value before it knows its type,
/// and this codec cannot tell base64 from other text;
/// mark byte fields there with [`crate::bytes`], which refuses the text instead of taking it for the bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json;

impl Codec for Json {
    fn name(&self) -> &str {
        "json"
    }

    #[inline]
    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        let mut serializer = serde_json::Serializer::with_formatter(out, Base64Formatter);
        value.serialize(&mut serializer).map_err(unwritable)
    }

    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        let budget = Budget::of(bytes);
        let seed: Bounded<'_, S, Self> = budget.bound(seed);
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        // Ours is the stricter limit and the clearer error; theirs would refuse the last level that we allow.
        deserializer.disable_recursion_limit();
        let value = seed.deserialize(&mut deserializer).map_err(unreadable)?;
        match deserializer.end() {
            Ok(()) => Ok(value),
            Err(_) => Err(DecodeError::trailing("json")),
        }
    }

    #[inline]
    fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        self.decode_seed(std::marker::PhantomData, bytes)
    }
}

impl Dialect for Json {
    #[inline]
    fn bytes<'de, D: Deserializer<'de>, V: Visitor<'de>>(deserializer: D, visitor: V) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(Base64Visitor(visitor))
    }

    #[inline]
    fn byte_buf<'de, D: Deserializer<'de>, V: Visitor<'de>>(deserializer: D, visitor: V) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(Base64Visitor(visitor))
    }
}

#[cold]
fn unwritable(error: serde_json::Error) -> EncodeError {
    EncodeError::new(format_args!("json: {error}"))
}

#[cold]
fn unreadable(error: serde_json::Error) -> DecodeError {
    DecodeError::new(format_args!("json: {error}"))
}

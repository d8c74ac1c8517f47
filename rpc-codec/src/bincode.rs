mod read;
mod write;

use serde::de::{Deserialize, DeserializeSeed};
use serde::ser::Serialize;

use self::read::Reader;
use self::write::Writer;
use crate::bounded::{Bounded, Budget, Dialect};
use crate::{Codec, DecodeError, EncodeError, Output};

/// The bincode layout, as its version 1.3 wrote it by default and froze it. Its name is `bincode`.
///
/// Quickest, and says nothing about itself: both ends must have the same types, field by field.
/// Types that ask what comes next cannot be read: `#[serde(flatten)]`, enums that are untagged or tagged within,
/// and values of any shape such as `serde_json::Value`.
///
/// | type | layout, little-endian, without padding |
/// | --- | --- |
/// | integers and floats | their own width |
/// | `bool` | one byte, 0 or 1 |
/// | `char` | its UTF-8 bytes, without a length |
/// | strings and bytes | a length of 8 bytes, then the bytes |
/// | `Option` | one byte, 0 or 1, then the value |
/// | sequences | a length of 8 bytes, then the elements |
/// | maps | a length of 8 bytes, then key, value, key, value |
/// | tuples, structs, arrays | their fields, in order |
/// | enums | the variant's number in 4 bytes, then its fields |
/// | `()`, unit structs | nothing |
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bincode;

impl Codec for Bincode {
    fn name(&self) -> &str {
        "bincode"
    }

    #[inline]
    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        value.serialize(&mut Writer::new(out))
    }

    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        let budget = Budget::of(bytes);
        let seed: Bounded<'_, S, Self> = budget.bound(seed);
        let mut reader = Reader::new(bytes);
        let value = seed.deserialize(&mut reader)?;
        if !reader.is_done() {
            return Err(DecodeError::trailing("bincode"));
        }
        Ok(value)
    }

    #[inline]
    fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        self.decode_seed(std::marker::PhantomData, bytes)
    }
}

impl Dialect for Bincode {}

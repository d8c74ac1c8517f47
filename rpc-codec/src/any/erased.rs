//! A codec behind a pointer: its generic methods with the types erased.

use serde::de::{DeserializeSeed, Deserializer, Error};

use crate::{Codec, DecodeError, EncodeError, Output};

/// The methods of [`Codec`], as a trait object has them.
pub(super) trait Erased: Send + Sync {
    fn name(&self) -> &str;

    fn encode(&self, value: &dyn erased_serde::Serialize, out: &mut Output) -> Result<(), EncodeError>;

    fn decode<'de>(&self, read: &mut Read<'_, 'de>, bytes: &'de [u8]) -> Result<(), DecodeError>;
}

/// Reads a value and keeps it.
type Read<'r, 'de> = dyn FnMut(&mut dyn erased_serde::Deserializer<'de>) -> Result<(), erased_serde::Error> + 'r;

/// Reads what `seed` reads through an erased codec.
pub(super) fn decode_seed<'de, S: DeserializeSeed<'de>>(
    codec: &dyn Erased,
    seed: S,
    bytes: &'de [u8],
) -> Result<S::Value, DecodeError> {
    let mut seed = Some(seed);
    let mut value = None;
    let mut read = |deserializer: &mut dyn erased_serde::Deserializer<'de>| {
        if let Some(seed) = seed.take() {
            value = Some(seed.deserialize(deserializer)?);
        }
        Ok(())
    };
    codec.decode(&mut read, bytes)?;
    value.ok_or_else(|| {
        let name = codec.name();
        DecodeError::new(format_args!("{name}: decode_seed returned without using the seed"))
    })
}

impl<C: Codec> Erased for C {
    fn name(&self) -> &str {
        Codec::name(self)
    }

    fn encode(&self, value: &dyn erased_serde::Serialize, out: &mut Output) -> Result<(), EncodeError> {
        Codec::encode(self, value, out)
    }

    fn decode<'de>(&self, read: &mut Read<'_, 'de>, bytes: &'de [u8]) -> Result<(), DecodeError> {
        self.decode_seed(Seed { read }, bytes)
    }
}

/// A seed without a type, around the one that is wanted.
struct Seed<'s, 'r, 'de> {
    read: &'s mut Read<'r, 'de>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let mut erased = <dyn erased_serde::Deserializer<'de>>::erase(deserializer);
        (self.read)(&mut erased).map_err(D::Error::custom)
    }
}

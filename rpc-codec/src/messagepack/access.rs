use std::slice;

use serde::de::value::U8Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

use super::failure::mismatched;
use super::key::Key;
use super::read::Reader;
use super::value::{Value, nil};
use crate::DecodeError;

/// The elements of an array, which are paid for.
pub(super) struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    depth: usize,
    left: usize,
}

impl<'r, 'de> Elements<'r, 'de> {
    #[inline]
    pub(super) fn new(place: Value<'r, 'de>, left: usize) -> Self {
        Self { reader: place.reader, depth: place.depth, left }
    }

    /// Refuses an array of which not all has been read.
    ///
    /// The value stays where it is: to move a large one costs more than it takes to read its fields.
    #[inline]
    pub(super) fn end<T>(self, length: usize, value: &mut Result<T, DecodeError>) {
        if self.left != 0 && value.is_ok() {
            *value = Err(mismatched(length - self.left));
        }
    }

    /// Where the next one is, if one is left.
    #[inline]
    fn next(&mut self) -> Option<Value<'_, 'de>> {
        self.left = self.left.checked_sub(1)?;
        Some(self.place())
    }

    #[inline]
    fn place(&mut self) -> Value<'_, 'de> {
        Value { reader: self.reader, depth: self.depth }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        match self.next() {
            Some(place) => seed.deserialize(place).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.reader.believe(self.left))
    }
}

/// The entries of a map, which are paid for.
pub(super) struct Entries<'r, 'de> {
    entries: Elements<'r, 'de>,
    /// The names of a struct's fields, whose order a map most likely has.
    names: slice::Iter<'static, &'static str>,
}

impl<'r, 'de> Entries<'r, 'de> {
    #[inline]
    pub(super) fn new(place: Value<'r, 'de>, left: usize, names: &'static [&'static str]) -> Self {
        Self { entries: Elements::new(place, left), names: names.iter() }
    }

    /// Refuses a map of which not all has been read.
    #[inline]
    pub(super) fn end<T>(self, length: usize, value: &mut Result<T, DecodeError>) {
        self.entries.end(length, value);
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        match self.entries.next() {
            Some(place) => seed.deserialize(Key { place, name: self.names.next() }).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(self.entries.place())
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.entries.size_hint()
    }
}

/// The bytes of a bin as a sequence of numbers. Those that are not asked for are dropped.
pub(super) struct Bin<'de> {
    bytes: slice::Iter<'de, u8>,
}

impl<'de> Bin<'de> {
    #[inline]
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }
}

impl<'de> SeqAccess<'de> for Bin<'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        let Some(byte) = self.bytes.next() else {
            return Ok(None);
        };
        let number: U8Deserializer<DecodeError> = byte.into_deserializer();
        seed.deserialize(number).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }
}

/// A variant that is only a name.
///
/// Every enum is one level, and the name lies on it too, since a hand-written type may read a value there that nests.
pub(super) struct Named<'r, 'de>(pub(super) Value<'r, 'de>);

impl<'de> EnumAccess<'de> for Named<'_, 'de> {
    type Error = DecodeError;
    type Variant = NoContent;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, NoContent), DecodeError> {
        Ok((seed.deserialize(self.0.deeper()?)?, NoContent))
    }
}

/// The content of a variant that is only a name.
pub(super) struct NoContent;

impl<'de> VariantAccess<'de> for NoContent {
    type Error = DecodeError;

    #[inline]
    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, DecodeError> {
        Err(DecodeError::invalid_type(Unexpected::UnitVariant, &"newtype variant"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::invalid_type(Unexpected::UnitVariant, &"tuple variant"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::invalid_type(Unexpected::UnitVariant, &"struct variant"))
    }
}

/// A variant that is the one key of a map.
pub(super) struct Keyed<'r, 'de>(pub(super) Value<'r, 'de>);

impl<'r, 'de> EnumAccess<'de> for Keyed<'r, 'de> {
    type Error = DecodeError;
    type Variant = Content<'r, 'de>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content<'r, 'de>), DecodeError> {
        let Value { reader, depth } = self.0;
        let name = seed.deserialize(Value { reader, depth }.deeper()?)?;
        Ok((name, Content(Value { reader, depth })))
    }
}

/// The content of a variant. Its place is outside the enum: tuples and structs take their level as they are visited.
pub(super) struct Content<'r, 'de>(Value<'r, 'de>);

impl<'de> VariantAccess<'de> for Content<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn unit_variant(self) -> Result<(), DecodeError> {
        nil(self.0.reader)
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(self.0.deeper()?)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.0.deserialize_tuple(length, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.0.deserialize_struct("", fields, visitor)
    }
}

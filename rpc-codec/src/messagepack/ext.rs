//! Values of types that an application has made up: a tag and bytes.
//!
//! serde does not know them, so they are shown as a newtype struct around a sequence of both.

use serde::de::value::{BorrowedBytesDeserializer, I8Deserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::failure::{mismatched, unexpected};
use super::marker::{EXT8, EXT16, EXT32, FIXEXT1, FIXEXT16};
use super::value::Value;
use crate::DecodeError;

/// The content of the newtype struct.
pub(super) struct Ext<'r, 'de> {
    place: Value<'r, 'de>,
    length: usize,
}

impl<'r, 'de> Ext<'r, 'de> {
    /// What follows this marker.
    pub(super) fn new(place: Value<'r, 'de>, marker: u8) -> Result<Self, DecodeError> {
        let length = match marker {
            FIXEXT1..=FIXEXT16 => 1 << (marker - FIXEXT1),
            EXT8 => place.reader.length8()?,
            EXT16 => place.reader.length16()?,
            EXT32 => place.reader.length32()?,
            other => return Err(unexpected(other)),
        };
        Ok(Self { place, length })
    }
}

impl<'de> Deserializer<'de> for Ext<'_, 'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let Value { reader, .. } = self.place.deeper()?;
        reader.spend(2)?;
        let tag = i8::from_be_bytes(reader.take_array()?);
        let content = reader.take(self.length)?;
        let mut parts = Parts { tag: Some(tag), content: Some(content) };
        let value = visitor.visit_seq(&mut parts)?;
        if parts.content.is_some() {
            return Err(mismatched(usize::from(parts.tag.is_none())));
        }
        Ok(value)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What has not been read of an ext value.
struct Parts<'de> {
    tag: Option<i8>,
    content: Option<&'de [u8]>,
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        if let Some(tag) = self.tag.take() {
            let tag: I8Deserializer<DecodeError> = tag.into_deserializer();
            return seed.deserialize(tag).map(Some);
        }
        match self.content.take() {
            Some(content) => seed.deserialize(BorrowedBytesDeserializer::new(content)).map(Some),
            None => Ok(None),
        }
    }
}

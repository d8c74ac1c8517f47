//! What a type asks for, and how the values of a message answer.

use serde::de::{Deserializer, Visitor};

use super::access::{Keyed, Named};
use super::ext::Ext;
use super::failure::{mismatched, out_of_range};
use super::marker::*;
use super::value::{Integer128, Value, no_text, number};
use crate::DecodeError;

/// Reads a number, bool or nil, whichever of them the visitor takes; the likely ones in place.
macro_rules! number {
    ($($method:ident: $($marker:pat => $visit:ident($number:ty)),*;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.reader.marker()? {
                marker @ ..=FIXPOS_MAX => visitor.visit_u8(marker),
                $($marker => visitor.$visit(<$number>::from_be_bytes(self.reader.take_array()?)),)*
                marker => number(self.reader, marker, visitor),
            }
        }
    )*};
}

/// Reads a value that is most likely text; a visitor that takes something else is shown that.
macro_rules! text {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.read_text(visitor)
        }
    )*};
}

/// Reads any value and shows bin as bytes.
macro_rules! bytes {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.read::<V, true, true>(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = DecodeError;

    number! {
        deserialize_bool: ;
        deserialize_i8: ;
        deserialize_i16: ;
        deserialize_i32: ;
        deserialize_i64: ;
        deserialize_u8: U8 => visit_u8(u8);
        deserialize_u16: U8 => visit_u8(u8), U16 => visit_u16(u16);
        deserialize_u32: U8 => visit_u8(u8), U16 => visit_u16(u16), U32 => visit_u32(u32);
        deserialize_u64: U8 => visit_u8(u8), U16 => visit_u16(u16), U32 => visit_u32(u32), U64 => visit_u64(u64);
        deserialize_f32: F32 => visit_f32(f32);
        deserialize_f64: F64 => visit_f64(f64);
    }

    text! {
        deserialize_char deserialize_str deserialize_identifier
    }

    /// Copies the text before it looks at it: a copy is aligned, and looked through a word at a time.
    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let marker = self.reader.marker()?;
        let FIXSTR..=FIXSTR_MAX = marker else {
            return self.read_no_short_text(marker, visitor);
        };
        let bytes = self.reader.take(usize::from(marker - FIXSTR))?;
        match String::from_utf8(bytes.to_vec()) {
            Ok(text) => visitor.visit_string(text),
            Err(_) => no_text(bytes, visitor),
        }
    }

    bytes! {
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_map deserialize_ignored_any
    }

    /// Shows bin as a sequence.
    ///
    /// A type that asks for anything has not decided yet: inside `#[serde(flatten)]` and enums that are untagged or
    /// tagged within, serde keeps what comes and replays it later. From a sequence it can serve both a `Vec<u8>` and
    /// a byte type, from bytes only the latter.
    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.read::<V, false, true>(visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.integer128()? {
            Integer128::Number(number) => visitor.visit_i128(number),
            Integer128::Bytes(bytes) => visitor.visit_i128(i128::from_be_bytes(bytes)),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.integer128()? {
            Integer128::Number(number) => visitor.visit_u128(number.try_into().map_err(|_| out_of_range())?),
            Integer128::Bytes(bytes) => visitor.visit_u128(u128::from_be_bytes(bytes)),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.reader.peek()? != NIL {
            return visitor.visit_some(self.deeper()?);
        }
        self.reader.marker()?;
        visitor.visit_none()
    }

    /// A unit struct is written as an empty array, and read from nil too.
    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.marker()? {
            NIL | FIXARRAY => visitor.visit_unit(),
            marker => self.read_after::<V, true, true>(marker, visitor, &[]),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name != EXT_STRUCT {
            return visitor.visit_newtype_struct(self.deeper()?);
        }
        let marker = self.reader.marker()?;
        visitor.visit_newtype_struct(Ext::new(self.deeper()?, marker)?)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.read::<V, false, true>(visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.read::<V, false, false>(visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.read::<V, false, false>(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let marker = self.reader.marker()?;
        self.read_after::<V, false, false>(marker, visitor, fields)
    }

    /// A variant is its name, or a map from it to its content.
    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let marker = self.reader.peek()?;
        if !matches!(marker, FIXMAP..=FIXMAP_MAX | MAP16 | MAP32) {
            return visitor.visit_enum(Named(self));
        }
        self.reader.marker()?;
        match self.reader.map_length(marker)? {
            Some(1) => visitor.visit_enum(Keyed(self)),
            length => Err(mismatched(length.unwrap_or(0))),
        }
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

use serde::Deserialize;
use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::byte::{as_byte, may_be_bytes};
use super::compound::Parts;
use super::header;
use super::marker::*;
use super::read::Reader;
use super::value::Value;
use crate::{EncodeError, Output};

/// Writes values as [`MessagePack`](super::MessagePack) does, structs with the names of their fields if `NAMED`.
pub(super) struct Writer<'o, const NAMED: bool> {
    out: &'o mut Output,
}

impl<'o, const NAMED: bool> Writer<'o, NAMED> {
    #[inline]
    pub(super) fn new(out: &'o mut Output) -> Self {
        Self { out }
    }

    /// The same place, for one of several values.
    #[inline]
    pub(super) fn part(&mut self) -> Writer<'_, NAMED> {
        Writer { out: self.out }
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) -> Result<(), EncodeError> {
        header::text(self.out, text.len())?;
        self.out.put(text.as_bytes());
        Ok(())
    }

    /// Writes the name of a field. It is known when this is compiled, and so is what is made of it here.
    #[inline]
    pub(super) fn name(&mut self, name: &'static str) -> Result<(), EncodeError> {
        let mut bytes = [0; 16];
        let [marker, text @ ..] = &mut bytes;
        let Some(text) = text.get_mut(..name.len()) else {
            return self.text(name);
        };
        *marker = FIXSTR + name.len() as u8;
        text.copy_from_slice(name.as_bytes());
        if let Some(bytes) = bytes.get(..=name.len()) {
            self.out.put(bytes);
        }
        Ok(())
    }

    /// The name of a variant that has content, which follows.
    #[inline]
    fn variant(&mut self, name: &str) -> Result<(), EncodeError> {
        header::map(self.out, 1)?;
        self.text(name)
    }

    /// Writes the tag and bytes that this value holds as an ext value.
    #[cold]
    fn ext<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        let mut apart = Output::new();
        value.serialize(Writer::<NAMED>::new(&mut apart))?;
        let written = apart.into_bytes();
        let mut reader = Reader::new(&written);
        let (tag, content) = <(i8, &[u8])>::deserialize(Value::new(&mut reader)).map_err(|_| not_ext())?;
        header::ext(self.out, tag, content.len())?;
        self.out.put(content);
        Ok(())
    }
}

/// Writes an integer in the shortest way; what has no sign is written alike by all types.
macro_rules! integer {
    ($($method:ident: $number:ty, $write:ident;)*) => {$(
        #[inline]
        fn $method(self, value: $number) -> Result<(), EncodeError> {
            header::$write(self.out, value.into());
            Ok(())
        }
    )*};
}

impl<'o, const NAMED: bool> Serializer for Writer<'o, NAMED> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Parts<'o, NAMED>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Parts<'o, NAMED>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    integer! {
        serialize_i8: i8, signed;
        serialize_i16: i16, signed;
        serialize_i32: i32, signed;
        serialize_i64: i64, signed;
        serialize_u8: u8, unsigned;
        serialize_u16: u16, unsigned;
        serialize_u32: u32, unsigned;
        serialize_u64: u64, unsigned;
    }

    fn serialize_i128(self, value: i128) -> Result<(), EncodeError> {
        self.serialize_bytes(&value.to_be_bytes())
    }

    fn serialize_u128(self, value: u128) -> Result<(), EncodeError> {
        self.serialize_bytes(&value.to_be_bytes())
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.out.put(&[FALSE + u8::from(value)]);
        Ok(())
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        let [a, b, c, d] = value.to_be_bytes();
        self.out.put(&[F32, a, b, c, d]);
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
        self.out.put(&[F64, a, b, c, d, e, f, g, h]);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(mut self, value: &str) -> Result<(), EncodeError> {
        self.text(value)
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        header::bin(self.out, value.len())?;
        self.out.put(value);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.out.put(&[NIL]);
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.out.put(&[FIXARRAY]);
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), EncodeError> {
        self.serialize_str(name)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        if name == EXT_STRUCT {
            return self.ext(value);
        }
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(name)?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Parts<'o, NAMED>, EncodeError> {
        let Some(length) = length else {
            return Ok(Parts::uncounted(self.out));
        };
        header::array(self.out, length)?;
        Ok(Parts::counted(self.out))
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Self, EncodeError> {
        header::array(self.out, length)?;
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Self, EncodeError> {
        self.serialize_tuple(length)
    }

    #[inline]
    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        name: &'static str,
        length: usize,
    ) -> Result<Self, EncodeError> {
        self.variant(name)?;
        self.serialize_tuple(length)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Parts<'o, NAMED>, EncodeError> {
        let Some(length) = length else {
            return Ok(Parts::uncounted(self.out));
        };
        header::map(self.out, length)?;
        Ok(Parts::counted(self.out))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Self, EncodeError> {
        if NAMED {
            header::map(self.out, length)?;
        } else {
            header::array(self.out, length)?;
        }
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self, EncodeError> {
        self.variant(variant)?;
        self.serialize_struct(name, length)
    }

    /// Writes a slice of bytes as bin.
    ///
    /// serde shows a `Vec<u8>` as a sequence like any other; that its first element is a `u8` tells it apart.
    #[inline]
    fn collect_seq<I: IntoIterator<Item: Serialize>>(self, values: I) -> Result<(), EncodeError> {
        let mut values = values.into_iter();
        let length = match values.size_hint() {
            (least, Some(most)) if least == most => Some(least),
            _ => None,
        };
        let Some(first) = values.next() else {
            return self.serialize_seq(length)?.end();
        };
        if let (true, Some(length), Some(byte)) = (may_be_bytes::<I>(), length, as_byte(&first)) {
            return collect_bytes(self.out, length, byte, values);
        }
        let mut parts = self.serialize_seq(length)?;
        parts.serialize_element(&first)?;
        values.try_for_each(|value| parts.serialize_element(&value))?;
        parts.end()
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

#[inline]
fn collect_bytes<T: Serialize>(
    out: &mut Output,
    length: usize,
    first: u8,
    rest: impl Iterator<Item = T>,
) -> Result<(), EncodeError> {
    header::bin(out, length)?;
    out.put(&[first]);
    let mut alike = true;
    out.extend(rest.map(|value| {
        as_byte(&value).unwrap_or_else(|| {
            alike = false;
            0
        })
    }));
    if alike { Ok(()) } else { Err(mixed()) }
}

#[cold]
fn mixed() -> EncodeError {
    EncodeError::new("a sequence that begins with a u8 holds something else, too")
}

#[cold]
fn not_ext() -> EncodeError {
    EncodeError::new(format_args!("a struct named {EXT_STRUCT} holds a tag and bytes, (i8, &[u8]), and nothing else"))
}

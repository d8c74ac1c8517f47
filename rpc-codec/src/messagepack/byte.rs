//! What tells a slice of bytes from other sequences, since serde does not.

use std::{fmt, slice};

use serde::ser::{Impossible, Serialize, Serializer};

/// Whether these values may be the bytes of a slice, by size: its iterator is two pointers and its items are references.
///
/// Sets of bytes are not bin, since not all of them can be read from it.
#[inline]
pub(super) fn may_be_bytes<I: IntoIterator>() -> bool {
    (size_of::<I::Item>() == size_of::<u8>() || size_of::<I::Item>() == size_of::<&u8>())
        && size_of::<I::IntoIter>() <= size_of::<slice::Iter<'_, u8>>()
}

/// The byte that this value is, where it is a `u8` and nothing else.
#[inline]
pub(super) fn as_byte<T: Serialize + ?Sized>(value: &T) -> Option<u8> {
    value.serialize(Byte).ok()
}

/// Takes a `u8` and nothing else.
struct Byte;

#[derive(Debug)]
struct NoByte;

impl fmt::Display for NoByte {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a byte")
    }
}

impl std::error::Error for NoByte {}

impl serde::ser::Error for NoByte {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Refused = Impossible<u8, NoByte>;

macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        #[inline]
        fn $method(self, $(_: $argument),*) -> Result<$result, NoByte> {
            Err(NoByte)
        }
    )*};
}

impl Serializer for Byte {
    type Ok = u8;
    type Error = NoByte;
    type SerializeSeq = Refused;
    type SerializeTuple = Refused;
    type SerializeTupleStruct = Refused;
    type SerializeTupleVariant = Refused;
    type SerializeMap = Refused;
    type SerializeStruct = Refused;
    type SerializeStructVariant = Refused;

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<u8, NoByte> {
        Ok(value)
    }

    refuse! {
        serialize_bool(bool) -> u8;
        serialize_i8(i8) -> u8;
        serialize_i16(i16) -> u8;
        serialize_i32(i32) -> u8;
        serialize_i64(i64) -> u8;
        serialize_i128(i128) -> u8;
        serialize_u16(u16) -> u8;
        serialize_u32(u32) -> u8;
        serialize_u64(u64) -> u8;
        serialize_u128(u128) -> u8;
        serialize_f32(f32) -> u8;
        serialize_f64(f64) -> u8;
        serialize_char(char) -> u8;
        serialize_str(&str) -> u8;
        serialize_bytes(&[u8]) -> u8;
        serialize_none() -> u8;
        serialize_unit() -> u8;
        serialize_unit_struct(&'static str) -> u8;
        serialize_unit_variant(&'static str, u32, &'static str) -> u8;
        serialize_seq(Option<usize>) -> Refused;
        serialize_tuple(usize) -> Refused;
        serialize_tuple_struct(&'static str, usize) -> Refused;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Refused;
        serialize_map(Option<usize>) -> Refused;
        serialize_struct(&'static str, usize) -> Refused;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Refused;
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<u8, NoByte> {
        Err(NoByte)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<u8, NoByte> {
        Err(NoByte)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<u8, NoByte> {
        Err(NoByte)
    }

    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<u8, NoByte> {
        Err(NoByte)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

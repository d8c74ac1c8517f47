use std::str;

use serde::de::Visitor;

use super::access::{Bin, Elements, Entries};
use super::ext::Ext;
use super::failure::{mismatched, not_text, unexpected};
use super::marker::*;
use super::read::Reader;
use crate::DecodeError;
use crate::bounded::{DEPTH_LIMIT, too_deep};

/// The next value of a message, and how many levels may still follow below this place.
///
/// The rules of the limits are those of [`Bounded`](crate::bounded::Bounded), which this does the work of.
pub(super) struct Value<'r, 'de> {
    pub(super) reader: &'r mut Reader<'de>,
    pub(super) depth: usize,
}

impl<'r, 'de> Value<'r, 'de> {
    /// The outermost value.
    #[inline]
    pub(super) fn new(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, depth: DEPTH_LIMIT }
    }

    /// The same place one level further down.
    #[inline]
    pub(super) fn deeper(self) -> Result<Self, DecodeError> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(too_deep()),
        }
    }

    /// Reads whatever comes; bin as bytes or as a sequence, and sequences with or without a charge for their elements.
    #[inline]
    pub(super) fn read<V: Visitor<'de>, const BYTES: bool, const COUNTED: bool>(
        self,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let marker = self.reader.marker()?;
        self.read_after::<V, BYTES, COUNTED>(marker, visitor, &[])
    }

    /// Reads what follows this marker. The names are those of a struct, which comes as a map.
    #[inline]
    pub(super) fn read_after<V: Visitor<'de>, const BYTES: bool, const COUNTED: bool>(
        self,
        marker: u8,
        visitor: V,
        names: &'static [&'static str],
    ) -> Result<V::Value, DecodeError> {
        match marker {
            FIXARRAY..=FIXARRAY_MAX => self.array::<V, COUNTED>(usize::from(marker - FIXARRAY), visitor),
            FIXMAP..=FIXMAP_MAX => self.map(usize::from(marker - FIXMAP), visitor, names),
            _ => self.read_other::<V, BYTES, COUNTED>(marker, visitor, names),
        }
    }

    /// A function of its own, as is the next, to write the value where it belongs instead of moving it there.
    #[inline(never)]
    fn array<V: Visitor<'de>, const COUNTED: bool>(self, length: usize, visitor: V) -> Result<V::Value, DecodeError> {
        // Those of tuples and structs are free, since their type says how many there are.
        if COUNTED {
            self.reader.spend(length)?;
        }
        let mut elements = Elements::new(self.deeper()?, length);
        let mut value = visitor.visit_seq(&mut elements);
        elements.end(length, &mut value);
        value
    }

    #[inline(never)]
    fn map<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
        names: &'static [&'static str],
    ) -> Result<V::Value, DecodeError> {
        // They always count: a struct that comes as a map may have unknown keys without end.
        self.reader.spend(length)?;
        let mut entries = Entries::new(self.deeper()?, length, names);
        let mut value = visitor.visit_map(&mut entries);
        entries.end(length, &mut value);
        value
    }

    /// Reads what follows a marker that is none of a short array or map.
    #[inline(never)]
    fn read_other<V: Visitor<'de>, const BYTES: bool, const COUNTED: bool>(
        self,
        marker: u8,
        visitor: V,
        names: &'static [&'static str],
    ) -> Result<V::Value, DecodeError> {
        match marker {
            ARRAY16 => {
                let length = self.reader.length16()?;
                self.array::<V, COUNTED>(length, visitor)
            }
            ARRAY32 => {
                let length = self.reader.length32()?;
                self.array::<V, COUNTED>(length, visitor)
            }
            MAP16 => {
                let length = self.reader.length16()?;
                self.map(length, visitor, names)
            }
            MAP32 => {
                let length = self.reader.length32()?;
                self.map(length, visitor, names)
            }
            FIXSTR..=FIXSTR_MAX => self.text(usize::from(marker - FIXSTR), visitor),
            STR8 => {
                let length = self.reader.length8()?;
                self.text(length, visitor)
            }
            STR16 => {
                let length = self.reader.length16()?;
                self.text(length, visitor)
            }
            STR32 => {
                let length = self.reader.length32()?;
                self.text(length, visitor)
            }
            BIN8..=BIN32 => {
                let length = match marker {
                    BIN8 => self.reader.length8()?,
                    BIN16 => self.reader.length16()?,
                    _ => self.reader.length32()?,
                };
                let bytes = self.reader.take(length)?;
                if BYTES {
                    return visitor.visit_borrowed_bytes(bytes);
                }
                if COUNTED {
                    self.reader.spend(bytes.len())?;
                }
                self.deeper()?;
                visitor.visit_seq(Bin::new(bytes))
            }
            EXT8..=EXT32 | FIXEXT1..=FIXEXT16 => visitor.visit_newtype_struct(Ext::new(self.deeper()?, marker)?),
            _ => number(self.reader, marker, visitor),
        }
    }

    /// Reads a value that is most likely text.
    #[inline]
    pub(super) fn read_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let marker = self.reader.marker()?;
        if let FIXSTR..=FIXSTR_MAX = marker {
            return self.text(usize::from(marker - FIXSTR), visitor);
        }
        self.read_no_short_text(marker, visitor)
    }

    #[inline(never)]
    pub(super) fn read_no_short_text<V: Visitor<'de>>(self, marker: u8, visitor: V) -> Result<V::Value, DecodeError> {
        self.read_after::<V, true, true>(marker, visitor, &[])
    }

    /// Reads text of so many bytes; what is not UTF-8 may still be bytes to the visitor.
    #[inline]
    fn text<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, DecodeError> {
        let bytes = self.reader.take(length)?;
        match str::from_utf8(bytes) {
            Ok(text) => visitor.visit_borrowed_str(text),
            Err(_) => no_text(bytes, visitor),
        }
    }

    #[inline(never)]
    pub(super) fn integer128(self) -> Result<Integer128, DecodeError> {
        let signed = match self.reader.marker()? {
            marker @ ..=FIXPOS_MAX => i128::from(marker),
            marker @ FIXNEG.. => i128::from(marker.cast_signed()),
            U8 => i128::from(u8::from_be_bytes(self.reader.take_array()?)),
            U16 => i128::from(u16::from_be_bytes(self.reader.take_array()?)),
            U32 => i128::from(u32::from_be_bytes(self.reader.take_array()?)),
            U64 => i128::from(u64::from_be_bytes(self.reader.take_array()?)),
            I8 => i128::from(i8::from_be_bytes(self.reader.take_array()?)),
            I16 => i128::from(i16::from_be_bytes(self.reader.take_array()?)),
            I32 => i128::from(i32::from_be_bytes(self.reader.take_array()?)),
            I64 => i128::from(i64::from_be_bytes(self.reader.take_array()?)),
            BIN8 => {
                let length = self.reader.length8()?;
                let bytes = self.reader.take(length)?;
                return bytes.try_into().map(Integer128::Bytes).map_err(|_| mismatched(length));
            }
            marker => return Err(unexpected(marker)),
        };
        Ok(Integer128::Number(signed))
    }
}

/// An integer of 128 bits as it is written: one that fits as any other integer, or the bytes, signed or not.
pub(super) enum Integer128 {
    Number(i128),
    Bytes([u8; 16]),
}

/// Shows a string that is not UTF-8: it may still be bytes to the visitor.
#[cold]
#[inline(never)]
pub(super) fn no_text<'de, V: Visitor<'de>>(bytes: &'de [u8], visitor: V) -> Result<V::Value, DecodeError> {
    visitor.visit_borrowed_bytes::<DecodeError>(bytes).map_err(|_| not_text(bytes))
}

/// Reads the rest of a value that has a marker and nothing else, or a marker and a number.
#[inline(never)]
pub(super) fn number<'de, V: Visitor<'de>>(
    reader: &mut Reader<'de>,
    marker: u8,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    match marker {
        ..=FIXPOS_MAX => visitor.visit_u8(marker),
        FIXNEG.. => visitor.visit_i8(marker.cast_signed()),
        U8 => visitor.visit_u8(u8::from_be_bytes(reader.take_array()?)),
        U16 => visitor.visit_u16(u16::from_be_bytes(reader.take_array()?)),
        U32 => visitor.visit_u32(u32::from_be_bytes(reader.take_array()?)),
        U64 => visitor.visit_u64(u64::from_be_bytes(reader.take_array()?)),
        I8 => visitor.visit_i8(i8::from_be_bytes(reader.take_array()?)),
        I16 => visitor.visit_i16(i16::from_be_bytes(reader.take_array()?)),
        I32 => visitor.visit_i32(i32::from_be_bytes(reader.take_array()?)),
        I64 => visitor.visit_i64(i64::from_be_bytes(reader.take_array()?)),
        F32 => visitor.visit_f32(f32::from_be_bytes(reader.take_array()?)),
        F64 => visitor.visit_f64(f64::from_be_bytes(reader.take_array()?)),
        NIL => visitor.visit_unit(),
        FALSE => visitor.visit_bool(false),
        TRUE => visitor.visit_bool(true),
        other => Err(unexpected(other)),
    }
}

/// Reads a nil, and nothing else.
pub(super) fn nil(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    match reader.marker()? {
        NIL => Ok(()),
        marker => Err(unexpected(marker)),
    }
}

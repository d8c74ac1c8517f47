//! The first byte of every value, which tells its type and, for small ones, its length or the whole of it.

use std::ops::RangeInclusive;

/// Integers from 0 to 127 are their own marker.
pub(super) const FIXPOS_MAX: u8 = 0x7f;
/// Maps, arrays and strings that are short have their length in the marker's low bits.
pub(super) const FIXMAP: u8 = 0x80;
pub(super) const FIXMAP_MAX: u8 = 0x8f;
pub(super) const FIXARRAY: u8 = 0x90;
pub(super) const FIXARRAY_MAX: u8 = 0x9f;
pub(super) const FIXSTR: u8 = 0xa0;
pub(super) const FIXSTR_MAX: u8 = 0xbf;
pub(super) const NIL: u8 = 0xc0;
/// Never used by the format.
pub(super) const RESERVED: u8 = 0xc1;
pub(super) const FALSE: u8 = 0xc2;
pub(super) const TRUE: u8 = 0xc3;
pub(super) const BIN8: u8 = 0xc4;
pub(super) const BIN16: u8 = 0xc5;
pub(super) const BIN32: u8 = 0xc6;
pub(super) const EXT8: u8 = 0xc7;
pub(super) const EXT16: u8 = 0xc8;
pub(super) const EXT32: u8 = 0xc9;
pub(super) const F32: u8 = 0xca;
pub(super) const F64: u8 = 0xcb;
pub(super) const U8: u8 = 0xcc;
pub(super) const U16: u8 = 0xcd;
pub(super) const U32: u8 = 0xce;
pub(super) const U64: u8 = 0xcf;
pub(super) const I8: u8 = 0xd0;
pub(super) const I16: u8 = 0xd1;
pub(super) const I32: u8 = 0xd2;
pub(super) const I64: u8 = 0xd3;
pub(super) const FIXEXT1: u8 = 0xd4;
pub(super) const FIXEXT16: u8 = 0xd8;
pub(super) const STR8: u8 = 0xd9;
pub(super) const STR16: u8 = 0xda;
pub(super) const STR32: u8 = 0xdb;
pub(super) const ARRAY16: u8 = 0xdc;
pub(super) const ARRAY32: u8 = 0xdd;
pub(super) const MAP16: u8 = 0xde;
pub(super) const MAP32: u8 = 0xdf;
/// Integers from -32 to -1 are their own marker.
pub(super) const FIXNEG: u8 = 0xe0;

/// The name of a newtype struct that stands for an ext value, whose content is a tag and bytes, `(i8, &[u8])`.
///
/// serde has no such values; types that know MessagePack, such as `rmpv::Value`, use this name for them.
pub(super) const EXT_STRUCT: &str = "_ExtStruct";

const INTEGERS: RangeInclusive<u8> = U8..=I64;

/// What a value with this marker is, for people.
pub(super) fn describe(marker: u8) -> &'static str {
    match marker {
        ..=FIXPOS_MAX | FIXNEG.. => "an integer",
        FIXMAP..=FIXMAP_MAX | MAP16 | MAP32 => "a map",
        FIXARRAY..=FIXARRAY_MAX | ARRAY16 | ARRAY32 => "an array",
        FIXSTR..=FIXSTR_MAX | STR8..=STR32 => "a string",
        NIL => "nil",
        RESERVED => "the unused marker 0xc1",
        FALSE | TRUE => "a bool",
        BIN8..=BIN32 => "bin",
        F32 | F64 => "a float",
        marker if INTEGERS.contains(&marker) => "an integer",
        _ => "an ext value",
    }
}

//! Numbers and lengths in the shortest way that the format has for them.

use super::marker::*;
use crate::{EncodeError, Output};

/// Appends a marker and the bytes of a number at once.
macro_rules! put_marked {
    ($out:expr, $marker:expr, $number:expr, $size:literal) => {{
        let number = $number;
        let mut bytes = [0; 1 + $size];
        let [first, rest @ ..] = &mut bytes;
        *first = $marker;
        *rest = number;
        $out.put(&bytes);
    }};
}

#[inline]
pub(super) fn unsigned(out: &mut Output, value: u64) {
    if value <= u64::from(FIXPOS_MAX) {
        out.put(&[value as u8]);
    } else {
        long_unsigned(out, value);
    }
}

#[inline]
pub(super) fn signed(out: &mut Output, value: i64) {
    match u64::try_from(value) {
        Ok(value) => unsigned(out, value),
        Err(_) => negative(out, value),
    }
}

#[inline]
pub(super) fn text(out: &mut Output, length: usize) -> Result<(), EncodeError> {
    if length <= usize::from(FIXSTR_MAX - FIXSTR) {
        out.put(&[FIXSTR + length as u8]);
        return Ok(());
    }
    long(out, Some(STR8), STR16, length)
}

#[inline]
pub(super) fn array(out: &mut Output, length: usize) -> Result<(), EncodeError> {
    if length <= usize::from(FIXARRAY_MAX - FIXARRAY) {
        out.put(&[FIXARRAY + length as u8]);
        return Ok(());
    }
    long(out, None, ARRAY16, length)
}

#[inline]
pub(super) fn map(out: &mut Output, length: usize) -> Result<(), EncodeError> {
    if length <= usize::from(FIXMAP_MAX - FIXMAP) {
        out.put(&[FIXMAP + length as u8]);
        return Ok(());
    }
    long(out, None, MAP16, length)
}

#[inline]
pub(super) fn bin(out: &mut Output, length: usize) -> Result<(), EncodeError> {
    long(out, Some(BIN8), BIN16, length)
}

pub(super) fn ext(out: &mut Output, tag: i8, length: usize) -> Result<(), EncodeError> {
    match length {
        1 | 2 | 4 | 8 | 16 => out.put(&[FIXEXT1 + length.trailing_zeros() as u8]),
        _ => long(out, Some(EXT8), EXT16, length)?,
    }
    out.put(&tag.to_be_bytes());
    Ok(())
}

#[inline(never)]
fn long_unsigned(out: &mut Output, value: u64) {
    if value <= u64::from(u8::MAX) {
        out.put(&[U8, value as u8]);
    } else if value <= u64::from(u16::MAX) {
        put_marked!(out, U16, (value as u16).to_be_bytes(), 2);
    } else if value <= u64::from(u32::MAX) {
        put_marked!(out, U32, (value as u32).to_be_bytes(), 4);
    } else {
        put_marked!(out, U64, value.to_be_bytes(), 8);
    }
}

#[inline(never)]
fn negative(out: &mut Output, value: i64) {
    if value >= i64::from(FIXNEG.cast_signed()) {
        out.put(&[value as u8]);
    } else if value >= i64::from(i8::MIN) {
        out.put(&[I8, value as u8]);
    } else if value >= i64::from(i16::MIN) {
        put_marked!(out, I16, (value as i16).to_be_bytes(), 2);
    } else if value >= i64::from(i32::MIN) {
        put_marked!(out, I32, (value as i32).to_be_bytes(), 4);
    } else {
        put_marked!(out, I64, value.to_be_bytes(), 8);
    }
}

/// A length with its marker: `short` for one byte if there is one, `two` for two bytes, and the one after it for four.
#[inline(never)]
fn long(out: &mut Output, short: Option<u8>, two: u8, length: usize) -> Result<(), EncodeError> {
    let Ok(length) = u32::try_from(length) else {
        return Err(too_long(length));
    };
    let [a, b, c, d] = length.to_be_bytes();
    match short {
        Some(short) if length <= u32::from(u8::MAX) => out.put(&[short, d]),
        _ if length <= u32::from(u16::MAX) => out.put(&[two, c, d]),
        _ => out.put(&[two + 1, a, b, c, d]),
    }
    Ok(())
}

#[cold]
fn too_long(length: usize) -> EncodeError {
    EncodeError::new(format_args!("a length of {length} is more than the {} that the format has", u32::MAX))
}

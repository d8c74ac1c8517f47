//! Why a value cannot be read, without the name of the format, which is put before all of these at the end.

use std::str;

use super::marker::describe;
use crate::DecodeError;

#[cold]
pub(super) fn cut_off() -> DecodeError {
    DecodeError::new("the message ends in the middle of a value")
}

#[cold]
pub(super) fn unexpected(marker: u8) -> DecodeError {
    let what = describe(marker);
    DecodeError::new(format_args!("{what} is not of the type expected here"))
}

#[cold]
pub(super) fn mismatched(length: usize) -> DecodeError {
    DecodeError::new(format_args!("{length} elements are not as many as expected here"))
}

#[cold]
pub(super) fn out_of_range() -> DecodeError {
    DecodeError::new("a negative integer is not of the type expected here")
}

#[cold]
pub(super) fn not_text(bytes: &[u8]) -> DecodeError {
    let error = str::from_utf8(bytes).err().map(|error| error.to_string()).unwrap_or_default();
    DecodeError::new(format_args!("text is not UTF-8: {error}"))
}

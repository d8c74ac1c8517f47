use std::{fmt, str};

use super::marker::describe;
use crate::DecodeError;

/// Why a value could not be read, without the name of the format.
///
/// One pointer, so that the result of reading a number fits into registers.
#[derive(Debug)]
pub(super) struct Failure(Box<DecodeError>);

impl Failure {
    #[cold]
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self(Box::new(DecodeError::new(message)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Failure {}

impl serde::de::Error for Failure {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

#[cold]
pub(super) fn cut_off() -> Failure {
    Failure::new("the message ends in the middle of a value")
}

#[cold]
pub(super) fn unexpected(marker: u8) -> Failure {
    let what = describe(marker);
    Failure::new(format_args!("{what} is not of the type expected here"))
}

#[cold]
pub(super) fn mismatched(length: usize) -> Failure {
    Failure::new(format_args!("{length} elements are not as many as expected here"))
}

#[cold]
pub(super) fn out_of_range() -> Failure {
    Failure::new("a negative integer is not of the type expected here")
}

#[cold]
pub(super) fn not_text(error: str::Utf8Error) -> Failure {
    Failure::new(format_args!("text is not UTF-8: {error}"))
}

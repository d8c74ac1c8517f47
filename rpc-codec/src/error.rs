use std::fmt;

/// A value could not be written in a format.
///
/// The message names the reason in one line, such as a map key that JSON cannot carry.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct EncodeError {
    message: Box<str>,
}

impl EncodeError {
    /// An error with this one-line reason.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string().into_boxed_str() }
    }
}

impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

/// Bytes could not be read as the value that was asked for, or reading them would cost more than the limits allow.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", message.line)]
pub struct DecodeError {
    message: Box<Message>,
}

/// One pointer further away, so that the result of reading a number fits into registers.
#[derive(Debug, Clone)]
struct Message {
    line: Box<str>,
}

impl DecodeError {
    /// An error with this one-line reason.
    #[cold]
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: Box::new(Message { line: message.to_string().into_boxed_str() }) }
    }

    /// The error for bytes that follow the value.
    #[cold]
    pub(crate) fn trailing(codec: &str) -> Self {
        Self::new(format_args!("{codec}: more bytes follow the value; a message holds exactly one"))
    }
}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

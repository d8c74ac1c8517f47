//! Bytes as base64 text on both ways through JSON.

use std::{fmt, io};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, SeqAccess, Visitor};
use serde_json::ser::Formatter;

/// JSON without spaces, in which bytes are base64 text.
pub(super) struct Base64Formatter;

impl Formatter for Base64Formatter {
    fn write_byte_array<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: &[u8]) -> io::Result<()> {
        // Piece by piece through the stack, so that a large payload is not held twice.
        // Only the last piece may be no multiple of three, and only it is padded.
        let mut text = [0; PIECE / 3 * 4];
        writer.write_all(b"\"")?;
        for piece in value.chunks(PIECE) {
            // The text of a whole piece fits, so this does not fail.
            let length = STANDARD.encode_slice(piece, &mut text).map_err(|_| io::ErrorKind::StorageFull)?;
            writer.write_all(text.get(..length).unwrap_or_default())?;
        }
        writer.write_all(b"\"")
    }
}

const PIECE: usize = 3 * 256;

/// Gives the bytes behind base64 text to a visitor of bytes.
pub(super) struct Base64Visitor<V>(pub(super) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Base64Visitor<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("base64 text or an array of bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match STANDARD.decode(text) {
            Ok(bytes) => self.0.visit_byte_buf(bytes),
            Err(error) => Err(E::custom(format_args!(
                "bytes are written as padded base64 text or as an array, and this string is not base64: {error}"
            ))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(access)
    }
}

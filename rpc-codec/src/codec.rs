use serde::Serialize;
use serde::de::{Deserialize, DeserializeSeed};

use crate::{DecodeError, EncodeError, Output};

/// A message format.
///
/// Implement [`encode`](Self::encode) and [`decode_seed`](Self::decode_seed) for a format of your own;
/// [`decode`](Self::decode) puts the limits in front of it.
pub trait Codec: Send + Sync + 'static {
    /// The name that both ends know the format by, such as `messagepack`. At most 255 bytes.
    fn name(&self) -> &str;

    /// Appends `value` to `out`.
    ///
    /// # Errors
    ///
    /// When the format cannot carry the value. What was appended by then is of no use.
    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output)
    -> Result<(), EncodeError>;

    /// Reads one value that takes up all of `bytes`.
    ///
    /// # Errors
    ///
    /// When the bytes are not such a value, or more bytes follow it.
    fn decode_seed<'de, S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        bytes: &'de [u8],
    ) -> Result<S::Value, DecodeError>;

    /// Reads one value that takes up all of `bytes`, within the limits on depth and on elements.
    ///
    /// # Errors
    ///
    /// As [`decode_seed`](Self::decode_seed), and when a limit is passed.
    fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError>;
}

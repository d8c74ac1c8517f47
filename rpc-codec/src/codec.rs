use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserialize, DeserializeSeed};

use crate::bounded::{Bounded, Budget, Plain};
use crate::{DecodeError, EncodeError, Output};

/// A message format.
///
/// Implement [`encode`](Self::encode) and [`decode_seed`](Self::decode_seed) for a format of your own, over any serde
/// format; [`decode`](Self::decode) puts the limits in front of it, and so does [`AnyCodec`](crate::AnyCodec).
///
/// ```
/// use rpc_codec::{AnyCodec, Codec, DecodeError, EncodeError, Output};
/// use serde::{Serialize, de::DeserializeSeed};
///
/// /// JSON with line breaks, for logs that people read.
/// struct PrettyJson;
///
/// impl Codec for PrettyJson {
///     fn name(&self) -> &str {
///         "pretty-json"
///     }
///
///     fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
///         serde_json::to_writer_pretty(out, value).map_err(EncodeError::new)
///     }
///
///     fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
///         let mut deserializer = serde_json::Deserializer::from_slice(bytes);
///         let value = seed.deserialize(&mut deserializer).map_err(DecodeError::new)?;
///         deserializer.end().map_err(DecodeError::new)?;   // one message is one value
///         Ok(value)
///     }
/// }
///
/// let codec = AnyCodec::new(PrettyJson);
/// let mut output = Output::new();
/// codec.encode(&[1, 2], &mut output)?;
/// assert_eq!(output.as_slice(), Some(&b"[\n  1,\n  2\n]"[..]));
/// assert_eq!(codec.decode::<Vec<u8>>(&output.into_bytes())?, [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Codec: Send + Sync + 'static {
    /// The name that both ends know the format by, such as `messagepack`. At most 255 bytes.
    fn name(&self) -> &str;

    /// Appends `value` to `out`.
    ///
    /// # Errors
    ///
    /// When the format cannot carry the value. What was appended by then is of no use.
    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError>;

    /// Reads one value that takes up all of `bytes`.
    ///
    /// The value may borrow from `bytes`, so a format that first makes other bytes of them (one that decompresses, say)
    /// can only hand out what it owns.
    ///
    /// An implementation needs no limits of its own: whoever calls it for bytes from a peer passes a bounded seed,
    /// as [`decode`](Self::decode) and [`AnyCodec`](crate::AnyCodec) do. The codecs of this crate bound every seed.
    ///
    /// # Errors
    ///
    /// When the bytes are not such a value, or more bytes follow it.
    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError>;

    /// Reads one value that takes up all of `bytes`, within [`DEPTH_LIMIT`](crate::DEPTH_LIMIT) and
    /// [`FREE_ELEMENTS`](crate::FREE_ELEMENTS).
    ///
    /// Values that are skipped, such as fields the type does not know, are read through the deserializer's
    /// `deserialize_any`, so that they are bounded too: a format that cannot do that refuses them.
    ///
    /// # Errors
    ///
    /// As [`decode_seed`](Self::decode_seed), and when a limit is passed.
    fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        let budget = Budget::of(bytes);
        let seed: Bounded<'_, PhantomData<T>, Plain> = budget.bound(PhantomData);
        self.decode_seed(seed, bytes)
    }
}

//! Bytes that are written as bytes, for `#[serde(with = "rpc_codec::bytes")]`.
//!
//! Without it serde writes a `Vec<u8>` as a sequence of numbers.
//! [`MessagePack`](crate::MessagePack) mends that by itself and in [`Bincode`](crate::Bincode) both look alike,
//! but there the bytes are copied one by one; in [`Json`](crate::Json) this makes them base64 text.
//!
//! ```
//! use rpc_codec::{Codec, Json, Output};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Picture {
//!     #[serde(with = "rpc_codec::bytes")]
//!     pixels: Vec<u8>,
//! }
//!
//! let mut output = Output::new();
//! Json.encode(&Picture { pixels: vec![0, 1, 2] }, &mut output)?;
//! assert_eq!(output.as_slice(), Some(&br#"{"pixels":"AAEC"}"#[..]));
//! # Ok::<(), rpc_codec::EncodeError>(())
//! ```

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::output::contains;

/// Writes `value` as bytes: a `Vec<u8>`, `Bytes`, `[u8]`, or a reference to one.
///
/// # Errors
///
/// Those of the serializer.
#[inline]
pub fn serialize<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: AsRef<[u8]> + ?Sized,
    S: Serializer,
{
    serializer.serialize_bytes(value.as_ref())
}

/// Reads bytes, or a sequence of numbers below 256.
///
/// # Errors
///
/// When something else comes. Text is something else: its UTF-8 bytes are never what the sender meant.
#[inline]
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: From<Vec<u8>>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_byte_buf(BytesVisitor(PhantomData))
}

/// A value that is written as bytes, where there is no field to put the attribute on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AsBytes<T>(pub T);

impl<T: AsRef<[u8]>> Serialize for AsBytes<T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, T: From<Vec<u8>> + 'static> Deserialize<'de> for AsBytes<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(SharingVisitor(PhantomData)).map(Self)
    }
}

/// The least that is worth sharing, in bytes. A shared value keeps all of its message, and what was read along with it.
const SHARED_MIN: usize = 64 * 1024;

thread_local! {
    /// The message that is being read, while its parts may be shared.
    static MESSAGE: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// Runs `read`, which reads `message`: long values of the type `AsBytes<Bytes>` then share it instead of being copied.
pub fn sharing<R>(message: &Bytes, read: impl FnOnce() -> R) -> R {
    struct Restore(Option<Bytes>);

    impl Drop for Restore {
        fn drop(&mut self) {
            MESSAGE.with_borrow_mut(|message| *message = self.0.take());
        }
    }

    if message.len() < SHARED_MIN {
        return read();
    }
    let _restore = Restore(MESSAGE.replace(Some(message.clone())));
    read()
}

/// `bytes` as a part of the message that is being read, if they are one.
fn shared(bytes: &[u8]) -> Option<Bytes> {
    if bytes.len() < SHARED_MIN {
        return None;
    }
    MESSAGE.with_borrow(|message| {
        message.as_ref().filter(|message| contains(message, bytes)).map(|message| message.slice_ref(bytes))
    })
}

/// As [`BytesVisitor`], but `Bytes` may share what they are read from.
struct SharingVisitor<T>(PhantomData<fn() -> T>);

impl<'de, T: From<Vec<u8>> + 'static> Visitor<'de> for SharingVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    #[inline]
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        let mut value: Option<T> = None;
        if let Some(place) = (&mut value as &mut dyn Any).downcast_mut::<Option<Bytes>>() {
            *place = shared(bytes);
        }
        Ok(value.unwrap_or_else(|| T::from(bytes.to_vec())))
    }

    #[inline]
    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<T, E> {
        Ok(T::from(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        BytesVisitor(PhantomData).visit_seq(access)
    }
}

struct BytesVisitor<T>(PhantomData<fn() -> T>);

impl<'de, T: From<Vec<u8>>> Visitor<'de> for BytesVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    #[inline]
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        Ok(T::from(bytes.to_vec()))
    }

    #[inline]
    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<T, E> {
        Ok(T::from(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<T, A::Error> {
        let mut bytes = Vec::with_capacity(access.size_hint().unwrap_or(0).min(CLAIM_MAX));
        while let Some(byte) = access.next_element()? {
            bytes.push(byte);
        }
        Ok(T::from(bytes))
    }
}

/// The most memory reserved on the word of a sequence that has not shown its elements yet, in bytes.
const CLAIM_MAX: usize = 64 * 1024;

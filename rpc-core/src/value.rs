//! A result or an item, as it is written and read.

use std::any::{Any, TypeId};

use bytes::Bytes;
use rpc_codec::bytes::AsBytes;
use rpc_codec::{AnyCodec, Codec as _, DecodeError, EncodeError, Output};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a value; `()` is an empty message in every codec (W-41). Long bytes are shared; nobody copies them.
pub(crate) fn write<T: Serialize + 'static>(codec: &AnyCodec, value: T, out: &mut Output) -> Result<(), EncodeError> {
    if TypeId::of::<T>() == TypeId::of::<()>() {
        return Ok(());
    }
    match take_bytes(value) {
        Ok(bytes) => {
            out.lend(bytes.clone());
            codec.encode(&AsBytes(bytes), out)
        }
        Err(value) => codec.encode(&value, out),
    }
}

/// The bytes that a value is, unless it is something else.
fn take_bytes<T: 'static>(value: T) -> Result<Bytes, T> {
    let mut value = Some(value);
    let any: &mut dyn Any = &mut value;
    if let Some(place) = any.downcast_mut::<Option<AsBytes<Bytes>>>()
        && let Some(AsBytes(bytes)) = place.take()
    {
        return Ok(bytes);
    }
    if let Some(place) = any.downcast_mut::<Option<AsBytes<Vec<u8>>>>()
        && let Some(AsBytes(bytes)) = place.take()
    {
        return Ok(bytes.into());
    }
    // It is there: only bytes were taken out.
    value.map_or_else(|| Ok(Bytes::new()), Err)
}

/// Reads a value; an empty message is `()` in every codec (W-41).
pub(crate) fn read<T: DeserializeOwned + 'static>(codec: &AnyCodec, body: &[u8]) -> Result<T, DecodeError> {
    if body.is_empty() {
        let mut slot: Option<T> = None;
        if let Some(unit) = (&mut slot as &mut dyn Any).downcast_mut::<Option<()>>() {
            *unit = Some(());
        }
        if let Some(unit) = slot {
            return Ok(unit);
        }
    }
    codec.decode(body)
}

/// Reads bytes.
pub(crate) fn read_bytes<T>(codec: &AnyCodec, body: &[u8]) -> Result<T, DecodeError>
where
    AsBytes<T>: DeserializeOwned,
{
    codec.decode::<AsBytes<T>>(body).map(|AsBytes(value)| value)
}

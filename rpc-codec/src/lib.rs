//! Formats for the messages of a call: MessagePack, JSON and bincode, each in one file, behind one bounded trait.
//!
//! ```
//! use rpc_codec::{Codec, MessagePack, Output};
//!
//! let mut output = Output::new();
//! MessagePack::default().encode(&(7, "seven"), &mut output)?;
//! let bytes = output.into_bytes();
//! let (number, word): (u32, String) = MessagePack::default().decode(&bytes)?;
//! assert_eq!((number, word.as_str()), (7, "seven"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate knows serde and bytes. It knows nothing of frames, calls or tasks.
//!
//! # Limits
//!
//! What is read comes from a peer, so every codec reads within [`DEPTH_LIMIT`] and [`FREE_ELEMENTS`], a codec of your
//! own included, in skipped fields as well, and no message may have bytes after its value. What serde itself keeps for
//! `#[serde(flatten)]` and enums that are untagged or tagged within has passed the limits before it is kept.
//!
//! # Which changes to a type are compatible
//!
//! An old reader is one that has not learnt of the change; a new one reads what old ends still write.
//!
//! | change | MessagePack, JSON | MessagePack, compact | bincode |
//! | --- | --- | --- | --- |
//! | add a field at the end | yes: old readers ignore it, new ones need `#[serde(default)]` or an `Option` | new readers with `#[serde(default)]`; old ones refuse it | no |
//! | add a field elsewhere, move fields | yes, as above | no | no |
//! | remove a field | yes, where old readers have a default for it | at the end, where old readers have `#[serde(default)]` | no |
//! | rename a field | with `#[serde(alias)]` at the reader | yes | yes |
//! | append a variant | yes: old readers refuse a message with it | the same | the same |
//! | move variants | yes | yes | no: variants are numbered |
//! | rename a variant | with `#[serde(alias)]` at the reader | with `#[serde(alias)]` at the reader | yes |
//! | widen an integer, or make it a float | yes | yes | no |
//! | make a value optional | yes | yes | no |
//! | put a value into a newtype struct | yes | yes | yes |
//!
//! A change that bincode does not carry is mostly refused, and sometimes read as something else: its bytes have no types.

mod output;
pub use output::Output;

mod error;
pub use error::{DecodeError, EncodeError};

mod bounded;
pub use bounded::{DEPTH_LIMIT, FREE_ELEMENTS};

mod codec;
pub use codec::Codec;

mod messagepack;
pub use messagepack::MessagePack;

mod json;
pub use json::Json;

mod bincode;
pub use bincode::Bincode;

mod any;
pub use any::{AnyCodec, Custom};

pub mod bytes;

//! Formats for the messages of a call: MessagePack, JSON and bincode, each in one file, behind one bounded trait.
//!
//! This crate knows serde and bytes. It knows nothing of frames, calls or tasks.
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

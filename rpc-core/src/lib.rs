//! Core.

mod code;
pub use code::Code;

mod metadata;
pub use metadata::{METADATA_MAX_BYTES, METADATA_MAX_ENTRIES, Metadata};

mod error;
pub use error::{CallError, Delivery, Phase, RpcError};

mod method;
pub use method::{ArgumentDescriptor, MethodDescriptor, ServiceDescriptor, Shape, identifier};

mod limits;
pub use limits::Limits;

mod frame;

mod session;

mod transport;
pub use transport::Address;

mod context;
pub use context::Context;

mod connection;

mod instance;

mod failure;
pub use failure::{Failure, NoError};

mod service;
pub use service::{Handler, Request, Service};

mod server;
pub use server::{Server, ServerBuilder, ServerHandle, ShutdownReport};

mod channel;
pub use channel::{AtMostOnce, Call, Channel, ChannelBuilder, Idempotent, WithMetadata};

pub use rpc_macros::rpc_service;

/// The formats of messages.
pub mod codec {
    pub use rpc_codec::{AnyCodec, Bincode, Codec, DecodeError, EncodeError, Json, MessagePack, Output};
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

//! Annotate a plain Rust trait; get a typed client (the stub) and a server (the skeleton) for it.
//!
//! ```
//! use rpc_core::{Server, rpc_service};
//!
//! #[rpc_service]
//! trait Arith {
//!     async fn multiply(&self, a: i64, b: i64) -> i64;
//! }
//!
//! struct Calculator;
//! impl Arith for Calculator {
//!     async fn multiply(&self, a: i64, b: i64) -> i64 {
//!         a * b
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), rpc_core::RpcError> {
//! let server = Server::builder().service(ArithServer::new(Calculator)).bind("tcp://127.0.0.1:0").await?;
//! let server = server.spawn();
//!
//! let arith = ArithClient::connect(server.local_addr()).await?;
//! assert_eq!(arith.multiply(7, 8).await?, 56);
//!
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! | to | see |
//! | --- | --- |
//! | describe a service | [`rpc_service`] |
//! | serve it | [`Server::builder`], [`Limits`] |
//! | call it | [`Channel`], [`Call`] |
//! | choose a format, or bring one | [`codec`] |
//! | know the caller, its deadline and its metadata | [`Context`] |
//! | handle failures | [`CallError`], [`RpcError`], [`Delivery`] |
//! | test without a socket | [`Channel::in_process`] |
//!
//! `ARCHITECTURE.md` follows a call through the code, and `PROTOCOL.md` is the wire, byte by byte.
//!
//! # Run time
//!
//! Everything runs on tokio, on either of its schedulers. A connection is one task; a handler that is not done at once
//! gets a task of its own.
//! Deadlines follow tokio's clock, so tests can pause it.
//!
//! # Panics
//!
//! A handler that panics fails its own call with [`Code::Internal`]; the connection lives on. A program built with
//! `panic = "abort"` loses this.

mod caught;

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

/// The code in the README is compiled and run like this crate's own.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

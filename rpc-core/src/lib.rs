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
//! | watch a server, change its services, end it | [`ServerHandle`] |
//! | know whether a server is ready | [`health`] |
//! | call it | [`Channel`], [`Call`] |
//! | stream results, arguments, or both | [`Streaming`], [`stream`] |
//! | call the caller of a handler | [`Context::client`], [`ChannelBuilder::service`] |
//! | choose a format, or bring one | [`codec`] |
//! | have several servers, or connections | [`ChannelBuilder::or`], [`ChannelBuilder::connections`] |
//! | watch a channel | [`Channel::state`], [`Channel::changed`], [`ChannelBuilder::on_connect`] |
//! | restart a server without losing a call | [`ServerHandle::shutdown`] |
//! | know the caller, its deadline and its metadata | [`Context`] |
//! | have a call that may be retried run once | `#[rpc(once)]` in [`rpc_service`], [`ServerBuilder::kept_replies`] |
//! | handle failures | [`CallError`], [`RpcError`], [`Delivery`] |
//! | test without a socket, or mock a service | `ArithClient::in_process`, [`Channel::in_process`] |
//! | test against a bad network | `testing::FaultProxy`, with the feature `testing` |
//! | look at a service as data | [`descriptor`] |
//!
//! `ARCHITECTURE.md` follows a call through the code, and `PROTOCOL.md` is the wire, byte by byte.
//!
//! # Run time
//!
//! Everything runs on tokio, with `enable_all`, on either of its schedulers. A connection is one task; a handler begins
//! there, and goes on there as long as it takes microseconds at a time, or else in another task.
//! So a handler must not block its thread: what does (a file, a lock that is held for long, a computation of more than
//! some milliseconds) belongs into `tokio::task::spawn_blocking`. A method that is seen to block is started in a task of
//! its own from then on, but its first call delays the others of its connection.
//! Deadlines follow tokio's clock, so tests can pause it.
//!
//! # Lost connections
//!
//! A channel outlives its connections: it opens another when one is lost, when the server is closing, and when one was
//! idle ([`Limits`]) and is needed again. What becomes of the calls depends on what is known of them:
//!
//! | a call that | is |
//! | --- | --- |
//! | did not run, for a passing reason | made again by itself, within its deadline |
//! | may have run, of a method marked `#[rpc(idempotent)]` | made again as the [`RetryPolicy`] says |
//! | may have run, of a method marked `#[rpc(once)]` | made again, and run by the server once all the same |
//! | may have run, of any other method | [`Code::Unavailable`] with [`Delivery::Unknown`] |
//!
//! While a channel cannot connect, calls fail at once, unless they [wait](Call::wait_for_ready). A peer that says
//! nothing while calls are open is asked whether it is there, and given up when it does not answer
//! ([`Limits::keepalive`]).
//!
//! # Panics
//!
//! A handler that panics fails its own call with [`Code::Internal`] and a number, which [`ServerBuilder::on_error`] is
//! told too; the connection lives on. A program built with `panic = "abort"` loses this.

mod caught;

mod stripe;

mod jitter;

mod code;
pub use code::Code;

mod metadata;
pub use metadata::Metadata;

mod error;
pub use error::{CallError, Delivery, Phase, RpcError};

mod hooks;

mod method;

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

mod value;

mod streaming;
pub use streaming::Streaming;

mod service;
pub use service::Service;

mod server;
pub use server::{Server, ServerBuilder, ServerHandle, ShutdownReport};

mod channel;
pub use channel::{Call, Channel, ChannelBuilder, ChannelState, RetryPolicy};

pub mod health;

/// What streams are made of. Whatever implements [`Stream`] can be given and sent; combinators such as
/// `map` and `try_collect` are in the crate `futures`.
pub mod stream {
    pub use crate::streaming::{Pusher, Streaming, push, try_push};
    #[doc(no_inline)]
    pub use futures::stream::{Stream, iter};
}

#[doc(no_inline)]
pub use futures::Stream;

pub use rpc_macros::rpc_service;

/// The formats of messages, and the trait for one of your own.
#[doc(no_inline)]
pub use rpc_codec as codec;

/// What the signatures of calls and skeletons name, and programs seldom do.
pub mod parts {
    pub use crate::channel::{AtMostOnce, Idempotent, Once, Repeatable, WithMetadata};
    pub use crate::failure::{Failure, NoError};
    pub use crate::service::{Handler, Request};
    pub use crate::streaming::{Sent, Sink};
}

/// What is known of services as constants: names, arguments, documentation.
pub mod descriptor {
    pub use crate::method::{ArgumentDescriptor, MethodDescriptor, ServiceDescriptor, Shape, identifier};
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "testing")]
pub mod testing;

/// The code in the README is compiled and run like this crate's own.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

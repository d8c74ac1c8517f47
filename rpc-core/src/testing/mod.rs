//! What tests need and programs do not: a bad network, on demand. Behind the feature `testing`, for
//! `[dev-dependencies]`.
//!
//! A [`FaultProxy`] stands between clients and a server and does to their bytes what [`Faults`] say. It knows nothing
//! of the protocol: whatever speaks TCP can be put behind it.
//!
//! ```
//! use std::time::Duration;
//!
//! use rpc_core::testing::{FaultProxy, Faults};
//! use rpc_core::{Code, Server, rpc_service};
//!
//! #[rpc_service]
//! trait Echo {
//!     async fn echo(&self, text: &str) -> String;
//! }
//!
//! struct Parrot;
//! impl Echo for Parrot {
//!     async fn echo(&self, text: &str) -> String {
//!         text.to_owned()
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), rpc_core::RpcError> {
//! let server = Server::builder().service(EchoServer::new(Parrot)).bind("tcp://127.0.0.1:0").await?.spawn();
//! let proxy = FaultProxy::builder(server.local_addr()).seed(7).start().await?;
//! let echo = EchoClient::connect(proxy.local_addr()).await?;
//!
//! // Slow, and in pieces: the answer is the same.
//! proxy.set(Faults::none().delay(Duration::from_millis(1)..Duration::from_millis(3)).trickle(20));
//! assert_eq!(echo.echo("hello").await?, "hello");
//!
//! // Nothing comes through: the deadline fires.
//! proxy.set(Faults::none());
//! proxy.black_hole(true);
//! let error = echo.echo("hello").timeout(Duration::from_millis(20)).await.unwrap_err();
//! assert_eq!(error.code(), Code::DeadlineExceeded);
//!
//! // It comes through again, late.
//! proxy.black_hole(false);
//! assert_eq!(echo.echo("still there").await?, "still there");
//!
//! // The connection is lost, and there is no other for a while.
//! proxy.refuse(true)?;
//! proxy.reset_all();
//! assert_eq!(echo.echo("hello").await.unwrap_err().code(), Code::Unavailable);
//! proxy.refuse(false)?;
//! assert_eq!(echo.echo("hello").wait_for_ready().await?, "hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Seeds
//!
//! What is random follows from the seed, the number of the connection (in the order they are accepted) and the
//! direction, and from nothing else: with the same seed, [`Faults::cut_within`] cuts the third connection at the same
//! byte, and the fifth write of a direction has the same share of the range of [`Faults::delay`]. How the system cuts a
//! stream into reads is not the proxy's to decide; where that matters, [`Faults::trickle`] makes the writes alike.

/// Has everything that differs at random, such as the pauses between attempts to connect, follow from a seed, for the
/// channels that are used on this thread: for tests of whole programs in virtual time.
pub fn seed(seed: u64) {
    crate::jitter::seeded::set(seed);
}

mod random;
use random::Random;

mod fault;
pub use fault::{Direction, Faults};
use fault::{Limit, Stop};

mod orders;
use orders::Orders;

mod counts;
use counts::Counts;

mod pipe;
use pipe::Pipe;

mod relay;
use relay::Relay;

mod door;
use door::Door;

mod builder;
pub use builder::FaultProxyBuilder;

mod proxy;
pub use proxy::FaultProxy;

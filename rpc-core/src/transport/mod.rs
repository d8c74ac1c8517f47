//! Transports: where the bytes of a connection come from and go to.
//!
//! This module knows sockets. It knows nothing of frames.

mod address;
pub use address::Address;

mod io;
pub(crate) use io::Io;

mod memory;
pub(crate) use memory::pipe;

mod listener;
pub(crate) use listener::Listener;

mod connect;
pub(crate) use connect::connect;

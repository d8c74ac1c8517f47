use std::fmt;
use std::sync::Arc;

use super::{Door, FaultProxy, Faults};
use crate::code::Code;
use crate::error::RpcError;
use crate::transport::Address;

/// Puts a [`FaultProxy`] together; [`start`](Self::start) finishes it.
#[derive(Debug, Clone)]
#[must_use]
pub struct FaultProxyBuilder {
    target: String,
    seed: u64,
    faults: Faults,
}

impl FaultProxyBuilder {
    pub(super) fn new(target: impl fmt::Display) -> Self {
        Self { target: target.to_string(), seed: 0, faults: Faults::none() }
    }

    /// What decides everything that is random. Default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The faults to begin with. Default [`Faults::none`].
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Takes a port of the loopback that is free, and accepts connections there, in tasks of this run time. The server
    /// is not connected to before a client comes, so it need not be there yet.
    ///
    /// # Errors
    ///
    /// When the server's address is not one, or is not of the kind `tcp://`, or the system has no port.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was begun.
    pub async fn start(self) -> Result<FaultProxy, RpcError> {
        let target = host(&self.target)?;
        let door = Door::open().map_err(|error| {
            let text = format!("a proxy cannot listen at tcp://127.0.0.1:0: {error}");
            RpcError::new(Code::Unavailable, text).with_source(error)
        })?;
        Ok(FaultProxy::new(door, self.seed, target, self.faults))
    }
}

/// Host and port of an address.
pub(super) fn host(address: &str) -> Result<Arc<str>, RpcError> {
    match address.parse()? {
        Address::Tcp(host) => Ok(host.into()),
        other => Err(RpcError::new(
            Code::InvalidArgument,
            format!("a FaultProxy cannot stand in front of {other}, only of TCP: bind the server to tcp://127.0.0.1:0"),
        )),
    }
}

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::builder::host;
use super::{Counts, Direction, Door, FaultProxyBuilder, Faults, Orders, Random, Relay};
use crate::code::Code;
use crate::error::RpcError;
use crate::transport::Address;

/// How long to wait when the system has no file descriptors, before it is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// A TCP proxy that does to the bytes what bad networks do. For tests; see [the module](super).
///
/// It listens at a port of the loopback. Each connection there becomes one to the server; where that cannot be made,
/// the client is reset. What one end does, the other is told in kind and in order: an end of the stream as an end, a
/// reset as a reset. At most 64 KiB are read ahead in each direction, besides what the system's sockets hold.
///
/// Its methods may be called from anywhere, and return at once; its tasks do the rest, so a test waits for what the
/// ends see. A connection is one from the moment when the proxy has accepted it, which may be shortly after the
/// client's `connect` has returned: bytes that came through prove it.
///
/// Dropping it refuses further connections and closes those that are open.
pub struct FaultProxy {
    address: Address,
    door: Arc<Door>,
    counts: Arc<Counts>,
    /// The tasks end when it is gone.
    orders: watch::Sender<Orders>,
    runtime: Handle,
}

impl FaultProxy {
    /// Begins with a proxy without faults in front of a server, such as `"tcp://127.0.0.1:4000"` or
    /// [`Server::local_addr`](crate::Server::local_addr).
    pub fn builder(target: impl fmt::Display) -> FaultProxyBuilder {
        FaultProxyBuilder::new(target)
    }

    pub(super) fn new(door: Door, seed: u64, target: Arc<str>, faults: Faults) -> Self {
        let address = Address::Tcp(door.address().to_string());
        let (door, counts) = (Arc::new(door), Arc::default());
        let orders = watch::Sender::new(Orders::new(target, faults));
        tokio::spawn(accept_all(Arc::clone(&door), Random::new(seed), Arc::clone(&counts), orders.subscribe()));
        Self { address, door, counts, orders, runtime: Handle::current() }
    }

    /// The address that clients connect to instead of the server's.
    pub fn local_addr(&self) -> &Address {
        &self.address
    }

    /// Sets all faults anew: the pace of all connections at once, and the ends of those that are accepted from now on.
    /// See [`Faults`].
    pub fn set(&self, faults: Faults) {
        self.orders.send_modify(|orders| orders.faults = faults);
    }

    /// Whether nothing passes. No byte, end or reset is lost meanwhile: it waits until this is false again. Connections
    /// are accepted and hang; the server hears of them later. Default false.
    ///
    /// What the proxy has written before is on its way. [`half_close_all`](Self::half_close_all) and
    /// [`reset_all`](Self::reset_all) act all the same.
    pub fn black_hole(&self, on: bool) {
        self.orders.send_modify(|orders| orders.black_hole = on);
    }

    /// Whether further connections are refused, as if nobody listened; those that are open go on. Default false. The
    /// port stays the same.
    ///
    /// # Errors
    ///
    /// None for true. For false, when the system does not give the port back; on Linux the proxy has kept it.
    pub fn refuse(&self, on: bool) -> Result<(), RpcError> {
        if on {
            self.door.shut();
            return Ok(());
        }
        let _within = self.runtime.enter();
        self.door.reopen().map_err(|error| {
            let text = format!("the proxy cannot listen again at {}: {error}", self.address);
            RpcError::new(Code::Unavailable, text).with_source(error)
        })?;
        // Whoever waits for connections looks at the new listener.
        self.orders.send_modify(|_| {});
        Ok(())
    }

    /// Sends further connections to another server; those that are open stay where they are.
    ///
    /// # Errors
    ///
    /// When the address is not one, or is not of the kind `tcp://`. Nothing has changed then.
    pub fn retarget(&self, target: impl fmt::Display) -> Result<(), RpcError> {
        let target = host(&target.to_string())?;
        self.orders.send_modify(|orders| orders.target = target);
        Ok(())
    }

    /// Resets the connections that are open, at both ends (RST). What is on its way is lost.
    pub fn reset_all(&self) {
        self.orders.send_modify(|orders| orders.resets += 1);
    }

    /// Ends one direction of the connections that are open (FIN): its receiver sees the end of the stream, and the
    /// other direction goes on. What waits in the proxy, or is sent against the end later, is thrown away.
    pub fn half_close_all(&self, direction: Direction) {
        self.orders.send_modify(|orders| orders.half_close(direction));
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.counts.open()
    }

    /// How many connections have ever been accepted.
    pub fn opened(&self) -> u64 {
        self.counts.opened()
    }

    /// How many bytes have been passed to the server, and to the client, over all connections that ever were.
    pub fn passed(&self) -> (u64, u64) {
        (self.counts.passed(Direction::ToServer), self.counts.passed(Direction::ToClient))
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // At once, and not only when its task is polled.
        self.door.shut();
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy")
            .field("address", &self.address)
            .field("orders", &*self.orders.borrow())
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

/// Gives each connection a task, until the proxy is gone.
async fn accept_all(door: Arc<Door>, random: Random, counts: Arc<Counts>, mut orders: watch::Receiver<Orders>) {
    loop {
        let accepted = match select(pin!(orders.changed()), pin!(door.accept())).await {
            Either::Left((Ok(()), _)) => continue,
            Either::Left((Err(_), _)) => return,
            Either::Right((accepted, _)) => accepted,
        };
        let Ok(client) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let counted = counts.open_one();
        let random = random.branch(counted.number);
        let began = orders.borrow().clone();
        tokio::spawn(Relay { orders: orders.clone(), began, random, counted }.run(client));
    }
}

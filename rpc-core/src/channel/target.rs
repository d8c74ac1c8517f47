use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rpc_codec::{AnyCodec, Codec as _};

use crate::code::Code;
use crate::connection::{Connection, Line, Serve, ServeNothing};
use crate::error::{Delivery, Phase, RpcError};
use crate::instance::instance;
use crate::limits::Limits;
use crate::server::{Dispatch, Shared};
use crate::session::{Identity, Role};
use crate::transport::{self, Address, Io};

/// How a channel's connection is made.
pub(super) struct Target {
    pub(super) way: Way,
    pub(super) peer: Arc<str>,
    pub(super) limits: Arc<Limits>,
    pub(super) codec: AnyCodec,
    /// What the peer may call.
    pub(super) services: Option<Arc<Shared>>,
    /// For opening the stream; HELLO has its own time.
    pub(super) timeout: Duration,
}

pub(super) enum Way {
    /// Any of these.
    Dial(Vec<Address>),
    /// What the program gives whenever it is asked.
    Connector(Connector),
    /// A stream that is open, until it is taken.
    Open(Mutex<Option<Io>>),
    /// Makes both ends of a pipe, and serves the far one.
    InProcess(Box<dyn Fn() -> Io + Send + Sync>),
    /// The peer made it.
    Back,
}

/// Opens a stream of the program's own.
pub(super) type Connector = Box<dyn Fn() -> Pin<Box<dyn Future<Output = std::io::Result<Io>> + Send>> + Send + Sync>;

impl Target {
    /// Whether the connection can be opened again.
    pub(super) fn is_reopened(&self) -> bool {
        !matches!(self.way, Way::Open(_) | Way::Back)
    }

    /// Whether the peer made the connection, and keeps it.
    pub(super) fn is_lent(&self) -> bool {
        matches!(self.way, Way::Back)
    }

    /// How many addresses there are to choose from.
    pub(super) fn addresses(&self) -> usize {
        match &self.way {
            Way::Dial(addresses) => addresses.len(),
            _ => 1,
        }
    }

    /// Opens the stream and begins the connection; does not wait for HELLO. `number` chooses among the addresses.
    pub(super) async fn open(&self, number: usize) -> Result<Connection, RpcError> {
        let io = match &self.way {
            Way::Dial(addresses) => self.dial(addresses, number).await?,
            Way::Connector(connect) => {
                let peer = Arc::clone(&self.peer);
                self.within_timeout(peer, connect()).await?
            }
            Way::Open(io) => {
                let io = io.lock().unwrap_or_else(PoisonError::into_inner).take();
                io.ok_or_else(|| self.over())?
            }
            Way::InProcess(make) => make(),
            Way::Back => return Err(self.over()),
        };
        let identity = Identity { instance: instance(), codecs: vec![self.codec.name().into()] };
        let serve = |line: Line| -> Box<dyn Serve> {
            match &self.services {
                Some(services) => {
                    let address = Arc::clone(&self.peer);
                    Box::new(Dispatch::new(Arc::clone(services), address, line, Box::new(|_| {})))
                }
                None => Box::new(ServeNothing),
            }
        };
        Ok(Connection::open(io, Role::Client, Arc::clone(&self.limits), identity, serve))
    }

    /// Checks what the peer's HELLO says.
    pub(super) fn check(&self, connection: &Connection) -> Result<(), RpcError> {
        let name = self.codec.name();
        let theirs = connection.peer_codecs();
        if theirs.iter().any(|codec| **codec == *name) {
            return Ok(());
        }
        let text = format!(
            "the server does not have the codec {name:?}; it has {}. Enable it there with ServerBuilder::codec, or \
             choose another with ChannelBuilder::codec",
            theirs.join(", ")
        );
        Err(RpcError::new(Code::Unimplemented, text)
            .with_peer(Arc::clone(&self.peer))
            .with_phase(Phase::Handshake)
            .with_delivery(Delivery::NotSent))
    }

    async fn dial(&self, addresses: &[Address], number: usize) -> Result<Io, RpcError> {
        let Some(address) = addresses.get(number % addresses.len().max(1)) else {
            return Err(self.over());
        };
        let peer: Arc<str> = match addresses {
            [_] => Arc::clone(&self.peer),
            _ => address.to_string().into(),
        };
        self.within_timeout(Arc::clone(&peer), transport::connect(address, peer)).await
    }

    async fn within_timeout(
        &self,
        peer: Arc<str>,
        connect: impl Future<Output = std::io::Result<Io>>,
    ) -> Result<Io, RpcError> {
        let failed = |text: String| self.failed(&text).with_peer(peer);
        match tokio::time::timeout(self.timeout, connect).await {
            Ok(Ok(io)) => Ok(io),
            Ok(Err(error)) => {
                let advice = match error.kind() {
                    std::io::ErrorKind::ConnectionRefused => "; is the server running, and is this its address?",
                    std::io::ErrorKind::NotFound => "; there is no such socket",
                    _ => "",
                };
                Err(failed(format!("cannot connect: {error}{advice}")).with_source(error))
            }
            Err(_) => {
                let waited = self.timeout.as_secs_f32();
                Err(failed(format!("no connection within {waited} s (ChannelBuilder::connect_timeout)")))
            }
        }
    }

    /// What is said of a connection that is gone and cannot be opened again.
    pub(super) fn over(&self) -> RpcError {
        self.failed("the connection is gone").with_phase(Phase::Send)
    }

    /// What is said of a server that greets and takes no calls.
    pub(super) fn drained(&self) -> RpcError {
        self.failed("the server is closing")
    }

    fn failed(&self, text: &str) -> RpcError {
        RpcError::new(Code::Unavailable, text)
            .with_peer(Arc::clone(&self.peer))
            .with_phase(Phase::Connect)
            .with_delivery(Delivery::NotSent)
    }
}

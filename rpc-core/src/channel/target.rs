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
    Dial(Address),
    /// A stream that is open, until it is taken.
    Open(Mutex<Option<Io>>),
    /// Makes both ends of a pipe, and serves the far one.
    InProcess(Box<dyn Fn() -> Io + Send + Sync>),
    /// The peer made it.
    Back,
}

impl Target {
    /// Opens the stream and begins the connection; does not wait for HELLO.
    pub(super) async fn open(&self) -> Result<Connection, RpcError> {
        let io = match &self.way {
            Way::Dial(address) => self.dial(address).await?,
            Way::Open(io) => {
                let io = io.lock().unwrap_or_else(PoisonError::into_inner).take();
                io.ok_or_else(|| self.failed("the stream has been used"))?
            }
            Way::InProcess(make) => make(),
            Way::Back => return Err(self.failed("the connection is gone")),
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

    async fn dial(&self, address: &Address) -> Result<Io, RpcError> {
        let dialled = tokio::time::timeout(self.timeout, transport::connect(address, Arc::clone(&self.peer))).await;
        match dialled {
            Ok(Ok(io)) => Ok(io),
            Ok(Err(error)) => {
                let advice = match error.kind() {
                    std::io::ErrorKind::ConnectionRefused => "; is the server running, and is this its address?",
                    std::io::ErrorKind::NotFound => "; there is no such socket",
                    _ => "",
                };
                Err(self.failed(&format!("cannot connect: {error}{advice}")).with_source(error))
            }
            Err(_) => {
                let waited = self.timeout.as_secs_f32();
                Err(self.failed(&format!("no connection within {waited} s (ChannelBuilder::connect_timeout)")))
            }
        }
    }

    fn failed(&self, text: &str) -> RpcError {
        RpcError::new(Code::Unavailable, text)
            .with_peer(Arc::clone(&self.peer))
            .with_phase(Phase::Connect)
            .with_delivery(Delivery::NotSent)
    }
}

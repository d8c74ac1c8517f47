use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpc_codec::{AnyCodec, Codec};
use tokio::io::{AsyncRead, AsyncWrite};

use super::target::{Target, Way};
use super::{Channel, Link};
use crate::error::RpcError;
use crate::limits::Limits;
use crate::server::{Registry, Shared, in_process_pipe};
use crate::service::Service;
use crate::transport::{Address, Io};

/// Puts a channel together.
#[derive(Clone)]
#[must_use]
pub struct ChannelBuilder {
    address: String,
    codec: AnyCodec,
    limits: Limits,
    timeout: Option<Duration>,
    connect_timeout: Duration,
    services: Vec<Arc<dyn Service>>,
}

impl ChannelBuilder {
    pub(super) fn new(address: impl fmt::Display) -> Self {
        Self {
            address: address.to_string(),
            codec: AnyCodec::default(),
            limits: Limits::default(),
            timeout: Some(Duration::from_secs(30)),
            connect_timeout: Duration::from_secs(10),
            services: Vec::new(),
        }
    }

    /// The codec of its calls. Default MessagePack with named fields.
    pub fn codec(mut self, codec: impl Codec) -> Self {
        self.codec = AnyCodec::new(codec);
        self
    }

    /// What the connection may do and how long it may take.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The deadline of calls that set none themselves, and whose method has none. Default 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Calls that set no deadline themselves wait for ever.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// How long opening the connection may take. Default 10 s; the peer's HELLO has as long again
    /// ([`Limits::handshake`]).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Adds a service that the server may call, on this very connection, with [`Context::client`]: for callbacks, and
    /// for what a server has to say unasked. It is served for as long as the channel is there.
    ///
    /// [`Context::client`]: crate::Context::client
    pub fn service(mut self, service: impl Service) -> Self {
        self.services.push(Arc::new(service));
        self
    }

    /// Connects, and waits until the peer has said that it speaks the protocol and has the codec.
    ///
    /// # Errors
    ///
    /// When the address is not one, nobody answers there, or what answers does not speak the protocol.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was begun.
    pub async fn connect(self) -> Result<Channel, RpcError> {
        let channel = self.lazy()?;
        channel.link().connect().await?;
        Ok(channel)
    }

    /// Connects at the first call, which is sent together with the handshake: no round trip is waited for.
    ///
    /// That call must be made within a tokio run time.
    ///
    /// # Errors
    ///
    /// When the address is not one, or two services have one name.
    pub fn lazy(self) -> Result<Channel, RpcError> {
        let address: Address = self.address.parse()?;
        let peer = address.to_string().into();
        self.channel(Way::Dial(address), peer)
    }

    /// Uses a stream of bytes that is open, whatever it is; the address given before is its name in errors.
    ///
    /// # Errors
    ///
    /// When what is on the other side does not speak the protocol.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the stream.
    pub async fn over<S: AsyncRead + AsyncWrite + Send + 'static>(self, stream: S) -> Result<Channel, RpcError> {
        let peer: Arc<str> = self.address.as_str().into();
        let io = Io::new(stream, Arc::clone(&peer));
        let channel = self.channel(Way::Open(Mutex::new(Some(io))), peer)?;
        channel.link().connect().await?;
        Ok(channel)
    }

    /// A channel to a service within this process; see [`Channel::in_process`].
    ///
    /// # Panics
    ///
    /// When two of the services that it may call in turn ([`service`](Self::service)) have one name.
    pub fn in_process(self, service: impl Service) -> Channel {
        let peer: Arc<str> = "in-process".into();
        let make = in_process_pipe(service, self.codec.clone(), self.limits.clone().within_protocol());
        #[expect(clippy::panic, reason = "a mistake in the program, before anything runs")]
        match self.channel(Way::InProcess(make), peer) {
            Ok(channel) => channel,
            Err(error) => panic!("{error}"),
        }
    }

    fn channel(self, way: Way, peer: Arc<str>) -> Result<Channel, RpcError> {
        let Self { codec, limits, timeout, connect_timeout, services, .. } = self;
        let services = match services.is_empty() {
            true => None,
            false => {
                let mut registry = Registry::default();
                services.into_iter().try_for_each(|service| registry.add(service))?;
                Some(Shared::beside(registry, codec.clone()))
            }
        };
        let target = Target {
            way,
            peer,
            limits: limits.within_protocol(),
            codec: codec.clone(),
            services,
            timeout: connect_timeout,
        };
        Ok(Channel::new(Link::new(target), codec, 0, timeout))
    }
}

impl fmt::Debug for ChannelBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<&str> = self.services.iter().map(|service| service.name()).collect();
        f.debug_struct("ChannelBuilder")
            .field("address", &self.address)
            .field("codec", &self.codec)
            .field("limits", &self.limits)
            .field("timeout", &self.timeout)
            .field("services", &services)
            .finish_non_exhaustive()
    }
}

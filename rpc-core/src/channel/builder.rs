use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use rpc_codec::{AnyCodec, Codec};
use tokio::io::{AsyncRead, AsyncWrite};

use super::backoff::Backoff;
use super::target::{Connector, Target, Way};
use super::{Budget, Channel, Income, Inner, Link, RetryPolicy, Settings};
use crate::caught::caught;
use crate::error::RpcError;
use crate::hooks::Hooks;
use crate::limits::{LONGEST, Limits};
use crate::server::{Registry, Shared, in_process_pipe};
use crate::service::Service;
use crate::transport::{Address, Io};

/// Puts a channel together.
#[derive(Clone)]
#[must_use]
pub struct ChannelBuilder {
    addresses: Vec<String>,
    codec: AnyCodec,
    limits: Limits,
    settings: Settings,
    income: Income,
    connections: usize,
    connect_timeout: Duration,
    backoff: Backoff,
    hooks: Hooks,
    services: Vec<Arc<dyn Service>>,
}

impl ChannelBuilder {
    pub(super) fn new(address: impl fmt::Display) -> Self {
        Self {
            addresses: vec![address.to_string()],
            codec: AnyCodec::default(),
            limits: Limits::default(),
            settings: Settings::default(),
            income: Income::default(),
            connections: 1,
            connect_timeout: Duration::from_secs(10),
            backoff: Backoff::default(),
            hooks: Hooks::default(),
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
        self.settings.timeout = Some(timeout);
        self
    }

    /// Calls that set no deadline themselves wait for ever.
    pub fn no_timeout(mut self) -> Self {
        self.settings.timeout = None;
        self
    }

    /// How long opening the connection may take. Default 10 s; the peer's HELLO has as long again
    /// ([`Limits::handshake`]).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Adds an address at which the same services are found. Where one cannot be reached, or its server is closing, the
    /// next is tried.
    pub fn or(mut self, address: impl fmt::Display) -> Self {
        self.addresses.push(address.to_string());
        self
    }

    /// How many connections there are. Default 1, which is enough unless one processor at either end is not: each call
    /// goes to the one with the fewest. They begin at different addresses, where there are [several](Self::or).
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, 1024);
        self
    }

    /// The pause behind the first attempt to connect that failed, and the longest. Each is 1.6 times the one before,
    /// more or less a fifth. Default 100 ms and 30 s. The first pause comes again only behind a connection on which a
    /// call was answered, or that lasted for 30 s.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = Backoff { first, longest };
        self
    }

    /// All calls [wait](crate::Call::wait_for_ready) for a connection.
    pub fn wait_for_ready(mut self) -> Self {
        self.settings.waits = true;
        self
    }

    /// How calls of methods marked `#[rpc(idempotent)]` or `#[rpc(once)]` are tried again when they may have run.
    /// Default [`RetryPolicy::default`]: three attempts.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = Some(policy);
        self
    }

    /// No call is tried again: neither one that may have run, nor one that did not.
    pub fn no_retry(mut self) -> Self {
        self.settings.retry = None;
        self.settings.moves = false;
        self
    }

    /// How many attempts by policy there may be besides first ones: a share of the calls, and some each second. Default
    /// 0.2 and 10. Then calls fail at once, so that a server in trouble is not called all the more.
    pub fn retry_budget(mut self, share: f64, per_second: f64) -> Self {
        self.income = Income { share: share.max(0.0), per_second: per_second.max(0.0) };
        self
    }

    /// Called with the peer's address when a connection is ready. It must not block.
    pub fn on_connect(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.hooks.on_connect(hook);
        self
    }

    /// Called with the peer's address when a connection that was ready takes no further calls, and with the reason where
    /// that was not in good order. It must not block.
    pub fn on_disconnect(mut self, hook: impl Fn(&str, Option<&RpcError>) + Send + Sync + 'static) -> Self {
        self.hooks.on_disconnect(hook);
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
    /// When the address is not one, nobody answers there, or what answers does not speak the protocol. It is tried once.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was begun.
    pub async fn connect(self) -> Result<Channel, RpcError> {
        let channel = self.dial(false)?;
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
        self.dial(true)
    }

    /// Uses streams of bytes of the program's own, opened when they are needed; the address given before is its name in
    /// errors. As [`lazy`](Self::lazy), it connects at the first call.
    ///
    /// # Errors
    ///
    /// When two services have one name.
    pub fn connector<F, S>(self, connect: impl Fn() -> F + Send + Sync + 'static) -> Result<Channel, RpcError>
    where
        F: Future<Output = std::io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let peer: Arc<str> = self.addresses.join(", ").into();
        let name = Arc::clone(&peer);
        let connector: Connector = Box::new(move || {
            let (stream, name) = (caught(&connect), Arc::clone(&name));
            Box::pin(async move {
                // It is the program's code: one that panics has failed, and is asked again after a pause.
                let panicked = || std::io::Error::other("the connector panicked");
                let mut stream = Box::pin(stream.ok_or_else(panicked)?);
                let opened = poll_fn(|cx| {
                    let polled = caught(|| stream.as_mut().poll(cx));
                    polled.unwrap_or_else(|| Poll::Ready(Err(panicked())))
                });
                Ok(Io::new(opened.await?, name))
            })
        });
        self.channel(Way::Connector(connector), peer, true)
    }

    /// Uses a stream of bytes that is open, whatever it is; the address given before is its name in errors. The channel
    /// is closed when that ends.
    ///
    /// # Errors
    ///
    /// When what is on the other side does not speak the protocol.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the stream.
    pub async fn over<S: AsyncRead + AsyncWrite + Send + 'static>(mut self, stream: S) -> Result<Channel, RpcError> {
        let peer: Arc<str> = self.addresses.join(", ").into();
        let io = Io::new(stream, Arc::clone(&peer));
        self.connections = 1;
        self.limits.idle = LONGEST;
        let channel = self.channel(Way::Open(Mutex::new(Some(io))), peer, false)?;
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
        match self.channel(Way::InProcess(make), peer, true) {
            Ok(channel) => channel,
            Err(error) => panic!("{error}"),
        }
    }

    fn dial(self, is_early: bool) -> Result<Channel, RpcError> {
        let addresses: Vec<Address> = self.addresses.iter().map(|address| address.parse()).collect::<Result<_, _>>()?;
        let peer = addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(", ").into();
        self.channel(Way::Dial(addresses), peer, is_early)
    }

    fn channel(mut self, way: Way, peer: Arc<str>, is_early: bool) -> Result<Channel, RpcError> {
        let services = if self.services.is_empty() {
            None
        } else {
            // The server may call at any time.
            self.limits.idle = LONGEST;
            let mut registry = Registry::default();
            self.services.into_iter().try_for_each(|service| registry.add(service))?;
            Some(Shared::beside(registry, self.codec.clone()))
        };
        let target = Target {
            way,
            peer,
            limits: self.limits.within_protocol(),
            codec: self.codec.clone(),
            services,
            timeout: self.connect_timeout,
        };
        Ok(Channel::new(Inner {
            link: Link::new(target, self.connections, self.backoff, is_early, self.hooks),
            codec: self.codec,
            place: 0,
            settings: self.settings,
            budget: Budget::new(self.income),
        }))
    }
}

impl fmt::Debug for ChannelBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<&str> = self.services.iter().map(|service| service.name()).collect();
        f.debug_struct("ChannelBuilder")
            .field("addresses", &self.addresses)
            .field("codec", &self.codec)
            .field("limits", &self.limits)
            .field("timeout", &self.settings.timeout)
            .field("services", &services)
            .finish_non_exhaustive()
    }
}

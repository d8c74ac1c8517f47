use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rpc_codec::{AnyCodec, Codec};

use super::gate::Gate;
use super::left::Left;
use super::once::{KEPT_BYTES, KEPT_FOR, Once};
use super::services::Services;
use super::{CloseOnDrop, Connections, Readiness, Registry, Server, ServerHandle, Shared};
use crate::code::Code;
use crate::error::RpcError;
use crate::hooks::Hooks;
use crate::limits::Limits;
use crate::service::Service;
use crate::transport::{Address, Listener};

/// Puts a server together; [`bind`](Self::bind) finishes it.
#[must_use]
pub struct ServerBuilder {
    services: Vec<Arc<dyn Service>>,
    codecs: Vec<AnyCodec>,
    limits: Limits,
    max_running: usize,
    max_waiting: usize,
    longest_wait: Duration,
    max_connections: usize,
    drain_delay: Duration,
    grace: Duration,
    kept_bytes: usize,
    kept_for: Duration,
    hooks: Hooks,
    readiness: Arc<Readiness>,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            codecs: AnyCodec::builtin().into(),
            limits: Limits::default(),
            max_running: 10_000,
            max_waiting: 1_000,
            longest_wait: Duration::from_secs(1),
            max_connections: 10_000,
            drain_delay: Duration::ZERO,
            grace: Duration::from_secs(30),
            kept_bytes: KEPT_BYTES,
            kept_for: KEPT_FOR,
            hooks: Hooks::default(),
            readiness: Arc::default(),
        }
    }
}

impl ServerBuilder {
    /// Adds a service, under its own name.
    pub fn service(mut self, service: impl Service) -> Self {
        self.services.push(Arc::new(service));
        self
    }

    /// Answers calls in one more codec, besides MessagePack, JSON and bincode. One with the name of an earlier one
    /// takes its place.
    pub fn codec(mut self, codec: impl Codec) -> Self {
        let codec = AnyCodec::new(codec);
        self.codecs.retain(|other| other.name() != codec.name());
        self.codecs.push(codec);
        self
    }

    /// What each connection may do and how long it may take.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many handlers may run at once, over all connections. Default 10,000. Further calls wait.
    pub fn max_running(mut self, handlers: usize) -> Self {
        self.max_running = handlers.max(1);
        self
    }

    /// How many calls may wait for a handler to end, and how long at most. Default 1,000, for 1 s. Further ones, and
    /// those that waited in vain, are refused with [`Code::Unavailable`]; the client knows that they did not run.
    pub fn max_waiting(mut self, calls: usize, longest: Duration) -> Self {
        self.max_waiting = calls;
        self.longest_wait = longest;
        self
    }

    /// How many connections may be open. Default 10,000. Further ones are told so and closed.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// How long a shutdown goes on as before when the [health service](Self::health) has said that nothing is ready any
    /// more, so that load balancers and registries can notice and send their calls elsewhere. Default 0. Calls and
    /// connections that still come are served.
    pub fn drain_delay(mut self, delay: Duration) -> Self {
        self.drain_delay = delay;
        self
    }

    /// How long a shutdown waits for the calls that run, once the clients have been told. Default 30 s.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How much of the answers of methods marked `#[rpc(once)]` is kept for calls that are made again, in bytes over all
    /// clients, and for how long each. Default 16 MiB, for 5 min; an answer takes 256 bytes besides its own. The oldest
    /// make room. A retry that comes later does not run: it fails with [`Code::Aborted`] and
    /// [`Delivery::Unknown`](crate::Delivery::Unknown). So the time should be longer than the deadlines of such calls.
    pub fn kept_replies(mut self, bytes: usize, longest: Duration) -> Self {
        self.kept_bytes = bytes;
        self.kept_for = longest;
        self
    }

    /// Called when a connection ends otherwise than in good order, or cannot be accepted: a peer that speaks another
    /// protocol, breaks a rule or vanishes; and when a handler panics, with the number that its caller is told. The
    /// error names the peer. For logs; it must not block. One that panics is not minded.
    pub fn on_error(mut self, hook: impl Fn(&RpcError) + Send + Sync + 'static) -> Self {
        self.hooks.on_error(hook);
        self
    }

    /// Called with the address of the peer when a connection has been accepted or attached, before anything is read
    /// from it: it may be a stranger's. Not for those past [`max_connections`](Self::max_connections). It must not
    /// block. One that panics is not minded.
    pub fn on_connect(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.hooks.on_connect(hook);
        self
    }

    /// Called with the address of the peer when a connection that [`on_connect`](Self::on_connect) was told of is over,
    /// and with the reason where it did not end in good order; [`on_error`](Self::on_error) has been told of that
    /// before. It must not block. One that panics is not minded.
    pub fn on_disconnect(mut self, hook: impl Fn(&str, Option<&RpcError>) + Send + Sync + 'static) -> Self {
        self.hooks.on_disconnect(hook);
        self
    }

    /// Takes the address, such as `tcp://127.0.0.1:4000`; port 0 takes any that is free.
    ///
    /// # Errors
    ///
    /// When the address is not one, or cannot be taken, or two services have the same name.
    pub async fn bind(self, address: impl fmt::Display) -> Result<Server, RpcError> {
        let address: Address = address.to_string().parse()?;
        let (readiness, drain_delay) = (Arc::clone(&self.readiness), self.drain_delay);
        let connections = Arc::new(self.connections()?);
        let listener = Listener::bind(&address).await.map_err(|error| cannot_bind(&address, error))?;
        let address = listener.local_addr().map_err(|error| cannot_bind(&address, error))?;
        let handle = ServerHandle::new(address, &connections, readiness);
        let guard = CloseOnDrop { connections, handle: handle.clone(), report: None };
        Ok(Server { listener, drain_delay, handle, guard })
    }

    /// What knows whether the services are ready.
    pub(crate) fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    fn connections(self) -> Result<Connections, RpcError> {
        let mut registry = Registry::default();
        for service in self.services {
            registry.add(service)?;
        }
        self.readiness.follow(0, registry.names());
        let gate = Arc::new(Gate::new(self.max_running, self.max_waiting, self.longest_wait));
        let once = Once::new(self.kept_bytes, self.kept_for);
        let services = Services::new(registry);
        let shared =
            Arc::new(Shared { services, codecs: self.codecs, gate, once, hooks: self.hooks, left: Left::default() });
        Ok(Connections::new(shared, self.limits, self.max_connections, self.grace))
    }
}

fn cannot_bind(address: &Address, error: std::io::Error) -> RpcError {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => "; another server has it: stop that one, or take another port (0 takes any)",
        std::io::ErrorKind::PermissionDenied => "; ports below 1024 and foreign folders need rights",
        std::io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        _ => "",
    };
    RpcError::new(Code::Unavailable, format!("cannot listen at {address}: {error}{advice}")).with_source(error)
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<&str> = self.services.iter().map(|service| service.name()).collect();
        f.debug_struct("ServerBuilder")
            .field("services", &services)
            .field("codecs", &self.codecs)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

//! The client's side: a channel to an address, and the calls that are made on it.

mod state;
pub use state::ChannelState;

mod backoff;

mod target;
use target::Target;

mod keeper;
mod member;

mod link;
use link::Link;

mod epoch;
use epoch::{Epoch, Epochs};

mod budget;
use budget::{Budget, Income};

mod retry;
pub use retry::RetryPolicy;

mod back;

mod builder;
pub use builder::ChannelBuilder;

mod caller;
use caller::Caller;

mod stream_call;
use stream_call::StreamCall;

mod call;
pub use call::{AtMostOnce, Call, Idempotent, Once, Repeatable, WithMetadata};

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rpc_codec::AnyCodec;
use serde::Serialize;

use crate::connection::Connection;
use crate::error::RpcError;
use crate::failure::Failure;
use crate::method::{MethodDescriptor, identifier};
use crate::service::Service;
use crate::streaming::{Decode, Streaming};
use member::Member;

/// A way to a server that clients share: cheap to clone, and closed when the last clone and the last call are gone.
///
/// Many calls are in flight at once, from any task. Any number of clients, of any services, use one channel.
///
/// It opens its connection with the first call (or in [`connect`](Self::connect)), and another one when that is lost, is
/// being closed by the server, or was not used for long. Attempts that fail are repeated after pauses that grow
/// ([`ChannelBuilder::backoff`]); during these, calls fail at once with what went wrong, unless they
/// [wait](Call::wait_for_ready). Calls that provably did not run move to the next connection by themselves.
#[derive(Clone)]
pub struct Channel {
    root: Arc<Root>,
    /// The wire name that is called instead of the trait's own.
    service: Option<Arc<ServiceName>>,
}

/// What the clones of a channel share. The calls do not: they hold what is in it.
struct Root {
    inner: Arc<Inner>,
    /// One for each connection.
    epochs: Box<[Epochs]>,
}

struct ServiceName {
    name: Box<str>,
    id: u32,
}

struct Inner {
    link: Link,
    codec: AnyCodec,
    /// The place of the codec in this end's HELLO.
    place: u16,
    settings: Settings,
    budget: Budget,
}

/// What holds for calls that say nothing else.
#[derive(Clone)]
struct Settings {
    /// The deadline.
    timeout: Option<Duration>,
    /// Calls wait for a connection, however long that takes.
    waits: bool,
    /// How idempotent methods are tried again.
    retry: Option<RetryPolicy>,
    /// Calls that did not run are tried again.
    moves: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Some(Duration::from_secs(30)), waits: false, retry: Some(RetryPolicy::default()), moves: true }
    }
}

impl Channel {
    /// Connects to an address, such as `"tcp://127.0.0.1:4000"` or [`Server::local_addr`](crate::Server::local_addr),
    /// with the defaults.
    ///
    /// # Errors
    ///
    /// When the address is not one, nobody answers there, or what answers does not speak the protocol.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was begun.
    pub async fn connect(address: impl fmt::Display) -> Result<Self, RpcError> {
        Self::builder(address).connect().await
    }

    /// Begins with the defaults; see [`ChannelBuilder`].
    pub fn builder(address: impl fmt::Display) -> ChannelBuilder {
        ChannelBuilder::new(address)
    }

    /// A channel to a service within this process: the same frames, codecs, deadlines and cancellation, and no socket.
    /// For tests and mocks.
    ///
    /// The first call must be made within a tokio run time.
    pub fn in_process(service: impl Service) -> Self {
        ChannelBuilder::new("").in_process(service)
    }

    /// The same connection, with calls that go to the service of this wire name instead of the trait's own: for one
    /// trait that is served twice, with `.named(…)`.
    #[must_use]
    pub fn service(&self, name: &str) -> Self {
        let service = Some(Arc::new(ServiceName { name: name.into(), id: identifier(name) }));
        Self { root: Arc::clone(&self.root), service }
    }

    /// The codec of its calls.
    pub fn codec(&self) -> &AnyCodec {
        &self.inner().codec
    }

    /// What it is doing.
    pub fn state(&self) -> ChannelState {
        self.link().state()
    }

    /// Waits until it does something else than `from`, and says what: at once, where it does already. So no change is
    /// missed between two calls, though of several in a row the last is seen.
    ///
    /// ```no_run
    /// # async fn watch(channel: rpc_core::Channel) {
    /// let mut state = channel.state();
    /// while state != rpc_core::ChannelState::Closed {
    ///     println!("{state}");
    ///     state = channel.changed(state).await;
    /// }
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn changed(&self, from: ChannelState) -> ChannelState {
        self.link().changed(from).await
    }

    /// Tries to connect at once, where it waits for its next attempt: for a program that knows that the server is back.
    pub fn reconnect(&self) {
        self.link().hurry();
    }

    /// Closes it for all its clones: no further calls are made, those that were sent go on to their end.
    pub fn close(&self) {
        self.link().close();
        self.root.epochs.iter().for_each(|epochs| epochs.clear(&self.root.inner));
    }

    /// Waits until it is closed: by [`close`](Self::close), or because its stream has ended and cannot be opened again
    /// ([`ChannelBuilder::over`], [`Context::client`](crate::Context::client)).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn closed(&self) {
        self.link().closed().await;
    }

    /// A call with one answer.
    pub(crate) fn call<T, E: Failure, M, A: Serialize + ?Sized>(
        &self,
        method: &'static MethodDescriptor,
        lent: Vec<Bytes>,
        arguments: Option<&A>,
        decode: Decode<T>,
    ) -> Call<T, E, M> {
        Call::new(Caller::new(self, method, lent, arguments), decode)
    }

    /// A call that a stream answers.
    pub(crate) fn stream<T, E: Failure, A: Serialize + ?Sized>(
        &self,
        method: &'static MethodDescriptor,
        lent: Vec<Bytes>,
        arguments: Option<&A>,
        decode: Decode<T>,
    ) -> Streaming<T, E> {
        let call = StreamCall::new(Caller::new(self, method, lent, arguments));
        Streaming::answer(Box::new(call), self.codec().clone(), decode)
    }

    fn new(inner: Inner) -> Self {
        let inner = Arc::new(inner);
        let epochs = inner.link.members().iter().map(|_| Epochs::new(&inner)).collect();
        Self { root: Arc::new(Root { inner, epochs }), service: None }
    }

    fn inner(&self) -> &Inner {
        &self.root.inner
    }

    fn link(&self) -> &Link {
        &self.root.inner.link
    }

    fn hold(&self) -> HeldChannel {
        let Root { inner, epochs } = &*self.root;
        let is_pooled = epochs.len() > 1;
        let member = if is_pooled { inner.link.least_loaded() } else { 0 };
        let epoch = match epochs.get(member) {
            Some(epochs) => epochs.hold(inner, member),
            None => Arc::new(Epoch { inner: Arc::clone(inner), connection: None }),
        };
        HeldChannel::new(epoch, is_pooled.then_some(member), self.service.clone())
    }
}

/// A channel as a call holds it, with one of its connections.
struct HeldChannel {
    epoch: Arc<Epoch>,
    /// Which of several connections it is.
    member: Option<u32>,
    service: Option<Arc<ServiceName>>,
}

impl HeldChannel {
    fn new(epoch: Arc<Epoch>, member: Option<usize>, service: Option<Arc<ServiceName>>) -> Self {
        let held = Self { epoch, member: member.map(|member| member as u32), service };
        if let Some(member) = held.pooled() {
            member.add_load();
        }
        held
    }

    /// The connection, as long as calls can be made on it.
    fn connection(&self) -> Option<&Connection> {
        self.epoch.connection.as_ref().filter(|connection| connection.is_open())
    }

    /// Takes another connection.
    fn attach(&mut self, connection: Connection) {
        self.epoch = Arc::new(Epoch { inner: Arc::clone(&self.epoch.inner), connection: Some(connection) });
    }

    /// Chooses again among several connections.
    fn choose(&mut self) {
        if let Some(member) = self.pooled() {
            member.remove_load();
            self.member = Some(self.link.least_loaded() as u32);
            self.epoch = Arc::new(Epoch { inner: Arc::clone(&self.epoch.inner), connection: None });
        }
        if let Some(member) = self.pooled() {
            member.add_load();
        }
    }

    /// Where the load counts, because there are several connections.
    fn pooled(&self) -> Option<&Member> {
        self.member.and_then(|member| self.link.members().get(member as usize))
    }

    /// Its connection's place among those of the channel.
    fn place_of_member(&self) -> usize {
        self.member.unwrap_or_default() as usize
    }

    fn service_name(&self, own: &'static str) -> Cow<'_, str> {
        self.service.as_ref().map_or(Cow::Borrowed(own), |service| Cow::Borrowed(&*service.name))
    }

    fn service_id(&self, method: &MethodDescriptor) -> u32 {
        self.service.as_ref().map_or(method.service_id, |service| service.id)
    }
}

impl Drop for HeldChannel {
    fn drop(&mut self) {
        if let Some(member) = self.pooled() {
            member.remove_load();
        }
    }
}

impl Deref for HeldChannel {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.epoch.inner
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Channel");
        debug.field("peer", self.link().peer()).field("codec", self.codec()).field("state", &self.state());
        if let Some(service) = &self.service {
            debug.field("service", &service.name);
        }
        debug.finish_non_exhaustive()
    }
}

//! The client's side: a channel to an address, and the calls that are made on it.

mod target;
use target::Target;

mod link;
use link::Link;

mod back;

mod builder;
pub use builder::ChannelBuilder;

mod caller;
use caller::Caller;

mod stream_call;
use stream_call::StreamCall;

mod call;
pub use call::{AtMostOnce, Call, Idempotent, Once, WithMetadata};

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rpc_codec::AnyCodec;
use serde::Serialize;

use crate::error::RpcError;
use crate::failure::Failure;
use crate::method::{MethodDescriptor, identifier};
use crate::service::Service;
use crate::streaming::{Decode, Streaming};
use crate::stripe::{Held, Striped};

/// A connection that clients share: cheap to clone, and closed when the last clone and the last call are gone.
///
/// Many calls are in flight at once, from any task. Any number of clients, of any services, use one channel.
#[derive(Clone)]
pub struct Channel {
    inner: Striped<Inner>,
    /// The wire name that is called instead of the trait's own.
    service: Option<ServiceName>,
}

#[derive(Clone)]
struct ServiceName {
    name: Arc<str>,
    id: u32,
}

struct Inner {
    link: Link,
    codec: AnyCodec,
    /// The place of the codec in this end's HELLO.
    place: u16,
    /// The deadline of a call that sets none itself.
    timeout: Option<Duration>,
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
        let service = Some(ServiceName { name: name.into(), id: identifier(name) });
        Self { inner: self.inner.clone(), service }
    }

    /// The codec of its calls.
    pub fn codec(&self) -> &AnyCodec {
        &self.inner.codec
    }

    /// Waits until the connection has ended, for whatever reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn closed(&self) {
        self.inner.link.closed().await;
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

    fn link(&self) -> &Link {
        &self.inner.link
    }

    fn hold(&self) -> HeldChannel {
        HeldChannel { inner: self.inner.hold(), service: self.service.clone() }
    }

    fn new(link: Link, codec: AnyCodec, place: u16, timeout: Option<Duration>) -> Self {
        Self { inner: Striped::new(Arc::new(Inner { link, codec, place, timeout })), service: None }
    }
}

/// A channel as a call holds it.
struct HeldChannel {
    inner: Held<Inner>,
    service: Option<ServiceName>,
}

impl HeldChannel {
    fn service_name(&self, own: &'static str) -> Cow<'_, str> {
        self.service.as_ref().map_or(Cow::Borrowed(own), |service| Cow::Borrowed(&*service.name))
    }

    fn service_id(&self, own: &'static str) -> u32 {
        self.service.as_ref().map_or_else(|| identifier(own), |service| service.id)
    }
}

impl Deref for HeldChannel {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Channel");
        debug.field("peer", &self.inner.link.peer()).field("codec", &self.inner.codec);
        if let Some(service) = &self.service {
            debug.field("service", &service.name);
        }
        debug.finish_non_exhaustive()
    }
}

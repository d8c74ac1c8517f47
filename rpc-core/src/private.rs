//! What the code that `#[rpc_service]` generates stands on. Not for use by hand: it may change in any release.

pub use std::borrow::Cow;
pub use std::{clone, convert, default, fmt, future, marker, ops, option, result, string, sync, time};

use ::bytes::Bytes;
pub use futures::Stream;
pub use serde;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use rpc_codec::bytes::{self, AsBytes};

pub use crate::channel::{AtMostOnce, Call, Channel, Idempotent, Once};
pub use crate::context::Context;
pub use crate::error::{CallError, RpcError};
pub use crate::failure::{Failure, NoError};
pub use crate::method::{ArgumentDescriptor, MethodDescriptor, ServiceDescriptor, Shape, assert_distinct, identifier};
pub use crate::service::{Handler, Request, Service};
use crate::streaming::{Produce, produce_all};
pub use crate::streaming::{Sent, Sink, Streaming};
pub use crate::stripe::Striped;
use crate::value;

/// A call of a method with arguments, some of whose bytes are lent.
pub fn call<T, E, M, A>(
    channel: &Channel,
    method: &'static MethodDescriptor,
    lent: Lent,
    arguments: &A,
) -> Call<T, E, M>
where
    T: Message + 'static,
    E: Failure,
    A: Serialize + ?Sized,
{
    channel.call(method, lent.0, Some(arguments), value::read::<T>)
}

/// A call of a method without arguments, which is an empty message in every codec.
pub fn call_without_arguments<T, E, M>(channel: &Channel, method: &'static MethodDescriptor) -> Call<T, E, M>
where
    T: Message + 'static,
    E: Failure,
{
    channel.call(method, Vec::new(), None::<&()>, value::read::<T>)
}

/// A call whose result is bytes.
pub fn call_bytes<T, E, M, A>(
    channel: &Channel,
    method: &'static MethodDescriptor,
    lent: Lent,
    arguments: &A,
) -> Call<T, E, M>
where
    AsBytes<T>: DeserializeOwned,
    E: Failure,
    A: Serialize + ?Sized,
{
    channel.call(method, lent.0, Some(arguments), value::read_bytes::<T>)
}

/// A call without arguments whose result is bytes.
pub fn call_bytes_without_arguments<T, E, M>(channel: &Channel, method: &'static MethodDescriptor) -> Call<T, E, M>
where
    AsBytes<T>: DeserializeOwned,
    E: Failure,
{
    channel.call(method, Vec::new(), None::<&()>, value::read_bytes::<T>)
}

/// A call that a stream answers.
pub fn stream<T, E, A>(
    channel: &Channel,
    method: &'static MethodDescriptor,
    lent: Lent,
    arguments: &A,
) -> Streaming<T, E>
where
    T: Message + 'static,
    E: Failure,
    A: Serialize + ?Sized,
{
    channel.stream(method, lent.0, Some(arguments), value::read::<T>)
}

/// A call without arguments that a stream answers.
pub fn stream_without_arguments<T, E>(channel: &Channel, method: &'static MethodDescriptor) -> Streaming<T, E>
where
    T: Message + 'static,
    E: Failure,
{
    channel.stream(method, Vec::new(), None::<&()>, value::read::<T>)
}

/// A call that a stream of bytes answers.
pub fn stream_bytes<T, E, A>(
    channel: &Channel,
    method: &'static MethodDescriptor,
    lent: Lent,
    arguments: &A,
) -> Streaming<T, E>
where
    AsBytes<T>: DeserializeOwned,
    E: Failure,
    A: Serialize + ?Sized,
{
    channel.stream(method, lent.0, Some(arguments), value::read_bytes::<T>)
}

/// A call without arguments that a stream of bytes answers.
pub fn stream_bytes_without_arguments<T, E>(channel: &Channel, method: &'static MethodDescriptor) -> Streaming<T, E>
where
    AsBytes<T>: DeserializeOwned,
    E: Failure,
{
    channel.stream(method, Vec::new(), None::<&()>, value::read_bytes::<T>)
}

/// A stream that a caller sends, ready to go.
pub struct Sending(Produce);

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sending(..)")
    }
}

/// A call to which streams can be added that its caller sends.
pub trait Sends: Sized {
    /// Adds the next one, in the order of the method's arguments.
    fn add(self, stream: Sending) -> Self;

    /// The same, of items that `convert` makes into what can be sent.
    fn sending<S, U, F>(self, stream: S, convert: F) -> Self
    where
        S: Stream + Send + 'static,
        F: FnMut(S::Item) -> U + Send + 'static,
        U: Serialize + 'static,
    {
        self.add(Sending(produce_all(stream, convert)))
    }
}

impl<T, E: Failure, M> Sends for Call<T, E, M> {
    fn add(mut self, stream: Sending) -> Self {
        self.add_stream(stream.0);
        self
    }
}

impl<T, E: Failure> Sends for Streaming<T, E> {
    fn add(mut self, stream: Sending) -> Self {
        self.add_stream(stream.0);
        self
    }
}

/// Bytes among the arguments of a call, which are sent from where they are instead of being copied.
#[derive(Debug)]
pub struct Lent(Vec<Bytes>);

impl Lent {
    /// All are copied.
    pub fn nothing() -> Self {
        Self(Vec::new())
    }
}

/// An argument that crosses as bytes, as it was given.
#[derive(Debug)]
pub struct Given<T>(pub T);

impl Given<Bytes> {
    /// Lends the bytes.
    pub fn lend(self, lent: &mut Lent) -> Bytes {
        lent.0.push(self.0.clone());
        self.0
    }
}

impl Given<Vec<u8>> {
    /// Lends the bytes.
    pub fn lend(self, lent: &mut Lent) -> Bytes {
        Given(Bytes::from(self.0)).lend(lent)
    }
}

/// The other answer of [`Given`]: bytes that are borrowed, or of a type that nothing is known of, are copied.
pub trait NotLent<T> {
    /// Gives back what was given.
    fn lend(self, lent: &mut Lent) -> T;
}

impl<T> NotLent<T> for Given<T> {
    fn lend(self, _: &mut Lent) -> T {
        self.0
    }
}

/// The two halves of a `Result`, also when it is written as an alias.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is named `Result`, and is not `std::result::Result`",
    label = "an RPC method takes this for a result with an error",
    note = "give the type another name, or return `Result<T, E>`"
)]
pub trait ResultParts {
    /// What it holds in success.
    type Value;
    /// What it holds in failure.
    type Error;
}

impl<T, E> ResultParts for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// Finds out at compile time whether a type is a `Result`.
#[derive(Debug)]
pub struct Probe<T>(marker::PhantomData<T>);

impl<T, E> Probe<Result<T, E>> {
    /// It is.
    pub const IS_RESULT: bool = true;
}

/// The other answer of [`Probe`].
pub trait NotResult {
    /// It is not.
    const IS_RESULT: bool = false;
}

impl<T> NotResult for Probe<T> {}

/// What can be sent and received.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent over RPC",
    label = "this type cannot cross the wire",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Message: Serialize + DeserializeOwned {}

// The words above are for the user's own type, not for what serde asks of it.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Message for T {}

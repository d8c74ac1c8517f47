use rpc_codec::{AnyCodec, Codec, Output};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::code::Code;
use crate::error::{CallError, Delivery, Phase, RpcError};
use crate::session::{Answer, Message};

/// The error of a method: a serde type of one's own, or [`RpcError`] for a status.
///
/// It decides what the caller sees: [`CallError<E>`] for a type of one's own, [`RpcError`] otherwise. There is nothing
/// to implement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an RPC method",
    label = "this error cannot be sent",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or return `rpc_core::RpcError`"
)]
pub trait Failure: sealed::Sealed + Sized + Send + 'static {
    /// What the caller sees when a call fails.
    type Seen: From<RpcError> + Send + 'static;

    #[doc(hidden)]
    fn answer(self, codec: &AnyCodec) -> EncodedFailure;

    #[doc(hidden)]
    fn read(codec: &AnyCodec, body: &[u8]) -> Result<Self::Seen, RpcError>;
}

/// How a failure crosses the wire.
#[doc(hidden)]
#[derive(Debug)]
pub struct EncodedFailure(pub(crate) Answer);

/// The error of a method that cannot fail.
#[derive(Debug, Clone, Copy)]
pub enum NoError {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned + Send + 'static> Failure for E {
    type Seen = CallError<E>;

    fn answer(self, codec: &AnyCodec) -> EncodedFailure {
        let mut output = Output::new();
        EncodedFailure(match codec.encode(&self, &mut output) {
            Ok(()) => Answer::Typed { metadata: None, message: Message::from(output) },
            Err(error) => Answer::Status {
                code: Code::Internal,
                message: format!("the error cannot be encoded as {}: {error}", codec.name()),
                metadata: None,
                push_back: None,
            },
        })
    }

    fn read(codec: &AnyCodec, body: &[u8]) -> Result<CallError<E>, RpcError> {
        codec.decode(body).map(CallError::Service).map_err(|error| {
            RpcError::new(Code::Internal, format!("the error is not a {}: {error}", std::any::type_name::<E>()))
                .with_delivery(Delivery::Executed)
                .with_phase(Phase::Decode)
                .with_source(error)
        })
    }
}

impl Failure for RpcError {
    type Seen = Self;

    fn answer(self, _: &AnyCodec) -> EncodedFailure {
        let metadata = (!self.metadata().is_empty()).then(|| Box::new(self.metadata().clone()));
        let message = self.message().to_owned();
        EncodedFailure(Answer::Status { code: self.code(), message, metadata, push_back: self.push_back() })
    }

    fn read(_: &AnyCodec, _: &[u8]) -> Result<Self, Self> {
        Err(unexpected())
    }
}

impl Failure for NoError {
    type Seen = RpcError;

    fn answer(self, _: &AnyCodec) -> EncodedFailure {
        match self {}
    }

    fn read(_: &AnyCodec, _: &[u8]) -> Result<RpcError, RpcError> {
        Err(unexpected())
    }
}

fn unexpected() -> RpcError {
    RpcError::new(Code::Internal, "the server answered with an error type that this method does not have")
        .with_delivery(Delivery::Executed)
        .with_phase(Phase::Decode)
}

mod sealed {
    use super::{DeserializeOwned, NoError, RpcError, Serialize};

    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be the error of an RPC method",
        label = "this error cannot be sent",
        note = "derive `serde::Serialize` and `serde::Deserialize` for it, or return `rpc_core::RpcError`"
    )]
    pub trait Sealed {}
    #[diagnostic::do_not_recommend]
    impl<E: Serialize + DeserializeOwned> Sealed for E {}
    impl Sealed for RpcError {}
    impl Sealed for NoError {}
}

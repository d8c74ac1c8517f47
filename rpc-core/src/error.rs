use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::code::Code;
use crate::metadata::Metadata;

/// What is known of whether a failed call ran.
///
/// The first two are claimed only with proof; see "Delivery" in `ARCHITECTURE.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// No byte of the call left this process.
    NotSent,
    /// The peer refused it, or said that it would not take it: the handler was not started.
    NotExecuted,
    /// The handler was started, and its answer, or the news of its end, came back.
    Executed,
    /// It left this process, and nothing more is known; or the peer does not know either whether a call that was made
    /// again had run before.
    Unknown,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "not sent",
            Self::NotExecuted => "not executed",
            Self::Executed => "executed",
            Self::Unknown => "unknown whether executed",
        })
    }
}

/// Where a call was when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Opening the connection.
    Connect,
    /// Agreeing with the peer on the protocol.
    Handshake,
    /// Encoding the call, waiting for a slot and writing it.
    Send,
    /// Waiting for the answer.
    Wait,
    /// Reading the answer's value.
    Decode,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "while connecting",
            Self::Handshake => "in the handshake",
            Self::Send => "while sending",
            Self::Wait => "while waiting for the answer",
            Self::Decode => "while decoding the answer",
        })
    }
}

/// Why a call, a connection or a server failed.
///
/// A handler may return one in place of an error type of its own; code, message and metadata then reach the caller.
/// What the caller's side knows (delivery, method, peer, phase, elapsed, source) never crosses the wire.
///
/// ```
/// use rpc_core::{Code, RpcError};
///
/// let error = RpcError::new(Code::NotFound, "no such key");
/// assert_eq!(error.code(), Code::NotFound);
/// assert_eq!(error.to_string(), "not found: no such key");
/// ```
#[derive(Clone)]
pub struct RpcError {
    /// One pointer, so that results stay small.
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    code: Code,
    message: Box<str>,
    delivery: Option<Delivery>,
    phase: Option<Phase>,
    method: Option<Box<str>>,
    peer: Option<Arc<str>>,
    elapsed: Option<Duration>,
    metadata: Metadata,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl RpcError {
    /// An error with this code and a one-line message.
    #[cold]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                code,
                message: message.into().into(),
                delivery: None,
                phase: None,
                method: None,
                peer: None,
                elapsed: None,
                metadata: Metadata::new(),
                retry_after: None,
                source: None,
            }),
        }
    }

    /// The kind of failure.
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// What happened, in one line.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What is known of whether the call ran. [`Delivery::NotSent`] for an error that belongs to no call.
    pub fn delivery(&self) -> Delivery {
        self.inner.delivery.unwrap_or(Delivery::NotSent)
    }

    /// Whether another attempt is safe and can end differently: the call provably did not run, and the reason is a
    /// passing one (no connection, refused for load, draining). A channel has made such attempts by itself, as
    /// far as that was of use.
    pub fn is_retryable(&self) -> bool {
        self.code() == Code::Unavailable && matches!(self.delivery(), Delivery::NotSent | Delivery::NotExecuted)
    }

    /// Where the call was.
    pub fn phase(&self) -> Option<Phase> {
        self.inner.phase
    }

    /// The method that was called, as `Service.method`.
    pub fn method(&self) -> Option<&str> {
        self.inner.method.as_deref()
    }

    /// The address of the peer.
    pub fn peer(&self) -> Option<&str> {
        self.inner.peer.as_deref()
    }

    /// How long the call had been going on.
    pub fn elapsed(&self) -> Option<Duration> {
        self.inner.elapsed
    }

    /// What the handler sent along with the error.
    pub fn metadata(&self) -> &Metadata {
        &self.inner.metadata
    }

    /// Adds metadata that travels with the error when a handler returns it.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.inner.metadata.append(key, value);
        self
    }

    /// Asks callers that would try again to pause for so long first, to the millisecond. It travels with the error when a
    /// handler returns it. What a caller's policy does not repeat, this does not make it repeat.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.inner.retry_after = Some(pause);
        self
    }

    /// Asks callers not to try again, whatever their policy.
    #[must_use]
    pub fn without_retry(self) -> Self {
        self.with_retry_after(Duration::MAX)
    }

    /// How long the server wants callers to pause before they try again; [`Duration::MAX`] for ever.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Keeps the error that caused this one; it never crosses the wire.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.inner.source = Some(Arc::new(source));
        self
    }

    pub(crate) fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.inner.delivery = Some(delivery);
        self
    }

    pub(crate) fn with_phase(mut self, phase: Phase) -> Self {
        self.inner.phase = Some(phase);
        self
    }

    pub(crate) fn with_peer(mut self, peer: Arc<str>) -> Self {
        self.inner.peer = Some(peer);
        self
    }

    pub(crate) fn with_method(mut self, service: &str, method: &str) -> Self {
        self.inner.method = Some(format!("{service}.{method}").into());
        self
    }

    pub(crate) fn with_elapsed(mut self, elapsed: Duration) -> Self {
        self.inner.elapsed = Some(elapsed);
        self
    }

    /// The pause in milliseconds, as it travels (W-47).
    pub(crate) fn push_back(&self) -> Option<u32> {
        self.inner.retry_after.map(|pause| u32::try_from(pause.as_millis()).unwrap_or(u32::MAX))
    }

    /// The pause as it came (W-47).
    pub(crate) fn with_push_back(mut self, millis: Option<u32>) -> Self {
        let pause = |millis: u32| if millis == u32::MAX { Duration::MAX } else { Duration::from_millis(millis.into()) };
        self.inner.retry_after = millis.map(pause);
        self
    }

    pub(crate) fn with_all_metadata(mut self, metadata: Metadata) -> Self {
        self.inner.metadata = metadata;
        self
    }

    /// What is left of it where no call is concerned.
    pub(crate) fn without_call(mut self) -> Self {
        self.inner.delivery = None;
        self.inner.phase = None;
        self
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        write!(f, "{}: {}", inner.code, inner.message)?;
        let about = [
            inner.method.as_deref().map(str::to_owned),
            inner.peer.as_deref().map(|peer| format!("at {peer}")),
            inner.phase.map(|phase| phase.to_string()),
            inner.elapsed.map(|elapsed| format!("after {}", Brief(elapsed))),
            inner.delivery.map(|delivery| delivery.to_string()),
        ];
        let about: Vec<String> = about.into_iter().flatten().collect();
        if about.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", about.join(", "))
    }
}

/// One line, with what caused it: a `main` that returns an error shows it so. `{:#?}` shows the parts.
impl fmt::Debug for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        if f.alternate() {
            return f
                .debug_struct("RpcError")
                .field("code", &inner.code)
                .field("message", &inner.message)
                .field("delivery", &inner.delivery)
                .field("phase", &inner.phase)
                .field("method", &inner.method)
                .field("peer", &inner.peer)
                .field("elapsed", &inner.elapsed)
                .field("metadata", &inner.metadata)
                .field("source", &inner.source)
                .finish();
        }
        fmt::Display::fmt(self, f)?;
        let mut source = self.source();
        while let Some(cause) = source {
            // Most messages have their cause's text in them already.
            let text = cause.to_string();
            if !inner.message.contains(&text) {
                write!(f, "; caused by: {text}")?;
            }
            source = cause.source();
        }
        Ok(())
    }
}

impl Error for RpcError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// What a caller sees of a method that has an error type of its own.
#[derive(Debug, Clone)]
pub enum CallError<E> {
    /// The handler ran and returned this.
    Service(E),
    /// The call failed for another reason.
    Rpc(RpcError),
}

impl<E> CallError<E> {
    /// The kind of failure; [`Code::Unknown`] for an error of the method's own type.
    pub fn code(&self) -> Code {
        self.rpc().map_or(Code::Unknown, RpcError::code)
    }

    /// What is known of whether the call ran.
    pub fn delivery(&self) -> Delivery {
        self.rpc().map_or(Delivery::Executed, RpcError::delivery)
    }

    /// Whether another attempt is safe and can end differently; see [`RpcError::is_retryable`].
    pub fn is_retryable(&self) -> bool {
        self.rpc().is_some_and(RpcError::is_retryable)
    }

    /// What the handler sent along with the error. Empty for an error of the method's own type: what its callers need
    /// to know belongs in the type.
    pub fn metadata(&self) -> &Metadata {
        static NONE: Metadata = Metadata::new();
        self.rpc().map_or(&NONE, RpcError::metadata)
    }

    /// The error of the method's own type.
    pub fn service(&self) -> Option<&E> {
        match self {
            Self::Service(error) => Some(error),
            Self::Rpc(_) => None,
        }
    }

    /// The error of the call itself.
    pub fn rpc(&self) -> Option<&RpcError> {
        match self {
            Self::Service(_) => None,
            Self::Rpc(error) => Some(error),
        }
    }
}

impl<E> From<RpcError> for CallError<E> {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => error.fmt(f),
            Self::Rpc(error) => error.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Service(error) => error.source(),
            Self::Rpc(error) => error.source(),
        }
    }
}

/// A duration as a person says it: to three digits or the millisecond.
pub(crate) struct Brief(pub(crate) Duration);

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(duration) = self;
        if duration.as_millis() == 0 {
            return write!(f, "{} µs", duration.as_micros());
        }
        if duration.as_secs() < 10 {
            return write!(f, "{} ms", duration.as_millis());
        }
        write!(f, "{} s", duration.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<RpcError>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), RpcError>>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_with_the_whole_story() {
        let error = RpcError::new(Code::DeadlineExceeded, "no answer within 50 ms")
            .with_method("Arith", "divide")
            .with_peer("tcp://127.0.0.1:4000".into())
            .with_phase(Phase::Wait)
            .with_elapsed(Duration::from_millis(50))
            .with_delivery(Delivery::Unknown);
        assert_eq!(
            error.to_string(),
            "deadline exceeded: no answer within 50 ms (Arith.divide, at tcp://127.0.0.1:4000, \
             while waiting for the answer, after 50 ms, unknown whether executed)"
        );
    }

    #[test]
    fn debug_is_one_line_too_and_names_a_cause_that_display_does_not() {
        let told = RpcError::new(Code::Unavailable, "cannot connect: oops").with_source(std::io::Error::other("oops"));
        assert_eq!(format!("{told:?}"), told.to_string());
        let untold = RpcError::new(Code::Unavailable, "cannot connect").with_source(std::io::Error::other("oops"));
        assert_eq!(format!("{untold:?}"), "unavailable: cannot connect; caused by: oops");
        assert!(format!("{untold:#?}").lines().count() > 8);
    }

    #[test]
    fn only_a_passing_reason_without_execution_is_retryable() {
        for delivery in [Delivery::NotSent, Delivery::NotExecuted, Delivery::Executed, Delivery::Unknown] {
            let safe = matches!(delivery, Delivery::NotSent | Delivery::NotExecuted);
            assert_eq!(RpcError::new(Code::Unavailable, "").with_delivery(delivery).is_retryable(), safe);
            for code in [Code::ResourceExhausted, Code::InvalidArgument, Code::Unimplemented, Code::DeadlineExceeded] {
                assert!(!RpcError::new(code, "").with_delivery(delivery).is_retryable());
            }
        }
    }
}

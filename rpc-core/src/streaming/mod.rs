//! Streams of items: as those who read them see them, and how what others make is sent.

mod produce;
pub(crate) use produce::{Produce, produce_all};

mod push;
pub use push::{Pusher, push, try_push};

mod sink;
pub use sink::{Sent, Sink};

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use futures::Stream;
use rpc_codec::bytes::sharing;
use rpc_codec::{AnyCodec, DecodeError};

use crate::code::Code;
use crate::connection::Inlet;
use crate::error::{Delivery, Phase, RpcError};
use crate::failure::{Failure, NoError};
use crate::frame::Body;
use crate::metadata::Metadata;
use crate::session::{Item, Packed};

/// A stream of items from the other end: what a method that streams gives its caller, and what a handler gets for an
/// argument that is a stream.
///
/// Its items are `Result<T, RpcError>`; `Result<T, CallError<E>>` where the caller's method has an error type `E` of
/// its own. It has ended well when [`next`](Self::next) gives `None` and [`is_complete`](Self::is_complete) says so.
/// Whatever else ends it, a lost connection or a panic at the other end included, is an `Err` behind the items that did
/// arrive; after that there is nothing.
///
/// For a caller it is a value like a call: options are set first, it starts when it is first polled, and no deadline
/// ends it but one that is set. The other end makes items only as far ahead as there is credit, which grows while the
/// reader keeps up: a slow reader holds up nothing but its own stream.
///
/// # Cancel safety
///
/// [`next`](Self::next) may be dropped at any time; no item is lost. Dropping the stream cancels it: what makes it at
/// the other end is dropped at its next `await`. Dropping it before its first poll sends nothing.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Streaming<T, E = NoError> {
    source: Source,
    codec: AnyCodec,
    decode: Decode<T>,
    /// Items that have come, and are read one by one.
    items: Packed,
    trailing: Option<Box<Metadata>>,
    failure: std::marker::PhantomData<fn() -> E>,
}

/// Reads an item.
pub(crate) type Decode<T> = fn(&AnyCodec, &[u8]) -> Result<T, DecodeError>;

enum Source {
    /// What a caller sends.
    Argument(Inlet),
    /// What a call is answered with.
    Answer(Box<dyn AnswerStream>),
    Over {
        complete: bool,
    },
}

/// What a stream ends with: an error, or nothing.
type End<T, E> = Option<Result<T, <E as Failure>::Seen>>;

/// A call that is answered with a stream, whatever its types. When it is dropped, it is cancelled.
pub(crate) trait AnswerStream: Send {
    /// Exchanges items that were read for those that have come, or says how the stream ended. Starts the call.
    fn poll_items(&mut self, cx: &mut TaskContext<'_>, items: &mut Packed) -> Poll<Option<Ended>>;

    fn set_timeout(&mut self, timeout: Duration);

    fn set_window(&mut self, bytes: u32);

    /// Whether it waits for a connection while the channel is failing.
    fn set_waits(&mut self, waits: bool);

    fn add_metadata(&mut self, key: String, value: String);

    /// Adds a stream that the caller sends.
    fn add_stream(&mut self, produce: Produce);

    /// Adds what is known of the call to an error.
    fn describe(&self, error: RpcError) -> RpcError;
}

/// How a stream that answers a call ended.
pub(crate) enum Ended {
    Done(Option<Box<Metadata>>),
    /// With an error of the method's own type.
    Typed(Body),
    Failed(RpcError),
}

impl<T, E: Failure> Streaming<T, E> {
    /// The stream that a call will be answered with.
    pub(crate) fn answer(stream: Box<dyn AnswerStream>, codec: AnyCodec, decode: Decode<T>) -> Self {
        Self::new(Source::Answer(stream), codec, decode)
    }

    /// A stream that a caller sends.
    pub(crate) fn argument(inlet: Option<Inlet>, codec: AnyCodec, decode: Decode<T>) -> Self {
        Self::new(inlet.map_or(Source::Over { complete: false }, Source::Argument), codec, decode)
    }

    fn new(source: Source, codec: AnyCodec, decode: Decode<T>) -> Self {
        Self { source, codec, decode, items: Packed::default(), trailing: None, failure: std::marker::PhantomData }
    }

    /// The next item, or `None` where there is none any more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, E::Seen>> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    /// Ends the stream after this long, counted from the first poll: [`Code::DeadlineExceeded`], behind the items that
    /// did arrive. Default: that of the method, else none. For callers; for an argument it does nothing.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if let Source::Answer(stream) = &mut self.source {
            stream.set_timeout(timeout);
        }
        self
    }

    /// Adds an entry to the metadata that goes with the call. For callers; for an argument it does nothing.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        if let Source::Answer(stream) = &mut self.source {
            stream.add_metadata(key.into(), value.into());
        }
        self
    }

    /// How many bytes may be in flight or unread from the start, at least; default 2 KiB. It grows by itself while the
    /// reader keeps up, so this is for streams that are short and must be fast. As far as
    /// [`Limits::streams`](crate::Limits::streams) allows. For callers; for an argument it does nothing.
    pub fn window(mut self, bytes: u32) -> Self {
        if let Source::Answer(stream) = &mut self.source {
            stream.set_window(bytes);
        }
        self
    }

    /// Waits for a connection as long as the deadline allows, instead of failing where the channel could not connect. For
    /// callers; for an argument it does nothing.
    pub fn wait_for_ready(mut self) -> Self {
        if let Source::Answer(stream) = &mut self.source {
            stream.set_waits(true);
        }
        self
    }

    /// Fails at once while the channel is failing, where the channel would have it wait. For callers; for an argument it
    /// does nothing.
    pub fn fail_fast(mut self) -> Self {
        if let Source::Answer(stream) = &mut self.source {
            stream.set_waits(false);
        }
        self
    }

    /// Whether the stream has ended well, and all of its items were read.
    pub fn is_complete(&self) -> bool {
        matches!(self.source, Source::Over { complete: true })
    }

    /// The metadata that came with the end of a stream that has ended well.
    pub fn trailing_metadata(&self) -> Option<&Metadata> {
        self.trailing.as_deref()
    }

    pub(crate) fn add_stream(&mut self, produce: Produce) {
        if let Source::Answer(stream) = &mut self.source {
            stream.add_stream(produce);
        }
    }

    #[inline]
    fn poll_item(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<T, E::Seen>>> {
        loop {
            let decoded = match self.items.next() {
                None => match std::task::ready!(self.poll_items(cx)) {
                    None => continue,
                    Some(end) => return Poll::Ready(end),
                },
                Some(Item::Short(item)) => (self.decode)(&self.codec, item),
                Some(Item::Long(item)) => sharing(&item, || (self.decode)(&self.codec, &item)),
            };
            return Poll::Ready(Some(decoded.map_err(|error| self.unreadable(error).into())));
        }
    }

    /// Gets items (`None`), or says what the stream ends with.
    fn poll_items(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<End<T, E>>> {
        let end = match &mut self.source {
            Source::Argument(inlet) => match std::task::ready!(inlet.poll_items(cx, &mut self.items)) {
                None => return Poll::Ready(None),
                Some(Ok(())) => None,
                Some(Err(error)) => Some(error.into()),
            },
            Source::Answer(stream) => match std::task::ready!(stream.poll_items(cx, &mut self.items)) {
                None => return Poll::Ready(None),
                Some(Ended::Done(metadata)) => {
                    self.trailing = metadata;
                    None
                }
                Some(Ended::Typed(body)) => {
                    let read = E::read(&self.codec, &body);
                    Some(read.unwrap_or_else(|error| stream.describe(error).into()))
                }
                Some(Ended::Failed(error)) => Some(stream.describe(error).into()),
            },
            Source::Over { .. } => return Poll::Ready(Some(None)),
        };
        self.source = Source::Over { complete: end.is_none() };
        Poll::Ready(Some(end.map(Err)))
    }

    /// An item cannot be read: that is the end of the stream.
    #[cold]
    fn unreadable(&mut self, error: DecodeError) -> RpcError {
        let text = format!("an item of the stream is not a {}: {error}", std::any::type_name::<T>());
        let source = std::mem::replace(&mut self.source, Source::Over { complete: false });
        self.items = Packed::default();
        match source {
            Source::Answer(stream) => {
                let error = RpcError::new(Code::Internal, text).with_source(error);
                stream.describe(error.with_phase(Phase::Decode).with_delivery(Delivery::Executed))
            }
            Source::Argument(inlet) => {
                inlet.leave();
                RpcError::new(Code::InvalidArgument, text).with_phase(Phase::Decode).with_source(error)
            }
            Source::Over { .. } => RpcError::new(Code::Internal, text),
        }
    }
}

impl<T, E: Failure> Stream for Streaming<T, E> {
    type Item = Result<T, E::Seen>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx)
    }
}

/// Everything in it may move.
impl<T, E> Unpin for Streaming<T, E> {}

impl<T, E> Drop for Streaming<T, E> {
    fn drop(&mut self) {
        if let Source::Argument(inlet) = &self.source {
            inlet.leave();
        }
    }
}

impl<T, E> fmt::Debug for Streaming<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The items are not shown: they may be secret.
        let source = match &self.source {
            Source::Argument(_) => "an argument",
            Source::Answer(_) => "an answer",
            Source::Over { .. } => "over",
        };
        f.debug_struct("Streaming").field("source", &source).finish_non_exhaustive()
    }
}

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures::Stream;
use rpc_codec::{AnyCodec, Codec as _};
use serde::Serialize;

use crate::code::Code;
use crate::connection::{Outlet, Refused};
use crate::context::{Context, Scoped};
use crate::value;

/// Sends a stream of the caller's, once there is where to.
pub(crate) type Produce = Box<dyn FnOnce(Outlet, AnyCodec) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// How far items were made.
pub(super) enum Produced<E> {
    Done,
    /// The stream itself failed.
    Failed(E),
    /// An item cannot be sent.
    Unsendable(Code, String),
    /// Nobody reads them any more.
    Stopped,
}

/// How much one poll makes before others have their turn, in bytes.
const STINT: usize = 64 * 1024;

/// A stream of the caller's, ready to be sent.
pub(crate) fn produce_all<S, U, F>(stream: S, mut convert: F) -> Produce
where
    S: Stream + Send + 'static,
    F: FnMut(S::Item) -> U + Send + 'static,
    U: Serialize + 'static,
{
    let context = Context::current();
    Box::new(move |mut outlet, codec| {
        let sending = async move {
            let produced: Produced<std::convert::Infallible> =
                produce(&mut outlet, &codec, stream, |item| Ok(convert(item))).await;
            match produced {
                Produced::Done | Produced::Stopped => outlet.end(Ok(())),
                Produced::Failed(never) => match never {},
                Produced::Unsendable(code, text) => outlet.end(Err((code, text))),
            }
        };
        match context {
            Some(context) => Box::pin(Scoped::new(context, sending)),
            None => Box::pin(sending),
        }
    })
}

/// Sends what a stream gives, as far ahead as there is credit.
pub(super) async fn produce<S, U, E, F>(outlet: &mut Outlet, codec: &AnyCodec, stream: S, mut convert: F) -> Produced<E>
where
    S: Stream,
    F: FnMut(S::Item) -> Result<U, E>,
    U: Serialize + 'static,
{
    let mut stream = pin!(stream);
    poll_fn(|cx| {
        let start = outlet.made();
        loop {
            if std::task::ready!(outlet.poll_ready(cx)).is_err() {
                return Poll::Ready(Produced::Stopped);
            }
            if outlet.made() - start > STINT {
                outlet.flush();
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let item = match stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => item,
                Poll::Ready(None) => {
                    outlet.flush();
                    return Poll::Ready(Produced::Done);
                }
                Poll::Pending => {
                    outlet.flush();
                    return match outlet.is_stopped_or_wakes(cx) {
                        true => Poll::Ready(Produced::Stopped),
                        false => Poll::Pending,
                    };
                }
            };
            let value = match convert(item) {
                Ok(value) => value,
                Err(error) => return Poll::Ready(Produced::Failed(error)),
            };
            if let Err(refused) = outlet.push(|out| value::write(codec, value, out)) {
                let (code, text) = match refused {
                    Refused::TooLong { len, limit } => (
                        Code::ResourceExhausted,
                        format!("an item is {len} bytes; its reader takes at most {limit} (its Limits::message)"),
                    ),
                    Refused::Failed(error) => {
                        (Code::Internal, format!("an item cannot be encoded as {}: {error}", codec.name()))
                    }
                };
                return Poll::Ready(Produced::Unsendable(code, text));
            }
        }
    })
    .await
}

use std::fmt;

use futures::Stream;
use rpc_codec::AnyCodec;
use serde::Serialize;

use super::produce::{Produced, produce};
use crate::connection::Outlet;
use crate::failure::{Failure, NoError};
use crate::session::Answer;

/// Where the generated code puts the stream that a handler gives.
pub struct Sink {
    /// `None` where the call reads no stream; it is refused then.
    outlet: Option<Box<Outlet>>,
    codec: AnyCodec,
}

/// What became of the stream that a handler gave.
#[derive(Debug)]
pub struct Sent(pub(crate) Answer);

impl Sink {
    pub(crate) fn new(outlet: Option<Outlet>, codec: AnyCodec) -> Self {
        // It is moved from future to future, each of which would keep room for it.
        Self { outlet: outlet.map(Box::new), codec }
    }

    /// Sends all that a stream gives, converted to what can be sent.
    pub async fn all<S, U, F>(self, stream: S, mut convert: F) -> Sent
    where
        S: Stream + Send,
        F: FnMut(S::Item) -> U + Send,
        U: Serialize + 'static,
    {
        self.send(stream, |item| Ok::<_, Option<NoError>>(convert(item))).await
    }

    /// Sends the items that a stream gives, until one is an error: that is how the stream ends.
    pub async fn all_results<S, T, E, U, X, F, G>(self, stream: S, mut convert: F, fail: G) -> Sent
    where
        S: Stream<Item = Result<T, E>> + Send,
        F: FnMut(T) -> U + Send,
        U: Serialize + 'static,
        G: FnOnce(E) -> X + Send,
        X: Failure,
    {
        let mut fail = Some(fail);
        self.send(stream, |item| match item {
            Ok(item) => Ok(convert(item)),
            // It is called once: an error ends the stream.
            Err(error) => Err(fail.take().map(|fail| fail(error))),
        })
        .await
    }

    /// The handler gave an error instead of a stream.
    pub fn fail<X: Failure>(self, error: X) -> Sent {
        Sent(error.answer(&self.codec).0)
    }

    async fn send<S, U, X, F>(self, stream: S, convert: F) -> Sent
    where
        S: Stream,
        F: FnMut(S::Item) -> Result<U, X>,
        U: Serialize + 'static,
        X: IntoAnswer,
    {
        let Self { outlet, codec } = self;
        let Some(mut outlet) = outlet else {
            return Sent(Answer::Stopped);
        };
        Sent(match produce(&mut outlet, &codec, stream, convert).await {
            Produced::Done => Answer::Finished { metadata: None },
            Produced::Failed(error) => error.into_answer(&codec),
            Produced::Unsendable(code, message) => Answer::Status { code, message, metadata: None, push_back: None },
            Produced::Stopped => Answer::Stopped,
        })
    }
}

/// An error that ends a stream.
trait IntoAnswer {
    fn into_answer(self, codec: &AnyCodec) -> Answer;
}

impl<X: Failure> IntoAnswer for Option<X> {
    fn into_answer(self, codec: &AnyCodec) -> Answer {
        self.map_or(Answer::Stopped, |error| error.answer(codec).0)
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink(..)")
    }
}

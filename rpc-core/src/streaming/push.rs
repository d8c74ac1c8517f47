//! Streams for those who would rather push their items than be asked for them.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::{FutureExt as _, Stream, StreamExt as _};

/// Where items are pushed; see [`push`].
#[derive(Debug)]
pub struct Pusher<T> {
    place: Arc<Mutex<Place<T>>>,
}

#[derive(Debug)]
struct Place<T> {
    /// What was pushed and not taken.
    item: Option<T>,
    /// Woken when it is taken.
    pusher: Option<Waker>,
}

/// A stream of the items that `make` pushes. It ends when the future does.
///
/// The future runs only when an item is asked for: nothing is buffered, and no task is spawned. So it also waits, with
/// all that it does besides, while its reader has no room. It is dropped with the stream.
///
/// A channel becomes a stream in the same way: `while let Some(item) = receiver.recv().await { out.send(item).await }`.
///
/// ```
/// use rpc_core::stream::{Stream, push};
///
/// fn countdown(from: u32) -> impl Stream<Item = u32> {
///     push(move |mut out| async move {
///         for number in (1..=from).rev() {
///             out.send(number).await;
///         }
///     })
/// }
/// ```
pub fn push<T, F, M>(make: M) -> impl Stream<Item = T>
where
    F: Future<Output = ()>,
    M: FnOnce(Pusher<T>) -> F,
{
    let never_fails = |pusher| make(pusher).map(Ok::<(), Infallible>);
    try_push(never_fails).map(|pushed| match pushed {
        Ok(item) => item,
        Err(never) => match never {},
    })
}

/// The same for a future that may fail: an `Err` is the last item.
pub fn try_push<T, E, F, M>(make: M) -> impl Stream<Item = Result<T, E>>
where
    F: Future<Output = Result<(), E>>,
    M: FnOnce(Pusher<T>) -> F,
{
    let place = Arc::new(Mutex::new(Place { item: None, pusher: None }));
    let future = make(Pusher { place: Arc::clone(&place) });
    Pushed { future: Some(future), failure: None, place }
}

impl<T> Pusher<T> {
    /// Gives an item, and waits until the next one is asked for.
    ///
    /// # Cancel safety
    ///
    /// The item is given when the future is first polled; dropping it later does not take it back.
    pub async fn send(&mut self, item: T) {
        let mut item = Some(item);
        poll_fn(|cx| {
            let mut place = lock(&self.place);
            if item.is_some() && place.item.is_none() {
                place.item = item.take();
            } else if item.is_none() && place.item.is_none() {
                return Poll::Ready(());
            }
            place.pusher = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

#[pin_project::pin_project]
struct Pushed<T, E, F> {
    /// `None` when it has ended.
    #[pin]
    future: Option<F>,
    failure: Option<E>,
    place: Arc<Mutex<Place<T>>>,
}

impl<T, E, F: Future<Output = Result<(), E>>> Stream for Pushed<T, E, F> {
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(future) = this.future.as_mut().as_pin_mut()
            && let Poll::Ready(output) = future.poll(cx)
        {
            this.future.set(None);
            *this.failure = output.err();
        }
        let mut place = lock(this.place);
        let (item, pusher) = (place.item.take(), place.pusher.take());
        drop(place);
        if let Some(item) = item {
            // Where the future polls what pushes by itself, it must know that there is room.
            if let Some(pusher) = pusher.filter(|pusher| !pusher.will_wake(cx.waker())) {
                pusher.wake();
            }
            return Poll::Ready(Some(Ok(item)));
        }
        match this.future.is_some() {
            true => Poll::Pending,
            false => Poll::Ready(this.failure.take().map(Err)),
        }
    }
}

fn lock<T>(place: &Mutex<Place<T>>) -> MutexGuard<'_, Place<T>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_pushed_comes_out_in_order() {
        let stream = push(|mut out| async move {
            for number in 0..3 {
                out.send(number).await;
            }
        });
        assert_eq!(stream.collect::<Vec<_>>().await, [0, 1, 2]);
    }

    #[tokio::test]
    async fn an_error_comes_last_and_then_nothing() {
        let stream = try_push(|mut out| async move {
            out.send(1).await;
            Err("no")
        });
        assert_eq!(stream.collect::<Vec<_>>().await, [Ok(1), Err("no")]);
    }
}

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream as _;
use futures::stream::FuturesUnordered;

use super::serving::{self, Serving};
use crate::session::Answer;

/// How many there may be. It bounds how long a turn may last when all of them are woken at once.
const MOST: usize = 512;

/// Handlers that go on in the task of their connection, because they take so little at a time that to hand them over
/// would cost more: a task, memory that one thread takes and another gives back, and a way back for the answer. Each is
/// polled only when it is woken.
#[derive(Default)]
pub(super) struct Residents {
    /// Made for the first of them: most connections have none.
    handlers: Option<Box<FuturesUnordered<Resident>>>,
}

impl Residents {
    pub(super) fn has_room(&self) -> bool {
        self.handlers.as_ref().is_none_or(|handlers| handlers.len() < MOST)
    }

    pub(super) fn add(&mut self, serving: Serving) {
        self.handlers.get_or_insert_default().push(Resident(serving));
    }

    /// Polls those that were woken until one has its answer, if one does.
    #[inline]
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Option<(u64, Answer)> {
        poll_next(self.handlers.as_mut()?, cx)
    }

    /// Gives those that are left tasks of their own: the connection's ends.
    pub(super) fn move_out(&mut self) {
        for Resident(serving) in self.handlers.take().into_iter().flat_map(|handlers| *handlers) {
            serving::spawn(serving);
        }
    }
}

/// Apart, since most turns have nothing to do with it.
#[inline(never)]
fn poll_next(handlers: &mut FuturesUnordered<Resident>, cx: &mut Context<'_>) -> Option<(u64, Answer)> {
    match Pin::new(handlers).poll_next(cx) {
        Poll::Ready(answer) => answer,
        Poll::Pending => None,
    }
}

struct Resident(Serving);

impl Future for Resident {
    type Output = (u64, Answer);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(u64, Answer)> {
        self.0.poll_answer(cx).map(|answer| (self.0.id(), answer))
    }
}

//! The floor with a codec on both sides: what is left for a framework to lose.

use std::marker::PhantomData;

use bytes::Bytes;

use super::client::{Connection, current_waker};
use super::codec::{Codec as _, Format};
use super::frame::Kind;
use super::{listen, open, server};
use crate::contestant::{Client, Contestant, Fault};
use crate::count::Count;
use crate::message::Item;

/// The floor with a format.
pub(crate) struct Coded<F>(PhantomData<F>);

pub(crate) struct CodedConnection<F>(Connection, PhantomData<F>);

impl<F> Default for Coded<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F> Clone for CodedConnection<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<F: Format> Contestant for Coded<F> {
    type Client = CodedConnection<F>;

    async fn serve(&self) -> Result<(), Fault> {
        listen(server::serve::<F>).await
    }

    async fn connect(&self, address: &str) -> Result<CodedConnection<F>, Fault> {
        Ok(CodedConnection(open(address).await?, PhantomData))
    }
}

impl<F: Format> CodedConnection<F> {
    async fn item(&self, kind: Kind) -> Result<(), Fault> {
        let waker = current_waker().await;
        // Encoded before the connection is locked.
        let id =
            F::encode(&Item::sample(), |payload| self.0.send(waker, |queue, id| queue.push_copy(kind, id, payload)))??;
        let answer = self.0.answer(id).await?;
        F::look(&answer)
    }
}

impl<F: Format> Client for CodedConnection<F> {
    async fn small(&self) -> Result<(), Fault> {
        self.item(Kind::Echo).await
    }

    async fn yielding(&self) -> Result<(), Fault> {
        self.item(Kind::Yield).await
    }

    async fn napping(&self) -> Result<(), Fault> {
        self.item(Kind::Timer).await
    }

    async fn large(&self, bytes: &Bytes) -> Result<usize, Fault> {
        self.0.large(bytes).await
    }

    async fn stream_down(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.0.down::<F>(items, count).await
    }

    async fn stream_up(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.0.up::<F>(items, count).await
    }

    async fn stream_both(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.0.both::<F>(items, count).await
    }

    async fn stream_bulk(&self, items: u64, size: usize, count: &Count) -> Result<u64, Fault> {
        self.0.bulk(items, size, count).await
    }
}

//! The floor with MessagePack on both sides: what is left for a framework to lose.

use std::cell::RefCell;

use bytes::Bytes;

use super::client::{Connection, current_waker};
use super::codec::{Codec as _, MessagePack};
use super::frame::Kind;
use super::{listen, open, server};
use crate::contestant::{Client, Contestant, Fault};
use crate::count::Count;
use crate::message::Item;

thread_local! {
    /// Where calls are encoded; kept for its memory.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The floor with `rmp-serde`, structs by name.
pub(crate) struct Coded;

#[derive(Clone)]
pub(crate) struct CodedConnection(Connection);

impl Contestant for Coded {
    type Client = CodedConnection;

    async fn serve(&self) -> Result<(), Fault> {
        listen(server::serve::<MessagePack>).await
    }

    async fn connect(&self, address: &str) -> Result<CodedConnection, Fault> {
        Ok(CodedConnection(open(address).await?))
    }
}

impl CodedConnection {
    async fn item(&self, kind: Kind) -> Result<(), Fault> {
        let waker = current_waker().await;
        // Encoded before the connection is locked.
        let id = SCRATCH.with_borrow_mut(|payload| {
            payload.clear();
            rmp_serde::encode::write_named(payload, &Item::sample())?;
            Ok::<_, Fault>(self.0.send(waker, |queue, id| queue.push_copy(kind, id, payload))?)
        })?;
        let answer = self.0.answer(id).await?;
        MessagePack::look(&answer)
    }
}

impl Client for CodedConnection {
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
        self.0.down::<MessagePack>(items, count).await
    }

    async fn stream_up(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.0.up::<MessagePack>(items, count).await
    }

    async fn stream_both(&self, items: u64, count: &Count) -> Result<u64, Fault> {
        self.0.both::<MessagePack>(items, count).await
    }

    async fn stream_bulk(&self, items: u64, size: usize, count: &Count) -> Result<u64, Fault> {
        self.0.bulk(items, size, count).await
    }
}

//! The floor with MessagePack on both sides: what is left for a framework to lose.

use bytes::Bytes;

use super::client::Connection;
use super::frame::Kind;
use super::{listen, open, server};
use crate::contestant::{Client, Contestant, Fault, check_item};
use crate::message::Item;

/// The floor with `rmp-serde`, structs by name.
pub(crate) struct Coded;

#[derive(Clone)]
pub(crate) struct CodedConnection(Connection);

impl Contestant for Coded {
    type Client = CodedConnection;

    async fn serve(&self) -> Result<(), Fault> {
        listen(|stream| {
            server::serve_with(stream, |payload, queue, id| {
                let item: Item = rmp_serde::from_slice(payload)?;
                queue.push_copy(Kind::Echo, id, &rmp_serde::to_vec_named(&item)?);
                Ok(())
            })
        })
        .await
    }

    async fn connect(&self, address: &str) -> Result<CodedConnection, Fault> {
        Ok(CodedConnection(open(address).await?))
    }
}

impl CodedConnection {
    async fn item(&self, kind: Kind) -> Result<(), Fault> {
        let payload = rmp_serde::to_vec_named(&Item::sample())?;
        let answer = self.0.call(kind, payload.into()).await?;
        check_item(&rmp_serde::from_slice(&answer)?)
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
}

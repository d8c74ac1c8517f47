use std::borrow::Cow;

use futures::Stream;
use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Lines {
    type Line;
    async fn tail(&self) -> impl Stream<Item = &str>;
    async fn checked(&self) -> Result<impl Stream<Item = Result<u8, &'static str>>, &'static str>;
    fn own(&self) -> impl Stream<Item = Self::Line>;
    async fn put(&self, lines: Streaming<&str>);
    async fn copy(&self, lines: Streaming<Cow<'_, str>>);
}

fn main() {}

use futures::Stream;
use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Numbers {
    async fn optional(&self) -> Option<impl Stream<Item = u64>>;
    async fn nested(&self) -> impl Stream<Item = impl Stream<Item = u64>>;
    async fn lent(&self, numbers: &Streaming<u64>);
    async fn perhaps(&self, numbers: Option<Streaming<u64>>);
    async fn many(&self, numbers: Vec<Streaming<u64>>);
    async fn opaque(&self, numbers: impl Stream<Item = u64>);
    async fn twice(&self, numbers: Streaming<Streaming<u64>>);
}

fn main() {}

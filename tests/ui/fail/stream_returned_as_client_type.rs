use futures::stream::BoxStream;
use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Numbers {
    async fn primes(&self, below: u64) -> Streaming<u64>;
    fn at_once(&self) -> Streaming<u64, String>;
    async fn checked(&self) -> Result<Streaming<u64>, String>;
    async fn boxed(&self) -> BoxStream<'static, u64>;
    async fn dynamic(&self) -> std::pin::Pin<Box<dyn futures::Stream<Item = u64> + Send>>;
}

fn main() {}

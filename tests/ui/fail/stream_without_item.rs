use futures::Stream;
use rpc_core::rpc_service;

#[rpc_service]
pub trait Numbers {
    async fn primes(&self, below: u64) -> impl Stream;
    async fn checked(&self) -> Result<impl Stream<Item: Send>, String>;
    fn at_once(&self) -> impl Stream + Send;
}

fn main() {}

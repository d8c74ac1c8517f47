use rpc_core::rpc_service;

pub trait Stream {
    type Item;
}
pub struct Streaming<T>(T);

#[rpc_service]
pub trait Numbers {
    async fn primes(&self, below: u64) -> impl Stream<Item = u64>;
    async fn checked(&self) -> Result<impl Stream<Item = u64>, String>;
    async fn sum(&self, numbers: Streaming<u64>) -> u64;
}

fn main() {}

use futures::Stream;
use rpc_core::rpc_service;

type Reply<T> = Result<T, String>;

#[rpc_service]
pub trait Arith {
    async fn inside(&self) -> impl Stream<Item = Reply<i64>>;
    async fn around(&self) -> Reply<impl Stream<Item = i64>>;
}

fn main() {}

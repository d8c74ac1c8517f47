use rpc_core::rpc_service;

type Reply<T> = Result<T, String>;

#[rpc_service]
pub trait Arith {
    async fn divide(&self, a: i64, b: i64) -> Reply<i64>;
}

fn main() {}

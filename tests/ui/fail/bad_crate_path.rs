use rpc_core::rpc_service;

#[rpc_service(crate = "rpc_core")]
pub trait Arith {
    async fn add(&self, a: i64, b: i64) -> i64;
}

fn main() {}

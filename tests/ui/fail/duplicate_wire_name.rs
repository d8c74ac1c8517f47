use rpc_core::rpc_service;

#[rpc_service]
pub trait Arith {
    async fn multiply(&self, a: i64, b: i64) -> i64;
    #[rpc(name = "multiply")]
    async fn times(&self, a: i64, b: i64) -> i64;
    #[rpc(alias = "sum")]
    async fn add(&self, a: i64, b: i64) -> i64;
    async fn sum(&self, a: i64, b: i64) -> i64;
    #[rpc(alias = "negate")]
    async fn negate(&self, a: i64) -> i64;
}

fn main() {}

use rpc_core::rpc_service;

#[rpc_service(name = "my arith")]
pub trait Arith {
    #[rpc(name = "")]
    async fn add(&self, a: i64, b: i64) -> i64;
    #[rpc(alias = "Arith.sub")]
    async fn subtract(&self, a: i64, b: i64) -> i64;
    #[rpc(name = 3)]
    async fn divide(&self, a: i64, b: i64) -> i64;
}

fn main() {}

use rpc_core::rpc_service;

#[rpc_service]
pub trait Arith {
    async fn multiply(&self, a: i64, b: i64) -> i64;
    async fn wrong(&self, (a, b): (i64, i64)) -> i64;
}

struct Calculator;

impl Arith for Calculator {
    async fn multiply(&self, a: i64, b: i64) -> i64 {
        a * b
    }

    async fn wrong(&self, (a, b): (i64, i64)) -> i64 {
        a * b
    }
}

fn main() {
    let arith = ArithClient::in_process(Calculator);
    drop(arith.multiply(7, 8));
    drop(ArithServer::new(Calculator));
}

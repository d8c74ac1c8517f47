use rpc_core::rpc_service;

#[rpc_service]
pub trait Counter {
    async fn add(&mut self, amount: u64) -> u64;
}

fn main() {}

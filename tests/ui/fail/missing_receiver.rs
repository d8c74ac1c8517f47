use rpc_core::rpc_service;

#[rpc_service]
pub trait Clock {
    async fn now() -> u64;
}

fn main() {}

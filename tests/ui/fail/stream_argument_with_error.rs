use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Numbers {
    async fn sum(&self, numbers: Streaming<u64, String>) -> u64;
}

fn main() {}

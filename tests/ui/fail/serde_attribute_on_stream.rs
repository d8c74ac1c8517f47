use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Numbers {
    async fn sum(&self, #[serde(default)] numbers: Streaming<u64>) -> u64;
}

fn main() {}

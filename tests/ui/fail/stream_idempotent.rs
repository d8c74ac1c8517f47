use futures::Stream;
use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Numbers {
    #[rpc(idempotent)]
    async fn sum(&self, numbers: Streaming<u64>) -> u64;
    #[rpc(timeout = "2s", idempotent)]
    async fn checked(&self) -> Result<impl Stream<Item = u64>, String>;
}

fn main() {}

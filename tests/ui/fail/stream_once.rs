use futures::Stream;
use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Account {
    #[rpc(once)]
    async fn pay(&self, amounts: Streaming<u64>) -> u64;
    #[rpc(once, timeout = "2s")]
    async fn statement(&self) -> Result<impl Stream<Item = u64>, String>;
}

fn main() {}

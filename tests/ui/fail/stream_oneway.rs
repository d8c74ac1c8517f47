use futures::Stream;
use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Numbers {
    #[rpc(oneway)]
    async fn take(&self, numbers: Streaming<u64>);
    #[rpc(oneway)]
    async fn give(&self) -> impl Stream<Item = u64>;
}

fn main() {}

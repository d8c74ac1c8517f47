use std::sync::Arc;

use rpc_core::rpc_service;

#[rpc_service]
pub trait Counter {
    async fn finish(self) -> u64;
    async fn share(self: Arc<Self>) -> u64;
    async fn forever(&'static self) -> u64;
}

fn main() {}

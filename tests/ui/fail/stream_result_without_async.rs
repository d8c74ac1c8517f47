use futures::Stream;
use rpc_core::rpc_service;

#[rpc_service]
pub trait Numbers {
    fn checked(&self) -> Result<impl Stream<Item = u64>, String>;
}

fn main() {}

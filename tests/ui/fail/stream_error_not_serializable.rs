use futures::Stream;
use rpc_core::rpc_service;

pub struct Plain;

#[rpc_service]
pub trait Store {
    async fn around(&self) -> Result<impl Stream<Item = u8>, Plain>;
    async fn inside(&self) -> impl Stream<Item = Result<u8, Plain>>;
}

fn main() {}

use futures::Stream;
use rpc_core::{Streaming, rpc_service};

pub struct Plain;

#[rpc_service]
pub trait Store {
    async fn put(&self, values: Streaming<Plain>);
    async fn get(&self) -> impl Stream<Item = Plain>;
}

fn main() {}

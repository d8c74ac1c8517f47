use rpc_core::rpc_service;

pub struct Plain;

#[rpc_service]
pub trait Store {
    async fn put(&self, value: Plain);
    async fn get(&self) -> Plain;
}

fn main() {}

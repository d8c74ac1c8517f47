use rpc_core::rpc_service;

pub struct Plain;

#[rpc_service]
pub trait Store {
    async fn checked(&self) -> Result<u8, Plain>;
}

fn main() {}

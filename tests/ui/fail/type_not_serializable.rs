use rpc_core::rpc_service;

pub struct Plain;

#[rpc_service]
pub trait Store {
    async fn put(&self, value: Plain);
    async fn lend(&self, value: &Plain);
    async fn lend_all(&self, values: &[Plain]);
    async fn nested(&self, values: Vec<Option<Plain>>);
    async fn get(&self) -> Plain;
    async fn checked(&self) -> Result<u8, Plain>;
}

fn main() {}

use rpc_core::rpc_service;

#[derive(serde::Serialize)]
pub struct Half;

#[rpc_service]
pub trait Store {
    async fn lend(&self, value: &Half);
}

fn main() {}

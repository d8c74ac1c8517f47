use rpc_core::rpc_service;

#[rpc_service]
pub trait Log {
    #[rpc(oneway, idempotent)]
    async fn write(&self, line: String);
}

fn main() {}

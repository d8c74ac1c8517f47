use rpc_core::rpc_service;

#[rpc_service]
pub trait Log {
    #[rpc(oneway)]
    async fn write(&self, line: String) -> u64;
    #[rpc(oneway)]
    async fn flush(&self) -> Result<(), String>;
}

fn main() {}

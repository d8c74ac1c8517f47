use rpc_core::rpc_service;

#[rpc_service]
pub unsafe trait Memory {
    async fn read(&self, address: u64) -> u8;
}

fn main() {}

use rpc_core::rpc_service;

#[rpc_service]
pub trait Account {
    #[rpc(oneway, once)]
    async fn pay(&self, amount: u64);
}

fn main() {}

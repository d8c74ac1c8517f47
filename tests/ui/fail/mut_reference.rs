use rpc_core::rpc_service;

#[rpc_service]
pub trait Sorter {
    async fn sort(&self, numbers: &mut Vec<u64>);
}

fn main() {}

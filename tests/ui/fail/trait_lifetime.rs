use rpc_core::rpc_service;

#[rpc_service]
pub trait Names<'a> {
    async fn first(&self) -> String;
}

fn main() {}

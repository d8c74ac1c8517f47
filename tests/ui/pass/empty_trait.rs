use rpc_core::rpc_service;

#[rpc_service]
pub trait Empty {}

fn main() {
    assert!(EmptyClient::DESCRIPTOR.methods.is_empty());
}

use rpc_core::rpc_service;

#[rpc_service]
pub trait Clock {
    fn now(&self) -> u64;
}

fn main() {}

use rpc_core::rpc_service;

// These two names have the same 32-bit hash.
#[rpc_service]
pub trait Unlucky {
    async fn costarring(&self);
    async fn liquid(&self);
}

fn main() {}

use rpc_core::rpc_service;

macro_rules! methods {
    () => {
        async fn add(&self);
    };
}

#[rpc_service]
pub trait Arith {
    methods!();
}

fn main() {}

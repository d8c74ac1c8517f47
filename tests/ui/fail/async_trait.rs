use rpc_core::rpc_service;

/// What another crate of this name would do.
mod async_trait {
    pub use core::prelude::v1::test as async_trait;
}

#[rpc_service]
#[async_trait::async_trait]
pub trait Arith {
    async fn add(&self, a: i64, b: i64) -> i64;
}

fn main() {}

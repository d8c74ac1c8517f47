//! What is called `Result` is one, whatever its parameters.

use rpc_core::rpc_service;

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Failed;

pub type Result<T, E = Failed> = std::result::Result<T, E>;

pub mod unit {
    pub type Result = std::result::Result<(), super::Failed>;
}

pub mod swapped {
    pub type Result<E> = std::result::Result<u8, E>;
}

#[rpc_service]
pub trait Answers {
    async fn one(&self) -> Result<u8>;
    async fn two(&self) -> Result<u8, String>;
    async fn none(&self) -> unit::Result;
    async fn swapped(&self) -> swapped::Result<String>;
    async fn bytes(&self) -> Result<Vec<u8>>;
    async fn status(&self) -> Result<u8, rpc_core::RpcError>;
    async fn nested(&self) -> Vec<std::result::Result<u8, String>>;
}

fn main() {
    let _ = AnswersClient::none;
}

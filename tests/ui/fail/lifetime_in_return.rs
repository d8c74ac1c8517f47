use std::borrow::Cow;

use rpc_core::rpc_service;

#[rpc_service]
pub trait Names {
    async fn first(&self) -> &str;
    async fn second(&self) -> Cow<'_, str>;
    async fn third(&self) -> Result<&'static str, String>;
}

fn main() {}

use std::borrow::Cow;

use rpc_core::rpc_service;

#[rpc_service]
pub trait Names {
    async fn all(&self, names: &[&str]);
    async fn pairs(&self, names: Vec<(&str, u8)>);
    async fn maybe(&self, number: Option<&u64>);
    async fn either(&self, name: Cow<'_, str>);
    async fn constant(&self, name: &'static str);
}

fn main() {}

//! Every name that the generated code has itself may be a method's name.

use rpc_core::{Channel, rpc_service};

#[rpc_service]
#[allow(clippy::should_implement_trait, clippy::wrong_self_convention, non_snake_case)]
pub trait Names {
    async fn new(&self) -> u8;
    async fn connect(&self, address: String) -> u8;
    async fn in_process(&self, service: u8) -> u8;
    async fn from(&self, channel: u8) -> u8;
    async fn from_arc(&self) -> u8;
    async fn named(&self, name: u8) -> u8;
    async fn clone(&self) -> u8;
    async fn fmt(&self, formatter: u8) -> u8;
    async fn name(&self) -> u8;
    async fn descriptor(&self) -> u8;
    async fn call(&self, request: u8, arguments: u8, context: u8) -> u8;
    async fn channel(&self) -> u8;
    async fn DESCRIPTOR(&self) -> u8;
    async fn METHOD_0(&self) -> u8;
    async fn sent(&self) -> u8;
}

fn paths_that_never_collide(channel: Channel) -> NamesClient {
    channel.into()
}

fn main() {
    let _ = paths_that_never_collide;
}

use rpc_core::rpc_service;

#[rpc_service]
pub trait Printer {
    async fn print(&self, value: &dyn std::fmt::Display);
}

fn main() {}

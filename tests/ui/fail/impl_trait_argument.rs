use rpc_core::rpc_service;

#[rpc_service]
pub trait Printer {
    async fn print(&self, text: impl Into<String>);
    async fn lend(&self, text: &impl AsRef<str>);
}

fn main() {}

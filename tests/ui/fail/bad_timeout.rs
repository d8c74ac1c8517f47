use rpc_core::rpc_service;

#[rpc_service]
pub trait Slow {
    #[rpc(timeout = "soon")]
    async fn word(&self);
    #[rpc(timeout = "2")]
    async fn no_unit(&self);
    #[rpc(timeout = "0s")]
    async fn zero(&self);
    #[rpc(timeout = "99999999999999999999s")]
    async fn eternity(&self);
    #[rpc(timeout = 2)]
    async fn number(&self);
}

fn main() {}

use rpc_core::rpc_service;

#[rpc_service(naem = "Calculator")]
pub trait Arith {
    #[rpc(onway)]
    async fn log(&self, line: String);
    #[rpc(idempotent = true, retries = 3, cached(forever), detach)]
    async fn read(&self, key: &str) -> String;
    async fn write(&self, #[rpc(ctx)] key: &str);
    #[rpc(context)]
    async fn whoami(&self) -> String;
    #[rpc]
    async fn plain(&self);
    #[rpc(detach, detach)]
    async fn twice(&self);
}

fn main() {}

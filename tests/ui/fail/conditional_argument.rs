use rpc_core::rpc_service;

#[rpc_service]
pub trait Arith {
    async fn add(&self, a: i64, #[cfg(unix)] b: i64) -> i64;
    #[cfg_attr(unix, rpc(oneway))]
    async fn log(&self, line: String);
}

fn main() {}

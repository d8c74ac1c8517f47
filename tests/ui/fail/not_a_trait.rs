use rpc_core::rpc_service;

#[rpc_service]
pub struct Arith {
    pub a: i64,
}

#[rpc_service]
impl Arith {
    pub async fn add(&self) {}
}

fn main() {}

use rpc_core::rpc_service;

#[rpc_service]
pub trait Arith {
    #[rpc(skip)]
    fn helper(&self) -> u32;
    #[rpc(skip, idempotent)]
    fn other(&self) -> u32 {
        7
    }
}

fn main() {}

use rpc_core::rpc_service;

#[rpc_service]
pub trait Memory {
    async unsafe fn read(&self, address: u64) -> u8;
    async extern "C" fn write(&self, address: u64, value: u8);
}

fn main() {}

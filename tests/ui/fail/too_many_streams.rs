use rpc_core::{Streaming, rpc_service};

#[rpc_service]
pub trait Numbers {
    #[rustfmt::skip]
    async fn sum(
        &self,
        a: Streaming<u8>, b: Streaming<u8>, c: Streaming<u8>, d: Streaming<u8>, e: Streaming<u8>, f: Streaming<u8>,
        g: Streaming<u8>, h: Streaming<u8>, i: Streaming<u8>, j: Streaming<u8>, k: Streaming<u8>, l: Streaming<u8>,
        m: Streaming<u8>, n: Streaming<u8>, o: Streaming<u8>, p: Streaming<u8>, one_more: Streaming<u8>, r: Streaming<u8>,
    ) -> u64;
}

fn main() {}

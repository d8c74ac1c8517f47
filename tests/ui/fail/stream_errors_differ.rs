use futures::Stream;
use rpc_core::{RpcError, rpc_service};

type Failed = RpcError;
type Result<T, E = Failed> = std::result::Result<T, E>;

#[rpc_service]
pub trait Numbers {
    async fn two(&self) -> Result<impl Stream<Item = Result<u8, String>>, RpcError>;
    async fn renamed(&self) -> Result<impl Stream<Item = Result<u8, Failed>>, RpcError>;
    async fn alias_inside(&self) -> Result<impl Stream<Item = Result<u8>>, Failed>;
    async fn alias_around(&self) -> Result<impl Stream<Item = Result<u8, Failed>>>;
}

fn main() {}

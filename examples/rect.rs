//! A service called in JSON: the client chooses the codec, the server answers in it.
//!
//! `cargo run --example rect`

use rpc_core::codec::Json;
use rpc_core::{Channel, RpcError, Server, rpc_service};

/// `Rect.Area` and `Rect.Perimeter` on the wire.
#[rpc_service(rename_all = "PascalCase")]
trait Rect {
    /// The area of a rectangle.
    async fn area(&self, width: u32, height: u32) -> u64;

    /// The length around it.
    async fn perimeter(&self, width: u32, height: u32) -> u64;
}

struct Geometry;

impl Rect for Geometry {
    async fn area(&self, width: u32, height: u32) -> u64 {
        u64::from(width) * u64::from(height)
    }

    async fn perimeter(&self, width: u32, height: u32) -> u64 {
        2 * (u64::from(width) + u64::from(height))
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    // A server has MessagePack, JSON and bincode without being told.
    let server = Server::builder().service(RectServer::new(Geometry)).bind("tcp://127.0.0.1:0").await?.spawn();

    // The arguments of the first call travel as {"width":50,"height":100}.
    let channel = Channel::builder(server.local_addr()).codec(Json).connect().await?;
    let rect = RectClient::new(channel);
    println!("Rect.Area(50, 100) = {}", rect.area(50, 100).await?);
    println!("Rect.Perimeter(50, 100) = {}", rect.perimeter(50, 100).await?);
    Ok(())
}

//! The smallest client and server.

use rpc_core::{RpcError, Server, rpc_service};

#[rpc_service]
trait Greetings {
    async fn greet(&self, name: &str) -> String;
}

struct Polite;

impl Greetings for Polite {
    async fn greet(&self, name: &str) -> String {
        format!("Hello, {name}!")
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let server = Server::builder().service(GreetingsServer::new(Polite)).bind("tcp://127.0.0.1:0").await?.spawn();
    let greetings = GreetingsClient::connect(server.local_addr()).await?;
    println!("{}", greetings.greet("x").await?);
    Ok(())
}

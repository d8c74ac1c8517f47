//! The smallest service: one method, called once over TCP.
//!
//! `cargo run --example hello`

use rpc_core::{RpcError, Server, rpc_service};

/// On the wire its method is `HelloService.Hello`, whatever Rust calls it.
#[rpc_service(name = "HelloService", rename_all = "PascalCase")]
trait Greetings {
    /// Says hello.
    async fn hello(&self, name: &str) -> String;
}

struct Polite;

impl Greetings for Polite {
    async fn hello(&self, name: &str) -> String {
        format!("hello:{name}")
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let server = Server::builder().service(GreetingsServer::new(Polite)).bind("tcp://127.0.0.1:0").await?.spawn();

    let greetings = GreetingsClient::connect(server.local_addr()).await?;
    println!("{}", greetings.hello("yekai").await?);
    Ok(())
}

//! A status instead of an error type: a code that every service shares, and a message.
//!
//! `cargo run --example greeter`

use rpc_core::{Code, RpcError, Server, rpc_service};

/// Greets by name.
#[rpc_service]
trait Greeter {
    /// The client sees the very code and message that the handler returns.
    async fn greet(&self, name: &str) -> Result<String, RpcError>;
}

struct Host;

impl Greeter for Host {
    async fn greet(&self, name: &str) -> Result<String, RpcError> {
        if name.is_empty() {
            return Err(RpcError::new(Code::InvalidArgument, "name is required"));
        }
        Ok(format!("Hello, {name}!"))
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let server = Server::builder().service(GreeterServer::new(Host)).bind("tcp://127.0.0.1:0").await?.spawn();

    let greeter = GreeterClient::connect(server.local_addr()).await?;
    for name in ["World", ""] {
        match greeter.greet(name).await {
            Ok(greeting) => println!("{greeting}"),
            Err(error) if error.code() == Code::InvalidArgument => {
                println!("refused: {:?} {:?}", error.code(), error.message());
            }
            // Anything else is not about the name.
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

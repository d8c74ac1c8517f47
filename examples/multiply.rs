//! One argument that is a struct, as in the tutorials of other languages.
//!
//! `cargo run --example multiply`

use rpc_core::{RpcError, Server, rpc_service};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Args {
    a: i64,
    b: i64,
}

/// `Arithmetic.Multiply` on the wire.
#[rpc_service(rename_all = "PascalCase")]
trait Arithmetic {
    /// Arguments are borrowed where they need not be given away: they are written before the method returns.
    async fn multiply(&self, args: &Args) -> i64;
}

struct Exact;

impl Arithmetic for Exact {
    async fn multiply(&self, args: &Args) -> i64 {
        args.a * args.b
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let server = Server::builder().service(ArithmeticServer::new(Exact)).bind("tcp://127.0.0.1:0").await?.spawn();

    let arithmetic = ArithmeticClient::connect(server.local_addr()).await?;
    let args = Args { a: 7, b: 8 };
    let result = arithmetic.multiply(&args).await?;
    println!("{} * {}", args.a, args.b);
    println!("Result: {result}");
    Ok(())
}

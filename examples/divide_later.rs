//! Calls that are not waited for at once: a call is a value, so it can be spawned, kept and joined.
//!
//! `cargo run --example divide_later`

use rpc_core::{CallError, Server, rpc_service};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Quotient {
    quo: i64,
    rem: i64,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("divide by zero")]
struct DivideByZero;

/// `Arith.Divide` and `Arith.Multiply` on the wire.
#[rpc_service(rename_all = "PascalCase")]
trait Arith {
    /// Quotient and remainder.
    async fn divide(&self, a: i64, b: i64) -> Result<Quotient, DivideByZero>;

    /// The product.
    async fn multiply(&self, a: i64, b: i64) -> i64;
}

struct Exact;

impl Arith for Exact {
    async fn divide(&self, a: i64, b: i64) -> Result<Quotient, DivideByZero> {
        if b == 0 {
            return Err(DivideByZero);
        }
        Ok(Quotient { quo: a / b, rem: a % b })
    }

    async fn multiply(&self, a: i64, b: i64) -> i64 {
        a * b
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(ArithServer::new(Exact)).bind("tcp://127.0.0.1:0").await?.spawn();
    let arith = ArithClient::connect(server.local_addr()).await?;

    // A spawned call is on its way at once. It borrows nothing, not even the client.
    let division = tokio::spawn(arith.divide(17, 5));
    println!("Divide(17, 5) is on its way");

    println!("meanwhile, 7 * 8 = {}", arith.multiply(7, 8).await?);

    let Quotient { quo, rem } = division.await??;
    println!("17 / 5: Quo: {quo} Rem: {rem}");

    // A call that is only kept is sent when it is first polled, here together with another.
    let impossible = arith.divide(1, 0);
    let (impossible, product) = tokio::join!(impossible, arith.multiply(6, 7));
    println!("6 * 7 = {}", product?);
    match impossible {
        Err(CallError::Service(error @ DivideByZero)) => println!("1 / 0: {error}"),
        other => return Err(format!("1 / 0 cannot come to {other:?}").into()),
    }
    Ok(())
}

//! A service, a server on a real port, and a client that calls it: typed results, a typed error, a deadline, a
//! cancellation, and three codecs.
//!
//! `cargo run --example quickstart`

use std::time::Duration;

use rpc_core::codec::{Bincode, Codec, Json, MessagePack};
use rpc_core::{CallError, Channel, RpcError, Server, rpc_service};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct Quotient {
    pub quotient: i64,
    pub remainder: i64,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
pub enum ArithError {
    #[error("divide by zero")]
    DivideByZero,
}

/// Arithmetic, and some patience.
#[rpc_service]
pub trait Arith {
    /// The product of two numbers.
    async fn multiply(&self, a: i64, b: i64) -> i64;

    /// Quotient and remainder.
    async fn divide(&self, a: i64, b: i64) -> Result<Quotient, ArithError>;

    /// Takes its time.
    async fn ponder(&self, millis: u64) -> String;
}

struct Calculator;

impl Arith for Calculator {
    async fn multiply(&self, a: i64, b: i64) -> i64 {
        a * b
    }

    async fn divide(&self, a: i64, b: i64) -> Result<Quotient, ArithError> {
        if b == 0 {
            return Err(ArithError::DivideByZero);
        }
        Ok(Quotient { quotient: a / b, remainder: a % b })
    }

    async fn ponder(&self, millis: u64) -> String {
        let _told = Told;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        "42".to_owned()
    }
}

/// Tells when a handler has gone.
struct Told;

impl Drop for Told {
    fn drop(&mut self) {
        println!("  server: ponder is over");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(ArithServer::new(Calculator)).bind("tcp://127.0.0.1:0").await?;
    let address = server.local_addr().to_string();
    println!("serving Arith at {address}");
    let server = server.spawn();

    call_with(&address, MessagePack::default()).await?;
    call_with(&address, Json).await?;
    call_with(&address, Bincode).await?;

    let arith = ArithClient::connect(&address).await?;
    match arith.divide(1, 0).await {
        Err(CallError::Service(ArithError::DivideByZero)) => println!("a typed error: 1 / 0 is DivideByZero"),
        other => println!("unexpected: {other:?}"),
    }

    let late = arith.ponder(10_000).timeout(Duration::from_millis(50)).await;
    println!("a deadline: {}", late.expect_err("it takes far longer"));

    println!("a cancellation: the client drops a call");
    let call = tokio::spawn(arith.ponder(10_000));
    tokio::time::sleep(Duration::from_millis(50)).await;
    call.abort();
    tokio::time::sleep(Duration::from_millis(50)).await;

    println!("{:?}", server.shutdown().await);
    Ok(())
}

async fn call_with(address: &str, codec: impl Codec) -> Result<(), RpcError> {
    let name = codec.name().to_owned();
    let arith = ArithClient::new(Channel::builder(address).codec(codec).connect().await?);
    let (product, other) = tokio::join!(arith.multiply(7, 8), arith.multiply(6, 7));
    println!("{name}: 7 * 8 = {}, 6 * 7 = {}", product?, other?);
    match arith.divide(17, 5).await {
        Ok(Quotient { quotient, remainder }) => println!("{name}: 17 / 5 = {quotient} remainder {remainder}"),
        Err(error) => println!("unexpected: {error}"),
    }
    Ok(())
}

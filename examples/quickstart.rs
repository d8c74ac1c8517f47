//! A service, a server on a real port and a client that calls it: typed results in three codecs, a typed error,
//! a deadline and a cancellation.
//!
//! `cargo run --example quickstart`

use std::future::pending;
use std::time::Duration;

use rpc_core::codec::{Bincode, Codec, Json, MessagePack};
use rpc_core::{CallError, Channel, Server, rpc_service};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

type Failure = Box<dyn std::error::Error>;

#[derive(Debug, Serialize, Deserialize)]
struct Quotient {
    quotient: i64,
    remainder: i64,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
enum ArithError {
    #[error("divide by zero")]
    DivideByZero,
}

/// Arithmetic, and some patience.
#[rpc_service]
trait Arith {
    /// Cannot fail on the server.
    async fn multiply(&self, a: i64, b: i64) -> i64;

    /// Can fail, with an error of its own.
    async fn divide(&self, a: i64, b: i64) -> Result<Quotient, ArithError>;

    /// Takes ten seconds.
    async fn nap(&self);

    /// Takes for ever.
    async fn ponder(&self);
}

struct Calculator {
    news: mpsc::UnboundedSender<&'static str>,
}

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

    async fn nap(&self) {
        tokio::time::sleep(Duration::from_secs(10)).await;
    }

    async fn ponder(&self) {
        let _farewell = Farewell(self.news.clone());
        // Nobody listens any more once `main` has returned.
        let _ = self.news.send("ponder has begun");
        pending().await
    }
}

/// A handler is a plain future: when its call is cancelled it is dropped, and so is what it holds.
struct Farewell(mpsc::UnboundedSender<&'static str>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.send("ponder was dropped");
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (news, mut server_says) = mpsc::unbounded_channel();
    let server = Server::builder().service(ArithServer::new(Calculator { news })).bind("tcp://127.0.0.1:0").await?;
    let server = server.spawn();
    let address = server.local_addr().to_string();
    println!("serving Arith at {address}");

    println!("\ntyped calls, in three codecs:");
    call_in(MessagePack::default(), &address).await?;
    call_in(Json, &address).await?;
    call_in(Bincode, &address).await?;

    let arith = ArithClient::connect(&address).await?;

    println!("\na typed error:");
    match arith.divide(1, 0).await {
        Err(CallError::Service(ArithError::DivideByZero)) => println!("  1 / 0 is ArithError::DivideByZero"),
        Err(CallError::Rpc(error)) => return Err(error.into()),
        Ok(quotient) => return Err(format!("1 / 0 cannot be {quotient:?}").into()),
    }

    println!("\na deadline:");
    match arith.nap().timeout(Duration::from_millis(50)).await {
        Err(error) => println!("  {error}"),
        Ok(()) => return Err("ten seconds do not pass in 50 ms".into()),
    }

    println!("\na cancellation:");
    let call = tokio::spawn(arith.ponder());
    println!("  server: {}", server_says.recv().await.ok_or("the server is gone")?);
    println!("  client: drops the call");
    call.abort();
    println!("  server: {}", server_says.recv().await.ok_or("the server is gone")?);

    println!("\na graceful end:");
    let report = server.shutdown().await;
    println!("  calls cut off: {}", report.cut_calls);
    Ok(())
}

async fn call_in(codec: impl Codec, address: &str) -> Result<(), Failure> {
    let name = codec.name().to_owned();
    let arith = ArithClient::new(Channel::builder(address).codec(codec).connect().await?);
    // Both calls are in flight at once, on one connection.
    let (product, quotient) = tokio::join!(arith.multiply(7, 8), arith.divide(17, 5));
    let (product, Quotient { quotient, remainder }) = (product?, quotient?);
    println!("  {name}: 7 * 8 = {product}; 17 / 5 = {quotient}, remainder {remainder}");
    Ok(())
}

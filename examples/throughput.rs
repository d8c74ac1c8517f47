//! Calls per second on one connection, with 1, 64 and 512 in flight; server and client are separate processes.
//!
//! `cargo run --release --example throughput`, or with the numbers of calls in flight: `… throughput 512`

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rpc_core::{RpcError, Server, rpc_service};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
    values: [u32; 4],
}

#[rpc_service]
trait Echo {
    async fn echo(&self, item: Item) -> Item;
}

struct Parrot;

impl Echo for Parrot {
    async fn echo(&self, item: Item) -> Item {
        item
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().any(|argument| argument == "serve") {
        return serve().await;
    }
    let mut server = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let result = measure_all(&mut server).await;
    server.kill()?;
    server.wait()?;
    result
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(EchoServer::new(Parrot)).bind("tcp://127.0.0.1:0").await?;
    println!("{}", server.local_addr());
    server.serve().await?;
    Ok(())
}

async fn measure_all(server: &mut Child) -> Result<(), Box<dyn std::error::Error>> {
    let mut address = String::new();
    BufReader::new(server.stdout.take().ok_or("the server has no output")?).read_line(&mut address)?;
    let echo = EchoClient::connect(address.trim()).await?;
    println!("in flight | calls per second");
    println!("--------: | ---------------:");
    let chosen: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    for in_flight in if chosen.is_empty() { vec![1, 64, 512] } else { chosen } {
        measure(&echo, in_flight, Duration::from_millis(300)).await?;
        let rate = measure(&echo, in_flight, Duration::from_secs(2)).await?;
        println!("{in_flight:9} | {rate:16.0}");
    }
    Ok(())
}

/// Calls for a while, each task one call at a time, and gives the calls per second.
async fn measure(echo: &EchoClient, in_flight: usize, time: Duration) -> Result<f64, Box<dyn std::error::Error>> {
    let stop = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let callers: Vec<_> =
        (0..in_flight).map(|_| tokio::spawn(call_until(echo.clone(), Arc::clone(&stop), Arc::clone(&calls)))).collect();
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await??;
    }
    Ok(calls.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}

async fn call_until(echo: EchoClient, stop: Arc<AtomicBool>, calls: Arc<AtomicU64>) -> Result<(), RpcError> {
    let item = Item { id: 7, name: "sixteen letters!".to_owned(), values: [1, 2, 3, 4] };
    let mut made = 0;
    while !stop.load(Ordering::Relaxed) {
        let answer = echo.echo(item.clone()).await?;
        assert_eq!(answer.id, item.id);
        made += 1;
    }
    calls.fetch_add(made, Ordering::Relaxed);
    Ok(())
}

//! Two servers are restarted one after the other while a client calls as fast as it can, and no call fails. Then both
//! are gone for a while, and a call that says so waits for them.
//!
//! `cargo run --example rolling_restart`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rpc_core::{Channel, RpcError, Server, ServerHandle, rpc_service};

/// Coffee.
#[rpc_service]
trait Bar {
    /// Takes a moment.
    async fn brew(&self, cups: u32) -> u32;
}

struct Barista;

impl Bar for Barista {
    async fn brew(&self, cups: u32) -> u32 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        cups
    }
}

async fn open(address: &str) -> Result<ServerHandle, RpcError> {
    Ok(Server::builder().service(BarServer::new(Barista)).bind(address).await?.spawn())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut bars = [open("tcp://127.0.0.1:0").await?, open("tcp://127.0.0.1:0").await?];
    let addresses = bars.each_ref().map(|bar| bar.local_addr().to_string());

    // The second address stands in when the first server is closing or cannot be reached, and the other way round.
    let [one, two] = &addresses;
    let channel = Channel::builder(one).or(two).connect().await?;
    let is_over = Arc::new(AtomicBool::new(false));
    let guests: Vec<_> = (0..16)
        .map(|_| {
            let (bar, is_over) = (BarClient::new(channel.clone()), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut served = 0;
                while !is_over.load(Ordering::Relaxed) {
                    served += bar.brew(1).await?;
                }
                Ok::<u32, RpcError>(served)
            })
        })
        .collect();

    for _ in 0..2 {
        for (bar, address) in bars.iter_mut().zip(&addresses) {
            let guest = BarClient::new(channel.clone());
            for _ in 0..20 {
                guest.brew(1).await?;
            }
            // It takes no further calls, finishes those that it has, and is gone; the client has moved by then.
            let report = bar.shutdown().await;
            *bar = open(address).await?;
            println!("restarted: calls cut off: {}", report.cut_calls);
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let mut served = 0;
    for guest in guests {
        served += guest.await??;
    }
    println!("no call failed; more than a hundred cups: {}", served > 100);

    for bar in &bars {
        bar.shutdown().await;
    }
    let bar = BarClient::new(channel);
    let refused = bar.brew(1).await.map_err(|error| error.delivery());
    println!("both are closed: {refused:?}");
    let waits = tokio::spawn(bar.brew(2).wait_for_ready());
    open(two).await?;
    println!("one opens again, for a guest who has waited: {} cups", waits.await??);
    Ok(())
}

//! Client processes of the cost measurements.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::allocations;
use crate::contestant::{Client as _, Contestant, Fault};
use crate::usage;

/// How long opening one stream may take beside those that nobody reads.
const OPENING: Duration = Duration::from_secs(5);

/// Exactly so many small calls on one connection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountOrder {
    pub(crate) address: String,
    pub(crate) in_flight: usize,
    pub(crate) calls: u64,
}

/// So many connections that each have carried one call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IdleOrder {
    pub(crate) address: String,
    pub(crate) connections: usize,
}

/// So many streams on one connection that nobody reads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HoldOrder {
    pub(crate) address: String,
    pub(crate) streams: usize,
}

/// What one process has asked of its allocator.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Allocations {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

impl Allocations {
    /// Those of this process until now.
    pub(crate) fn counted() -> Self {
        let (count, bytes) = allocations::counted();
        Self { count, bytes }
    }
}

/// Makes the calls, and prints what it has allocated.
pub(crate) async fn count<C: Contestant>(contestant: &C, order: &CountOrder) -> Result<(), Fault> {
    let client = contestant.connect(&order.address).await?;
    let left = Arc::new(AtomicU64::new(order.calls));
    let mut tasks = JoinSet::new();
    for _ in 0..order.in_flight {
        let (client, left) = (client.clone(), Arc::clone(&left));
        tasks.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                client.small().await?;
            }
            Ok::<_, Fault>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    println!("{}", serde_json::to_string(&Allocations::counted())?);
    Ok(())
}

/// Opens the connections, prints how much memory each takes here, and keeps them until its input ends.
pub(crate) async fn idle<C: Contestant>(contestant: &C, order: &IdleOrder) -> Result<(), Fault> {
    let before = usage::resident(std::process::id())?;
    let mut clients = Vec::with_capacity(order.connections);
    for _ in 0..order.connections {
        let client = contestant.connect(&order.address).await?;
        client.small().await?;
        clients.push(client);
    }
    let after = usage::resident(std::process::id())?;
    println!("{}", after.saturating_sub(before) / order.connections.max(1) as u64);
    // Blocks this thread; the connections are looked after by the others.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Opens one stream, and once a line comes in all the others. Says each time that it has, and keeps them until its
/// input ends.
pub(crate) async fn hold<C: Contestant>(contestant: &C, order: &HoldOrder) -> Result<(), Fault> {
    let client = contestant.connect(&order.address).await?;
    client.small().await?;
    // What the first stream needs once is not counted.
    let mut held = vec![client.hold().await?];
    println!("ready");
    // Blocks this thread; the connection is looked after by the others.
    std::io::stdin().read_line(&mut String::new())?;
    for _ in 0..order.streams {
        held.push(tokio::time::timeout(OPENING, client.hold()).await??);
    }
    println!("open");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

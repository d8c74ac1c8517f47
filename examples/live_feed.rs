//! A feed with two readers. One is slow: it misses ticks and is told how many, and holds up neither the feed nor the
//! other reader.
//!
//! `cargo run --example live_feed`

use rpc_core::stream::{Stream, push};
use rpc_core::{Channel, Server, rpc_service};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, error::RecvError};

/// How many ticks a day has.
const TICKS: u64 = 1_000;

/// How many ticks are kept for those who are behind; older ones are overwritten.
const KEPT: usize = 32;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tick {
    number: u64,
    cents: i64,
}

#[derive(Debug, Serialize, Deserialize)]
enum Update {
    /// The first: from here on, each tick comes or is counted as skipped.
    Subscribed,
    Tick(Tick),
    Skipped(u64),
}

/// Prices, as they change.
#[rpc_service]
trait Feed {
    /// Without `async`: there is nothing to wait for before the stream.
    fn follow(&self) -> impl Stream<Item = Update>;
}

/// Its sender belongs to the market, so that streams end when the market closes.
struct Exchange {
    ticks: broadcast::Receiver<Tick>,
}

impl Feed for Exchange {
    fn follow(&self) -> impl Stream<Item = Update> {
        let mut ticks = self.ticks.resubscribe();
        push(|mut out| async move {
            out.send(Update::Subscribed).await;
            loop {
                // Asked only when its reader has credit: what a slow one leaves waits in the ring, not in memory of its
                // own, and the ring waits for nobody.
                let update = match ticks.recv().await {
                    Ok(tick) => Update::Tick(tick),
                    Err(RecvError::Lagged(skipped)) => Update::Skipped(skipped),
                    Err(RecvError::Closed) => return,
                };
                out.send(update).await;
            }
        })
    }
}

/// What a reader has seen.
#[derive(Default)]
struct Seen {
    ticks: u64,
    skipped: u64,
    cents: i64,
}

impl Seen {
    fn add(&mut self, update: Update) {
        match update {
            Update::Subscribed => {}
            Update::Tick(tick) => {
                self.ticks += 1;
                self.cents = tick.cents;
                assert_eq!(self.ticks + self.skipped, tick.number, "a tick was missed in silence");
            }
            Update::Skipped(skipped) => self.skipped += skipped,
        }
    }

    fn report(&self, who: &str) {
        let Self { ticks, skipped, cents } = self;
        println!("{who}: {ticks} of {TICKS} ticks, skipped {skipped}, the last price is {cents}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (market, ticks) = broadcast::channel(KEPT);
    let server =
        Server::builder().service(FeedServer::new(Exchange { ticks })).bind("tcp://127.0.0.1:0").await?.spawn();

    // On one connection: even there a slow reader holds up nothing but its own stream.
    let channel = Channel::connect(server.local_addr()).await?;
    let mut fast = FeedClient::new(channel.clone()).follow();
    let mut slow = FeedClient::new(channel).follow();
    let (mut fast_saw, mut slow_saw) = (Seen::default(), Seen::default());
    // A stream starts when it is first polled; from its first update on, nothing is missed in silence.
    for reader in [&mut fast, &mut slow] {
        reader.next().await.ok_or("the feed is closed")??;
    }

    let mut cents = 10_000;
    for number in 1..=TICKS {
        cents += i64::try_from(number * number % 23)? - 10;
        market.send(Tick { number, cents })?;
        // Here the next tick waits for the fast reader, so that each run is the same. Nothing waits for the slow one: it
        // looks away all day.
        if let Some(update) = fast.next().await.transpose()? {
            fast_saw.add(update);
        }
    }
    drop(market);

    while let Some(update) = slow.next().await.transpose()? {
        slow_saw.add(update);
    }
    fast_saw.report("fast");
    slow_saw.report("slow");
    Ok(())
}

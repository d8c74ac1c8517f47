//! How late deadlines fire.

use std::time::{Duration, Instant};

use rpc_core::{Channel, Code};
use tests::desk::DeskClient;
use tests::world::Office;

use super::{Sorted, held_to};

const EXPIRIES: u64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn ten_thousand_deadlines_fire_in_time() {
    held_to(Duration::from_millis(10), 0.99, expire).await;
}

async fn expire() -> (String, Sorted) {
    let office = Office::open().await;
    let channel = Channel::builder(&office.address).connections(6).connect().await.unwrap();
    let desk = DeskClient::new(channel);
    let calls: Vec<_> = (0..EXPIRIES)
        .map(|number| {
            // Spread over two seconds, and all of them open at once.
            let timeout = Duration::from_millis(500 + 7919 * number % 2_000);
            let call = desk.hold(number).timeout(timeout);
            tokio::spawn(async move {
                let begun = Instant::now();
                let error = call.await.unwrap_err();
                let took = begun.elapsed();
                assert_eq!(error.code(), Code::DeadlineExceeded, "{error}");
                took.checked_sub(timeout).expect("it has fired too early")
            })
        })
        .collect();
    let mut late = Vec::new();
    for call in calls {
        late.push(call.await.unwrap());
    }
    while office.server.calls() > 0 {
        tokio::task::yield_now().await;
    }
    drop(desk);
    office.close().await;
    (format!("{EXPIRIES} deadlines: late by"), Sorted::new(late))
}

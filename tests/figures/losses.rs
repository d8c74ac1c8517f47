//! How soon a loss is noticed, and how soon a server that is back is found.

use std::time::{Duration, Instant};

use futures::future::join_all;
use rpc_core::testing::{FaultProxy, Faults};
use rpc_core::{Channel, Code, Delivery, Limits};
use tests::desk::{DeskClient, Event};
use tests::world::Office;

use super::{Sorted, held_to};

const PENDING: u64 = 1_000;
const OUTAGES: u64 = 10;
const INTERVAL: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(1);

/// An office behind a proxy, with calls that wait for their answers.
async fn pending(limits: Limits) -> (Office, FaultProxy, Vec<impl Future<Output = Instant>>) {
    let office = Office::open().await;
    let proxy = FaultProxy::builder(&office.address).faults(Faults::none()).start().await.unwrap();
    let channel = Channel::builder(proxy.local_addr()).limits(limits).connect().await.unwrap();
    let desk = DeskClient::new(channel);
    let mut calls = Vec::new();
    for number in 0..PENDING {
        let call = tokio::spawn(desk.hold(number).no_timeout());
        assert_eq!(office.watch.next().await, Event::Begun(number));
        calls.push(async move {
            let error = call.await.unwrap().unwrap_err();
            assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown), "{error}");
            Instant::now()
        });
    }
    (office, proxy, calls)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn a_reset_is_noticed_at_once() {
    held_to(Duration::from_millis(100), 1.0, reset).await;
}

async fn reset() -> (String, Sorted) {
    let (_office, proxy, calls) = pending(Limits::default()).await;
    let lost = Instant::now();
    proxy.reset_all();
    let noticed = join_all(calls).await.into_iter().map(|at| at.duration_since(lost)).collect();
    (format!("{PENDING} pending calls, connection reset: noticed after"), Sorted::new(noticed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn a_black_hole_is_noticed_within_keepalive_and_its_timeout() {
    held_to(INTERVAL + TIMEOUT + Duration::from_millis(50), 1.0, swallow).await;
}

async fn swallow() -> (String, Sorted) {
    let (_office, proxy, calls) = pending(Limits::default().with_keepalive(INTERVAL, TIMEOUT)).await;
    let lost = Instant::now();
    proxy.black_hole(true);
    let noticed = join_all(calls).await.into_iter().map(|at| at.duration_since(lost)).collect();
    let what = format!("{PENDING} pending calls, black hole, keepalive {INTERVAL:?} + {TIMEOUT:?}: noticed after");
    (what, Sorted::new(noticed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn a_server_that_is_back_is_found_within_a_second() {
    for outage in [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(1)] {
        held_to(Duration::from_secs(1), 1.0, async || go_and_come(outage).await).await;
    }
}

async fn go_and_come(outage: Duration) -> (String, Sorted) {
    let office = Office::open().await;
    let proxy = FaultProxy::builder(&office.address).faults(Faults::none()).start().await.unwrap();
    let desk = DeskClient::new(Channel::connect(proxy.local_addr()).await.unwrap());
    let mut found = Vec::new();
    for number in 0..OUTAGES {
        assert_eq!(desk.echo(number).wait_for_ready().await.unwrap(), number);
        proxy.refuse(true).unwrap();
        proxy.reset_all();
        tokio::time::sleep(outage).await;
        let back = Instant::now();
        proxy.refuse(false).unwrap();
        // The first may be lost with a connection whose reset has not been noticed.
        while desk.echo(number).wait_for_ready().await.is_err() {}
        found.push(back.elapsed());
    }
    (format!("{OUTAGES} outages of {outage:?}: the first call was answered after"), Sorted::new(found))
}

//! Handlers that keep a thread busy do not keep others from theirs.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::{Duration, Instant};

use rpc_core::{Channel, Server, ServerHandle, rpc_service};
use tests::{quickest, soon};
use tokio::sync::watch;

#[rpc_service]
trait Mill {
    async fn ping(&self) -> u64;
    /// Keeps its thread for this long, as a handler that was written without thought does.
    async fn block(&self, millis: u64);
    /// The same, once it has waited.
    async fn block_later(&self, millis: u64);
    /// Waits a moment.
    async fn nap(&self);
    /// Waits until the gate is open.
    async fn wait(&self);
    /// Computes for this long.
    async fn grind(&self, millis: u64) -> u64;
    /// The same, once it has waited.
    async fn grind_later(&self, millis: u64) -> u64;
}

#[derive(Clone, Default)]
struct Miller {
    waiting: watch::Sender<usize>,
    gate: watch::Sender<bool>,
}

impl Mill for Miller {
    async fn ping(&self) -> u64 {
        1
    }

    async fn block(&self, millis: u64) {
        std::thread::sleep(Duration::from_millis(millis));
    }

    async fn block_later(&self, millis: u64) {
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_millis(millis));
    }

    async fn nap(&self) {
        tokio::task::yield_now().await;
    }

    async fn wait(&self) {
        self.waiting.send_modify(|waiting| *waiting += 1);
        self.gate.subscribe().wait_for(|open| *open).await.unwrap();
    }

    async fn grind(&self, millis: u64) -> u64 {
        grind(millis)
    }

    async fn grind_later(&self, millis: u64) -> u64 {
        tokio::task::yield_now().await;
        grind(millis)
    }
}

fn grind(millis: u64) -> u64 {
    let start = Instant::now();
    let mut turns: u64 = 0;
    while start.elapsed() < Duration::from_millis(millis) {
        turns = std::hint::black_box(turns + 1);
    }
    turns
}

async fn mill() -> (MillClient, ServerHandle) {
    mill_of(Miller::default()).await
}

async fn mill_of(miller: Miller) -> (MillClient, ServerHandle) {
    let server = Server::builder().service(MillServer::new(miller)).bind("tcp://127.0.0.1:0").await.unwrap().spawn();
    let channel = Channel::connect(&server.local_addr().to_string()).await.unwrap();
    (MillClient::new(channel), server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_stay_quick_beside_a_method_that_blocks() {
    let (mill, server) = mill().await;
    // The first call shows that the method is slow; from then on it has a task of its own.
    soon(mill.block(200)).await.unwrap();
    let limit = Duration::from_millis(5);
    let p99 = quickest(limit, async || {
        let blocked = tokio::spawn(mill.block(200));
        let mut times = Vec::new();
        while !blocked.is_finished() {
            let start = Instant::now();
            mill.ping().await.unwrap();
            times.push(start.elapsed());
        }
        times.sort();
        assert!(times.len() > 50, "only {} pings beside 200 ms", times.len());
        times[times.len() * 99 / 100]
    })
    .await;
    assert!(p99 < limit, "{p99:?}");
    soon(server.shutdown()).await;
}

/// Handlers that wait share tasks; one that blocks later than at its first poll is not among them from then on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_that_wait_stay_quick_beside_a_method_that_blocks_later() {
    let (mill, server) = mill().await;
    soon(mill.block_later(200)).await.unwrap();
    let limit = Duration::from_millis(100);
    let took = quickest(limit, async || {
        let start = Instant::now();
        // The first go out by themselves, the others in one write.
        let first: Vec<_> = (0..3).map(|_| tokio::spawn(mill.nap())).collect();
        let blocked = tokio::spawn(mill.block_later(200));
        let naps = (0..8).map(|_| tokio::spawn(mill.nap()));
        for nap in first.into_iter().chain(naps.collect::<Vec<_>>()) {
            nap.await.unwrap().unwrap();
        }
        let took = start.elapsed();
        blocked.await.unwrap().unwrap();
        took
    })
    .await;
    assert!(took < limit, "{took:?}");
    soon(server.shutdown()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_on_one_connection_compute_on_two_cores() {
    let (mill, server) = mill().await;
    compute_on_two_cores(async |millis| mill.grind(millis).await.unwrap()).await;
    soon(server.shutdown()).await;
}

/// A handler that has waited before it computes may have been on the connection's task; it is not for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_that_have_waited_compute_on_two_cores() {
    let (mill, server) = mill().await;
    compute_on_two_cores(async |millis| mill.grind_later(millis).await.unwrap()).await;
    soon(server.shutdown()).await;
}

/// Once the method is known, two calls that compute for 50 ms are done sooner than one after the other.
async fn compute_on_two_cores(grind: impl AsyncFn(u64) -> u64) {
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        return;
    }
    soon(grind(5)).await;
    let limit = Duration::from_millis(80);
    let took = quickest(limit, async || {
        let start = Instant::now();
        let (one, two) = tokio::join!(grind(50), grind(50));
        assert!(one > 0 && two > 0);
        start.elapsed()
    })
    .await;
    assert!(took < limit, "{took:?}");
}

/// More than go on in their connection's task, all of them woken at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_handlers_that_wait_for_the_same_all_answer() {
    let miller = Miller::default();
    let (mill, server) = mill_of(miller.clone()).await;
    let calls: Vec<_> = (0..1_000).map(|_| tokio::spawn(mill.wait())).collect();
    soon(miller.waiting.subscribe().wait_for(|waiting| *waiting == 1_000)).await.unwrap();
    soon(mill.ping()).await.unwrap();
    miller.gate.send_replace(true);
    for call in calls {
        soon(call).await.unwrap().unwrap();
    }
    soon(server.shutdown()).await;
}

/// Handlers that wait in their connection's task are let go of with the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_that_wait_end_with_their_connection() {
    let miller = Miller::default();
    let (mill, server) = mill_of(miller.clone()).await;
    let calls: Vec<_> = (0..100).map(|_| tokio::spawn(mill.wait())).collect();
    soon(miller.waiting.subscribe().wait_for(|waiting| *waiting == 100)).await.unwrap();
    calls.iter().for_each(|call| call.abort());
    drop(calls);
    drop(mill);
    // A shutdown waits for what still runs.
    let report = soon(server.shutdown()).await;
    assert_eq!(report.cut_calls, 0, "{report:?}");
}

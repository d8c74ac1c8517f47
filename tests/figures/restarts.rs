//! Rolling restarts of two servers behind one client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rpc_core::{Channel, Server, ServerHandle, rpc_service};

const RESTARTS: usize = 20;
const CALLERS: u64 = 64;

#[rpc_service]
trait Work {
    /// Takes some milliseconds.
    async fn work(&self, number: u64) -> u64;
}

struct Worker;

impl Work for Worker {
    async fn work(&self, number: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(number % 5)).await;
        number
    }
}

async fn serve(address: &str) -> ServerHandle {
    Server::builder().service(WorkServer::new(Worker)).bind(address).await.unwrap().spawn()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn no_call_fails_in_rolling_restarts_under_load() {
    let mut servers = [serve("tcp://127.0.0.1:0").await, serve("tcp://127.0.0.1:0").await];
    let addresses = servers.each_ref().map(|server| server.local_addr().to_string());
    let [one, two] = &addresses;
    let channel = Channel::builder(one).or(two).connections(2).connect().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let made = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (work, stop, made) = (WorkClient::new(channel.clone()), Arc::clone(&stop), Arc::clone(&made));
            tokio::spawn(async move {
                let mut failed = Vec::new();
                let mut number = caller;
                while !stop.load(Ordering::Relaxed) {
                    match work.work(number).await {
                        Ok(answer) => assert_eq!(answer, number),
                        Err(error) => failed.push(error),
                    }
                    made.fetch_add(1, Ordering::Relaxed);
                    number += 1;
                }
                failed
            })
        })
        .collect();
    let begun = Instant::now();
    for restart in 0..RESTARTS {
        let at = restart % 2;
        let calls = made.load(Ordering::Relaxed);
        while made.load(Ordering::Relaxed) < calls + 500 {
            tokio::task::yield_now().await;
        }
        let report = servers[at].clone().shutdown().await;
        assert_eq!((report.cut_connections, report.cut_calls), (0, 0), "{report}");
        servers[at] = serve(&addresses[at]).await;
    }
    let elapsed = begun.elapsed();
    stop.store(true, Ordering::Relaxed);
    let mut failed = Vec::new();
    for caller in callers {
        failed.extend(caller.await.unwrap());
    }
    println!(
        "{RESTARTS} rolling restarts in {elapsed:.1?} under load: {} calls, {} failed",
        made.load(Ordering::Relaxed),
        failed.len()
    );
    assert!(failed.is_empty(), "{}", failed.first().unwrap());
}

//! Servers that are restarted while they are called: no call fails, and none runs twice.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rpc_core::{Channel, ChannelBuilder, Server, ServerHandle, rpc_service};
use tests::world::{WAYS, Way, address};
use tests::{soon, within};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const CALLS: usize = 12_000;
/// How many tasks call at once.
const CALLERS: usize = 32;
/// How many calls end between one restart and the next.
const BETWEEN: u32 = 1_500;

#[rpc_service]
trait Counter {
    async fn count(&self, number: usize) -> usize;
}

/// How often each call has run, on whichever server.
#[derive(Clone)]
struct Runs(Arc<[AtomicU32]>);

impl Runs {
    fn new() -> Self {
        Self((0..CALLS).map(|_| AtomicU32::new(0)).collect())
    }

    async fn serve(&self, address: &str) -> ServerHandle {
        Server::builder().service(CounterServer::new(self.clone())).bind(address).await.unwrap().spawn()
    }

    fn assert_once(&self) {
        for (number, runs) in self.0.iter().enumerate() {
            assert_eq!(runs.load(Ordering::SeqCst), 1, "runs of call {number}");
        }
    }
}

impl Counter for Runs {
    async fn count(&self, number: usize) -> usize {
        self.0.get(number).unwrap().fetch_add(1, Ordering::SeqCst);
        if number.is_multiple_of(8) {
            // Some are at work when the server is told to end.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        number
    }
}

/// Makes all calls, of which each must succeed; each that has ended is a permit.
fn call_all(channel: &Channel) -> (JoinSet<()>, Arc<Semaphore>) {
    let (mut callers, ended) = (JoinSet::new(), Arc::new(Semaphore::new(0)));
    for caller in 0..CALLERS {
        let (counter, ended) = (CounterClient::new(channel.clone()), Arc::clone(&ended));
        callers.spawn(async move {
            for number in (caller..CALLS).step_by(CALLERS) {
                match counter.count(number).await {
                    Ok(answer) => assert_eq!(answer, number),
                    Err(error) => unreachable!("call {number}: {error}"),
                }
                ended.add_permits(1);
            }
        });
    }
    (callers, ended)
}

async fn wait_for_calls(ended: &Semaphore) {
    soon(ended.acquire_many(BETWEEN)).await.unwrap().forget();
}

async fn restarted(server: ServerHandle, runs: &Runs, address: &str) -> ServerHandle {
    let report = soon(server.shutdown()).await;
    assert_eq!((report.cut_calls, report.cut_connections), (0, 0), "{report}");
    runs.serve(address).await
}

fn builder(address: &str) -> ChannelBuilder {
    let brief = Duration::from_millis(1);
    Channel::builder(address).backoff(brief, 10 * brief)
}

/// F2, F3: a server that drains and comes back at its address, again and again, while it is called.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_or_runs_twice_while_its_server_is_restarted() {
    for way in WAYS.into_iter().filter(|way| *way != Way::InProcess) {
        let runs = Runs::new();
        let mut server = runs.serve(&address(way)).await;
        let address = server.local_addr().to_string();
        let channel = builder(&address).wait_for_ready().connect().await.unwrap();
        let (callers, ended) = call_all(&channel);
        for _ in 0..6 {
            wait_for_calls(&ended).await;
            server = restarted(server, &runs, &address).await;
        }
        within(Duration::from_secs(60), callers.join_all()).await;
        runs.assert_once();
        drop(channel);
        soon(server.shutdown()).await;
    }
}

/// F2, F3: where there is another server, calls need not wait for the one that is restarted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_or_runs_twice_while_two_servers_are_restarted_in_turn() {
    let runs = Runs::new();
    let (mut one, mut two) = (runs.serve(&address(Way::Tcp)).await, runs.serve(&address(Way::Tcp)).await);
    let addresses = [one.local_addr().to_string(), two.local_addr().to_string()];
    let channel = builder(&addresses[0]).or(&addresses[1]).connect().await.unwrap();
    let (callers, ended) = call_all(&channel);
    for _ in 0..3 {
        wait_for_calls(&ended).await;
        one = restarted(one, &runs, &addresses[0]).await;
        wait_for_calls(&ended).await;
        two = restarted(two, &runs, &addresses[1]).await;
    }
    within(Duration::from_secs(60), callers.join_all()).await;
    runs.assert_once();
    drop(channel);
    soon(async { tokio::join!(one.shutdown(), two.shutdown()) }).await;
}

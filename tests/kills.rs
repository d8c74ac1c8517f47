//! Connections that are cut at random bytes while calls are made on them: counting handlers prove what is claimed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests assert by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rpc_core::testing::{FaultProxy, Faults};
use rpc_core::{Channel, Delivery, RpcError, Server, rpc_service};

const CALLS: u64 = 100_000;
/// How many tasks call at once, on how many connections.
const CALLERS: u64 = 64;
const CONNECTIONS: u64 = 4;

#[rpc_service]
trait Counter {
    async fn plain(&self, number: u64) -> u64;

    #[rpc(idempotent)]
    async fn idempotent(&self, number: u64) -> u64;

    #[rpc(once)]
    async fn once(&self, number: u64) -> u64;
}

/// How often each call has run.
struct Runs(Arc<[AtomicU32]>);

impl Runs {
    async fn run(&self, number: u64) -> u64 {
        self.0.get(number as usize).unwrap().fetch_add(1, Ordering::SeqCst);
        if number.is_multiple_of(3) {
            // It is not done at once, so that it may be cut off.
            tokio::task::yield_now().await;
        }
        number
    }
}

impl Counter for Runs {
    async fn plain(&self, number: u64) -> u64 {
        self.run(number).await
    }

    async fn idempotent(&self, number: u64) -> u64 {
        self.run(number).await
    }

    async fn once(&self, number: u64) -> u64 {
        self.run(number).await
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Idempotent,
    Once,
}

/// Half of the calls are of no kind.
fn kind_of(number: u64) -> Kind {
    match number % 4 {
        0 => Kind::Idempotent,
        1 => Kind::Once,
        _ => Kind::Plain,
    }
}

/// How many calls had each outcome.
#[derive(Debug, Default)]
struct Outcomes {
    answered: AtomicU64,
    not_sent: AtomicU64,
    not_executed: AtomicU64,
    executed: AtomicU64,
    unknown: AtomicU64,
}

impl Outcomes {
    fn count(&self, result: &Result<u64, RpcError>) {
        let place = match result.as_ref().map_err(RpcError::delivery) {
            Ok(_) => &self.answered,
            Err(Delivery::NotSent) => &self.not_sent,
            Err(Delivery::NotExecuted) => &self.not_executed,
            Err(Delivery::Executed) => &self.executed,
            Err(_) => &self.unknown,
        };
        place.fetch_add(1, Ordering::Relaxed);
    }
}

/// F4, F10: whatever is cut, nobody gets half a value, and no call runs more often than it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_calls_on_connections_that_are_cut_at_random_bytes() {
    let runs: Arc<[AtomicU32]> = (0..CALLS).map(|_| AtomicU32::new(0)).collect();
    let service = CounterServer::new(Runs(Arc::clone(&runs)));
    let server = Server::builder().service(service).bind("tcp://127.0.0.1:0").await.unwrap().spawn();
    let faults = Faults::none().cut_within(1..30_000);
    let proxy = FaultProxy::builder(server.local_addr()).seed(7).faults(faults).start().await.unwrap();
    let outcomes = Arc::new(Outcomes::default());
    let channels: Vec<Channel> = (0..CONNECTIONS)
        .map(|_| {
            let brief = Duration::from_millis(1);
            Channel::builder(proxy.local_addr()).backoff(brief, 10 * brief).wait_for_ready().lazy().unwrap()
        })
        .collect();
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let counter = CounterClient::new(channels[(caller % CONNECTIONS) as usize].clone());
        let (runs, outcomes) = (Arc::clone(&runs), Arc::clone(&outcomes));
        callers.push(tokio::spawn(async move {
            for number in (caller..CALLS).step_by(CALLERS as usize) {
                let result = match kind_of(number) {
                    Kind::Plain => counter.plain(number).await,
                    Kind::Idempotent => counter.idempotent(number).await,
                    Kind::Once => counter.once(number).await,
                };
                outcomes.count(&result);
                check(number, &result, runs[number as usize].load(Ordering::SeqCst));
            }
        }));
    }
    for caller in callers {
        tests::within(Duration::from_secs(300), caller).await.unwrap();
    }
    drop(channels);
    let report = server.shutdown().await;
    // What was unknown then has run by now, or never will.
    let often: Vec<u32> = runs.iter().map(|runs| runs.load(Ordering::SeqCst)).collect();
    for (number, runs) in (0..).zip(&often) {
        assert!(*runs <= 1 || kind_of(number) == Kind::Idempotent, "call {number} ran {runs} times");
    }
    let repeated = often.iter().filter(|runs| **runs > 1).count();
    println!(
        "{CALLS} calls on {} connections: {outcomes:?}; {repeated} idempotent ones ran more than once; {report}",
        proxy.opened()
    );
    assert!(proxy.opened() > 100 && outcomes.unknown.load(Ordering::Relaxed) > 0 && repeated > 0);
}

/// What a caller is told must agree with how often the handler had started by then.
fn check(number: u64, result: &Result<u64, RpcError>, runs: u32) {
    let agrees = match result.as_ref().map_err(RpcError::delivery) {
        Ok(answer) => *answer == number && runs >= 1,
        Err(Delivery::NotSent | Delivery::NotExecuted) => runs == 0,
        Err(Delivery::Executed) => runs >= 1,
        Err(_) => true,
    };
    assert!(agrees, "call {number} ran {runs} times: {result:?}");
}

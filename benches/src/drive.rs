//! The client process: keeps calls in flight, and counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::contestant::{Client, Contestant, Fault};
use crate::count::Count;
use crate::histogram::Histogram;
use crate::usage;
use crate::workload::{BULK_ITEMS, Beside, ITEMS, MIB, Method, Workload};

/// How long a run may take on top of its time before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Every how many small calls one is timed; reading the clock costs as much as a part of a call.
const SAMPLED: u64 = 8;

/// What a client process is asked to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) address: String,
    pub(crate) workload: String,
    /// The server's process id.
    pub(crate) server: u32,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    /// Of the machine, whatever this process may use of it.
    pub(crate) cores: u32,
}

/// What it found.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Calls, or items of streams, per second.
    pub(crate) rate: f64,
    /// Microseconds that calls took; a call with streams ends with them.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Processor time per call or item, in microseconds.
    pub(crate) server_cpu: f64,
    pub(crate) client_cpu: f64,
    /// Bytes per second of large calls, each way, or of items, one way.
    pub(crate) bytes: f64,
    /// The share of the machine's processor time that other programs had meanwhile.
    pub(crate) others: f64,
}

/// What callers share.
struct Run<C> {
    clients: Vec<C>,
    workload: Workload,
    blob: Bytes,
    stop: AtomicBool,
    /// Calls are timed from now on.
    timed: AtomicBool,
    times: Histogram,
    /// A counter for each caller.
    calls: Vec<Count>,
    beside: Vec<Count>,
}

/// Does what is ordered, and prints the outcome.
pub(crate) async fn drive<C: Contestant>(contestant: &C, order: &Order) -> Result<(), Fault> {
    let workload =
        Workload::named(&order.workload).ok_or_else(|| format!("there is no workload {}", order.workload))?;
    let time = order.warm_up + order.measured + PATIENCE;
    let outcome = tokio::time::timeout(time, measure(contestant, &workload, order))
        .await
        .map_err(|_| format!("calls hang: not done after {} s", time.as_secs()))??;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

async fn measure<C: Contestant>(contestant: &C, workload: &Workload, order: &Order) -> Result<Outcome, Fault> {
    let mut clients = Vec::new();
    for _ in 0..workload.connections {
        clients.push(contestant.connect(&order.address).await?);
    }
    let callers = workload.connections * workload.in_flight;
    let size = workload.large().unwrap_or(0);
    let beside = match workload.beside {
        Beside::Nothing => 0,
        Beside::Calls(calls) => calls,
        Beside::Stream => 1,
    };
    let run = Arc::new(Run {
        clients,
        workload: *workload,
        blob: Bytes::from(vec![7; size]),
        stop: AtomicBool::new(false),
        timed: AtomicBool::new(false),
        times: Histogram::new(),
        calls: (0..callers).map(|_| Count::default()).collect(),
        beside: (0..beside).map(|_| Count::default()).collect(),
    });
    let mut tasks = JoinSet::new();
    // Dropped at the end: it does not end itself.
    let mut endless = JoinSet::new();
    for caller in 0..beside {
        if workload.beside == Beside::Stream {
            endless.spawn(Arc::clone(&run).stream_beside(caller));
        } else {
            tasks.spawn(Arc::clone(&run).call_beside(caller));
        }
    }
    for caller in 0..callers {
        tasks.spawn(Arc::clone(&run).call(caller));
    }

    tokio::time::sleep(order.warm_up).await;
    run.timed.store(true, Ordering::Relaxed);
    let before = Reading::take(&run, order.server)?;
    tokio::time::sleep(order.measured).await;
    let after = Reading::take(&run, order.server)?;
    run.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    if let Some(ended) = endless.try_join_next() {
        ended??;
        return Err("the stream beside has ended".into());
    }

    let calls = (after.calls - before.calls) as f64;
    if calls == 0.0 {
        return Err("not one call was answered in the measured time".into());
    }
    let seconds = (after.at - before.at).as_secs_f64();
    let large = if workload.is_about_delay() { (after.beside - before.beside) as f64 } else { calls };
    let used = (after.server - before.server) + (after.client - before.client);
    let others = (after.busy - before.busy).saturating_sub(used).as_secs_f64();
    Ok(Outcome {
        rate: calls / seconds,
        p50: run.times.quantile(0.5),
        p99: run.times.quantile(0.99),
        server_cpu: (after.server - before.server).as_secs_f64() * 1e6 / calls,
        client_cpu: (after.client - before.client).as_secs_f64() * 1e6 / calls,
        bytes: large * size as f64 / seconds,
        others: others / (seconds * f64::from(order.cores)),
    })
}

/// All counters at one moment.
struct Reading {
    at: Instant,
    calls: u64,
    beside: u64,
    server: Duration,
    client: Duration,
    busy: Duration,
}

impl Reading {
    fn take<C>(run: &Run<C>, server: u32) -> Result<Self, Fault> {
        Ok(Self {
            at: Instant::now(),
            calls: sum(&run.calls),
            beside: sum(&run.beside),
            server: usage::processor_time(server)?,
            client: usage::processor_time(std::process::id())?,
            busy: usage::busy_time()?,
        })
    }
}

fn sum(counts: &[Count]) -> u64 {
    counts.iter().map(Count::get).sum()
}

impl<C: Client> Run<C> {
    /// One call after the other, until it is enough.
    async fn call(self: Arc<Self>, caller: usize) -> Result<(), Fault> {
        let client = self.clients.get(caller % self.clients.len()).ok_or("there is no connection")?.clone();
        let count = self.calls.get(caller).ok_or("there is no counter")?;
        let is_stream = self.workload.is_stream();
        let every = if self.workload.method == Method::Echo && self.beside.is_empty() { SAMPLED } else { 1 };
        let mut made = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let begin = (made % every == 0 && self.timed.load(Ordering::Relaxed)).then(Instant::now);
            match self.workload.method {
                Method::Echo => client.small().await?,
                Method::Yield => client.yielding().await?,
                Method::Timer => client.napping().await?,
                Method::Blob(_) => self.large(&client).await?,
                Method::Down => whole(client.stream_down(ITEMS, count).await?, ITEMS)?,
                Method::Up => whole(client.stream_up(ITEMS, count).await?, ITEMS)?,
                Method::Both => whole(client.stream_both(ITEMS, count).await?, ITEMS)?,
                Method::Bulk(size) => {
                    whole(client.stream_bulk(BULK_ITEMS, size, count).await?, BULK_ITEMS * size as u64)?;
                }
            }
            if let Some(begin) = begin {
                self.times.record(begin.elapsed());
            }
            made += 1;
            if !is_stream {
                count.add();
            }
        }
        Ok(())
    }

    /// Large calls on the first connection.
    async fn call_beside(self: Arc<Self>, caller: usize) -> Result<(), Fault> {
        let client = self.clients.first().ok_or("there is no connection")?.clone();
        let count = self.beside.get(caller).ok_or("there is no counter")?;
        while !self.stop.load(Ordering::Relaxed) {
            self.large(&client).await?;
            count.add();
        }
        Ok(())
    }

    /// One stream of large items on the first connection, for as long as anybody reads it.
    async fn stream_beside(self: Arc<Self>, caller: usize) -> Result<(), Fault> {
        let client = self.clients.first().ok_or("there is no connection")?;
        let count = self.beside.get(caller).ok_or("there is no counter")?;
        client.stream_bulk(u64::MAX, MIB, count).await?;
        Ok(())
    }

    async fn large(&self, client: &C) -> Result<(), Fault> {
        let length = client.large(&self.blob).await?;
        if length == self.blob.len() { Ok(()) } else { Err(format!("{length} bytes came back").into()) }
    }
}

/// A stream must not end before its time.
fn whole(came: u64, expected: u64) -> Result<(), Fault> {
    if came == expected { Ok(()) } else { Err(format!("{came} came of {expected}").into()) }
}

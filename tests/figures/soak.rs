//! A million mixed calls, and what is left of them.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use rpc_core::{Channel, Code, stream};
use tests::desk::DeskClient;
use tests::world::Office;

const CALLS: u64 = 1_000_000;
const CALLERS: u64 = 64;

/// What a process holds.
#[derive(Debug, PartialEq)]
struct Held {
    tasks: usize,
    files: usize,
}

fn held() -> Held {
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let files = std::fs::read_dir("/proc/self/fd").unwrap().count();
    Held { tasks, files }
}

/// Resident memory, in MiB.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4.0 / 1024.0
}

/// One call of the mix.
async fn call(desk: &DeskClient, number: u64) {
    match number % 20 {
        0 => assert!(desk.queue("ann", 1).await.is_err()),
        1 => assert_eq!(desk.status(5, "no").await.unwrap_err().code(), Code::NotFound),
        2 => {
            let error = desk.hold_quietly().timeout(Duration::from_millis(1)).await.unwrap_err();
            assert_eq!(error.code(), Code::DeadlineExceeded);
        }
        3 => {
            // Cancelled while it runs, or before.
            let _ = tokio::time::timeout(Duration::from_micros(number % 500), desk.hold_quietly()).await;
        }
        4 => {
            let items = desk.numbers(20).collect::<Vec<_>>().await;
            assert_eq!(items.len(), 20);
        }
        5 => {
            // Dropped in the middle.
            let mut numbers = desk.numbers(1_000);
            numbers.next().await.unwrap().unwrap();
        }
        6 => {
            let parts = stream::iter((0..10).map(|_| vec![7; 100]));
            assert_eq!(desk.total(parts).await.unwrap(), 1_000);
        }
        7 => assert_eq!(desk.exchange(vec![1; 5_000], 5_000).await.unwrap().len(), 5_000),
        _ => assert_eq!(desk.echo(number).await.unwrap(), number),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn nothing_is_left_of_a_million_mixed_calls() {
    let before = held();
    let office = Office::open().await;
    let desk = DeskClient::new(Channel::connect(&office.address).await.unwrap());
    let begun = Instant::now();
    let mut memory = Vec::new();
    // In tenths, between which everything comes to rest.
    for tenth in 0..10 {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let desk = desk.clone();
                tokio::spawn(async move {
                    for number in (caller..CALLS / 10).step_by(CALLERS as usize) {
                        call(&desk, number + tenth * 7).await;
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        while office.server.calls() > 0 {
            tokio::task::yield_now().await;
        }
        memory.push(resident());
    }
    let elapsed = begun.elapsed();
    assert_eq!((office.server.calls(), office.server.connections()), (0, 1));
    drop(desk);
    office.close().await;
    // Tasks that have been told to end do so in their own time.
    let end = Instant::now() + Duration::from_secs(10);
    while held() != before && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (first, last) = (memory.first().unwrap(), memory.last().unwrap());
    println!(
        "{CALLS} mixed calls in {elapsed:.1?}: {before:?} before, {:?} after; {first:.0} MiB resident behind the first tenth, {last:.0} behind the last",
        held()
    );
    assert_eq!(held(), before);
    assert!(last - first < 16.0, "{memory:?}");
}

//! The same again and again: nothing piles up, whatever is called, how often, and for how long.
//!
//! `SEED=7 cargo test -p tests --test soak` makes another choice of calls.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{join_all, poll_immediate};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rpc_core::{Channel, Code};
use tests::desk::{DeskClient, Event, pattern, sum};
use tests::soon;
use tests::world::{Office, Way};
use tokio::runtime::Builder;

/// Runs a test by itself: what is counted is the whole process's.
fn alone(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// L `rpc_soak`: large calls on one channel, of which none fails and none takes longer than a second.
#[test]
fn rpc_soak() {
    alone(async {
        let office = Office::open().await;
        let desk = office.client().await;
        let sent = pattern(271_828);
        let expected = sum(&sent);
        for _ in 0..50 {
            let threads = (0..4).map(|_| async {
                let start = Instant::now();
                let answer = desk.exchange(sent.clone(), 314_159).await.unwrap();
                assert!(answer.len() == 314_159 && answer.iter().all(|byte| *byte == expected));
                assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
            });
            soon(join_all(threads)).await;
        }
        drop(desk);
        office.close().await;
    });
}

/// How many files this process has open, and how many KiB of memory it uses.
#[cfg(target_os = "linux")]
fn used() -> (usize, u64) {
    let files = std::fs::read_dir("/proc/self/fd").unwrap().count();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (files, line.trim().trim_end_matches(" kB").parse().unwrap())
}

/// Makes connections of which each has one call and a stream, one after the other, until the server has lost the last.
#[cfg(target_os = "linux")]
async fn connect(office: &Office, connections: u64) {
    for number in 0..connections {
        let desk = office.client().await;
        assert_eq!(soon(desk.echo(number)).await.unwrap(), number);
        assert_eq!(soon(desk.numbers(10).count()).await, 10);
    }
    soon(async {
        while office.server.connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// L `channel_soak`: a connection for each call, and neither files nor memory pile up.
#[cfg(target_os = "linux")]
#[test]
fn channel_soak() {
    alone(async {
        let office = Office::open().await;
        connect(&office, 500).await;
        let before = used();
        connect(&office, 2_000).await;
        let after = used();
        println!("{before:?} open files and KiB, and {after:?} after 2,000 connections");
        // The client's half may be closed a moment later than the server's.
        assert!(after.0 <= before.0 + 2, "{} open files became {}", before.0, after.0);
        // A leak of 4 KiB for each connection would be 8 MiB.
        assert!(after.1 <= before.1 + 6 * 1024, "{} KiB became {}", before.1, after.1);
        office.close().await;
    });
}

/// L `long_lived_channel`: a week of calls, a moment or a day apart, beside a stream that lives as long.
#[tokio::test(start_paused = true)]
async fn long_lived_channel() {
    let pauses = [0, 1, 999, 29_000, 31_000, 59_000, 601_000, 3_600_000, 86_400_000].map(Duration::from_millis);
    let office = Office::with(Way::Memory, |builder| builder).await;
    let (desk, reader) = (office.client().await, office.client().await);
    let mut doors = reader.doors(1);
    let start = tokio::time::Instant::now();
    for number in 0.. {
        office.watch.release(1);
        assert_eq!(soon(doors.next()).await.unwrap().unwrap(), number);
        assert_eq!(soon(desk.echo(number)).await.unwrap(), number);
        if start.elapsed() > Duration::from_secs(7 * 86_400) {
            break;
        }
        tokio::time::sleep(*pauses.iter().cycle().nth(number as usize).unwrap()).await;
    }
    assert_eq!((office.server.connections(), office.server.calls()), (2, 1));
    drop((doors, reader, desk));
    office.close().await;
}

/// Numbers of which every run has the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A call of some kind: most are small and succeed, and some are large, given up, late, or fail.
async fn any_call(desk: &DeskClient, random: &mut Random) {
    let number = random.below(1 << 20);
    match random.below(100) {
        0..50 => assert_eq!(desk.echo(number).await.unwrap(), number),
        50..60 => {
            let (up, down) = (random.below(200_000), random.below(200_000));
            assert_eq!(desk.exchange(pattern(up as usize), down as u32).await.unwrap().len(), down as usize);
        }
        60..70 => {
            assert_eq!(desk.numbers(number % 500).try_collect::<Vec<_>>().await.unwrap().len() as u64, number % 500)
        }
        70..75 => {
            let sent = stream::iter(vec![pattern(number as usize % 5_000); 7]);
            assert_eq!(desk.total(sent).await.unwrap(), 7 * (number % 5_000));
        }
        75..80 => {
            let echoed = desk.ping_pong(stream::iter(0..number % 100));
            assert!(echoed.try_collect::<Vec<_>>().await.unwrap().into_iter().eq(0..number % 100));
        }
        80..85 => {
            let mut items = desk.watched(number, u64::MAX);
            for item in 0..number % 50 {
                assert_eq!(items.next().await.unwrap().unwrap(), item);
            }
        }
        85..92 => {
            // Given up once it has been sent.
            let mut call = desk.hold(number);
            assert!(poll_immediate(&mut call).await.is_none());
        }
        92..96 => {
            let late = desk.sleep(3_600_000, number).timeout(Duration::from_micros(number % 3_000)).await.unwrap_err();
            assert_eq!(late.code(), Code::DeadlineExceeded);
        }
        96..99 => assert_eq!(desk.status(5, "no").await.unwrap_err().code(), Code::NotFound),
        _ => assert_eq!(desk.fail(number.is_multiple_of(2)).await.unwrap_err().code(), Code::Internal),
    }
}

/// L `random_mix`: a weighted random mix of all kinds of calls; each has its own outcome, and every handler ends.
#[test]
fn a_random_mix_of_calls_leaves_nothing() {
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap());
    alone(async move {
        for way in [Way::Tcp, Way::Memory] {
            let office = Office::with(way, |builder| builder).await;
            let channels =
                [Channel::connect(&office.address).await.unwrap(), Channel::connect(&office.address).await.unwrap()];
            let callers = (0..16u64).map(|caller| {
                let desk = DeskClient::new(channels[caller as usize % 2].clone());
                let mut random = Random((seed * 1_000 + caller).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
                tokio::spawn(async move {
                    for _ in 0..300 {
                        soon(any_call(&desk, &mut random)).await;
                    }
                })
            });
            for caller in join_all(callers).await {
                caller.unwrap();
            }
            soon(async {
                while office.server.calls() > 0 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
            let (begun, ended): (Vec<_>, Vec<_>) =
                office.watch.so_far().into_iter().partition(|event| matches!(event, Event::Begun(_)));
            println!("seed {seed}, {way:?}: {} handlers", begun.len());
            assert!(begun.len() == ended.len() && begun.len() > 100, "{} began, {} ended", begun.len(), ended.len());
            drop(channels);
            office.close().await;
        }
    });
}

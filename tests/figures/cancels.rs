//! How soon a handler is dropped when its caller has gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rpc_core::{Channel, Server, rpc_service};
use tokio::sync::mpsc;

use super::{Sorted, held_to};

const CANCELS: u64 = 2_000;

#[rpc_service]
trait Wait {
    /// For ever.
    async fn wait(&self, number: u64);
}

struct Waiter {
    begun: mpsc::UnboundedSender<u64>,
    dropped: Arc<Mutex<HashMap<u64, Instant>>>,
}

struct Guard<'a>(&'a Waiter, u64);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.dropped.lock().unwrap().insert(self.1, Instant::now());
    }
}

impl Wait for Waiter {
    async fn wait(&self, number: u64) {
        let _guard = Guard(self, number);
        self.begun.send(number).unwrap();
        std::future::pending::<()>().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn a_handler_is_dropped_soon_after_its_call() {
    held_to(Duration::from_millis(5), 0.99, cancel).await;
}

async fn cancel() -> (String, Sorted) {
    let (sender, mut begun) = mpsc::unbounded_channel();
    let dropped = Arc::new(Mutex::new(HashMap::new()));
    let waiter = Waiter { begun: sender, dropped: Arc::clone(&dropped) };
    let server = Server::builder().service(WaitServer::new(waiter)).bind("tcp://127.0.0.1:0").await.unwrap().spawn();
    let wait = WaitClient::new(Channel::connect(server.local_addr()).await.unwrap());
    let mut left = HashMap::new();
    for number in 0..CANCELS {
        let call = tokio::spawn(wait.wait(number).no_timeout());
        assert_eq!(begun.recv().await, Some(number));
        left.insert(number, Instant::now());
        call.abort();
        if number % 10 == 0 {
            // Some alone, most in company.
            while server.calls() > 0 {
                tokio::task::yield_now().await;
            }
        }
    }
    while server.calls() > 0 {
        tokio::task::yield_now().await;
    }
    let dropped = dropped.lock().unwrap();
    let waited = left.iter().map(|(number, left)| dropped.get(number).unwrap().duration_since(*left)).collect();
    (format!("{CANCELS} calls dropped: their handlers were dropped after"), Sorted::new(waited))
}

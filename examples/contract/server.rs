//! The server of two programs that share a contract; ctrl-c ends it in good order.
//!
//! `cargo run --example contract_server`, or with an address: `… -- tcp://0.0.0.0:5000`

mod contract;

use contract::{ADDRESS, Entry, Guestbook, GuestbookError, GuestbookServer};
use rpc_core::{RpcError, Server};
use tokio::sync::RwLock;

#[derive(Default)]
struct Book {
    entries: RwLock<Vec<Entry>>,
}

impl Guestbook for Book {
    async fn sign(&self, entry: &Entry) -> Result<usize, GuestbookError> {
        if entry.name.is_empty() {
            return Err(GuestbookError::NameMissing);
        }
        let mut entries = self.entries.write().await;
        entries.push(entry.clone());
        println!("entry {} is by {}", entries.len(), entry.name);
        Ok(entries.len())
    }

    async fn latest(&self, count: usize) -> Vec<Entry> {
        self.entries.read().await.iter().rev().take(count).cloned().collect()
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let address = std::env::args().nth(1).unwrap_or_else(|| ADDRESS.to_owned());
    let server = Server::builder().service(GuestbookServer::new(Book::default())).bind(&address).await?;
    println!("the guestbook lies open at {}", server.local_addr());
    println!("ctrl-c closes it");

    let report = server.serve_until(tokio::signal::ctrl_c()).await?;
    println!("closed; connections: {}, calls cut off: {}", report.connections, report.cut_calls);
    Ok(())
}

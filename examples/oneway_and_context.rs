//! What a handler knows of its call, calls without an answer, and a deadline that nested calls inherit by themselves.
//!
//! `cargo run --example oneway_and_context`

use std::time::Duration;

use rpc_core::{Context, RpcError, Server, rpc_service};
use tokio::sync::mpsc;

/// What the desk asks.
#[rpc_service]
trait Archive {
    /// How many seconds the caller still waits, rounded up; `None` for one that waits for ever.
    async fn patience(&self, cx: &Context) -> Option<u64>;
}

struct Cellar;

impl Archive for Cellar {
    async fn patience(&self, cx: &Context) -> Option<u64> {
        cx.remaining().map(|remaining| remaining.as_secs_f64().ceil() as u64)
    }
}

/// What the client calls. The context is not an argument of the client's methods.
#[rpc_service]
trait Desk {
    /// Tells the caller about the call.
    async fn describe(&self, cx: &Context) -> String;

    /// Asks the archive.
    async fn ask_the_archive(&self) -> Result<Option<u64>, RpcError>;

    /// No reply is sent: the caller's call ends when it has been handed to the connection.
    #[rpc(oneway)]
    async fn note(&self, line: String);
}

struct FrontDesk {
    archive: ArchiveClient,
    notes: mpsc::UnboundedSender<String>,
}

impl Desk for FrontDesk {
    async fn describe(&self, cx: &Context) -> String {
        let tenant = cx.metadata().get("tenant").unwrap_or("nobody");
        cx.reply_metadata().insert("served-by", "front desk");
        let has_deadline = cx.deadline().is_some();
        let scheme = cx.peer().split(':').next().unwrap_or_default();
        format!("{}.{} for {tenant}, over {scheme}, with a deadline: {has_deadline}", cx.service(), cx.method())
    }

    async fn ask_the_archive(&self) -> Result<Option<u64>, RpcError> {
        // Nothing is passed on, and yet the archive knows how long our own caller waits.
        self.archive.patience().await
    }

    async fn note(&self, line: String) {
        // Nobody listens any more once `main` has returned.
        let _ = self.notes.send(line);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let archive = Server::builder().service(ArchiveServer::new(Cellar)).bind("tcp://127.0.0.1:0").await?.spawn();
    let archive = ArchiveClient::connect(archive.local_addr()).await?;
    let (notes, mut noted) = mpsc::unbounded_channel();
    let front_desk = FrontDesk { archive: archive.clone(), notes };
    let desk = Server::builder().service(DeskServer::new(front_desk)).bind("tcp://127.0.0.1:0").await?.spawn();
    let desk = DeskClient::connect(desk.local_addr()).await?;

    let (described, metadata) = desk.describe().metadata("tenant", "a").with_metadata().await?;
    println!("{described}");
    println!("reply metadata: served-by = {}", metadata.get("served-by").unwrap_or("nobody"));

    println!("asked directly, the archive has {:?} s", archive.patience().await?);
    let patience = desk.ask_the_archive().timeout(Duration::from_secs(5)).await?;
    println!("asked by a handler whose caller waits 5 s, it has {patience:?} s");

    desk.note("closed on Sunday".to_owned()).await?;
    println!("the note was sent");
    println!("the desk noted: {}", noted.recv().await.ok_or("the desk is gone")?);
    Ok(())
}

//! A file that is sent to the server in parts and fetched again, with a progress bar, and a checksum at both ends.
//!
//! `cargo run --example file_transfer`, or with a file of your own: `cargo run --example file_transfer -- Cargo.lock`

use std::collections::HashMap;

use bytes::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use rpc_core::stream::{Stream, iter};
use rpc_core::{Code, RpcError, Server, Streaming, rpc_service};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// How much travels in one item, in bytes. An item is held whole in memory, so a file is never one item.
const PART: usize = 64 * 1024;

/// What each end says of the bytes that it has seen.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Summary {
    bytes: u64,
    crc32: u32,
}

impl Summary {
    fn add(&mut self, part: &[u8]) {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.crc32);
        hasher.update(part);
        *self = Self { bytes: self.bytes + part.len() as u64, crc32: hasher.finalize() };
    }
}

/// Keeps files.
#[rpc_service]
trait Files {
    /// A stream from the client, answered when all of it has come. A client that cannot read on must drop the call: a
    /// stream that just stops has ended well.
    async fn upload(&self, name: &str, parts: Streaming<Bytes>) -> Result<Summary, RpcError>;

    /// A stream from the server, or an error instead of one.
    async fn download(&self, name: &str) -> Result<impl Stream<Item = Bytes>, RpcError>;
}

#[derive(Default)]
struct Shelf {
    files: Mutex<HashMap<String, Vec<Bytes>>>,
}

impl Files for Shelf {
    async fn upload(&self, name: &str, mut parts: Streaming<Bytes>) -> Result<Summary, RpcError> {
        let (mut file, mut seen) = (Vec::new(), Summary::default());
        // Only the END that a client sends behind its last part is an end. Where it dies, loses its connection, gives up
        // or panics, an `Err` comes instead or this future is dropped: half a file is never kept for a whole one.
        while let Some(part) = parts.next().await.transpose()? {
            seen.add(&part);
            file.push(part);
        }
        self.files.lock().await.insert(name.to_owned(), file);
        Ok(seen)
    }

    async fn download(&self, name: &str) -> Result<impl Stream<Item = Bytes>, RpcError> {
        let files = self.files.lock().await;
        let file =
            files.get(name).ok_or_else(|| RpcError::new(Code::NotFound, format!("there is no file {name:?}")))?;
        Ok(iter(file.clone()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(FilesServer::new(Shelf::default())).bind("tcp://127.0.0.1:0").await?.spawn();
    let files = FilesClient::connect(server.local_addr()).await?;

    let file = match std::env::args().nth(1) {
        Some(path) => Bytes::from(std::fs::read(path)?),
        // Eight MiB and a little more: the last part need not be a full one.
        None => (0..8_400_000_u32).map(|at| (at % 251) as u8).collect(),
    };
    let length = file.len();

    let mut sent = Summary::default();
    sent.add(&file);
    let bar = progress("upload", length)?;
    let progressed = bar.clone();
    // A part is cut off when there is credit for it, so the bar is never far ahead of the server.
    let parts = (0..length).step_by(PART).map(move |at| file.slice(at..length.min(at + PART)));
    let parts = parts.inspect(move |part| progressed.inc(part.len() as u64));
    let kept = files.upload("the file", iter(parts)).await?;
    bar.finish_and_clear();
    println!("sent:    {}", line(&sent));
    println!("kept:    {}", line(&kept));

    let mut fetched = Summary::default();
    let bar = progress("download", length)?;
    let mut parts = files.download("the file");
    while let Some(part) = parts.next().await.transpose()? {
        fetched.add(&part);
        bar.inc(part.len() as u64);
    }
    bar.finish_and_clear();
    println!("fetched: {}", line(&fetched));

    if sent != kept || kept != fetched {
        return Err("the file was changed on its way".into());
    }
    println!("they agree");
    Ok(())
}

fn line(summary: &Summary) -> String {
    format!("{} bytes, crc32 {:08x}", summary.bytes, summary.crc32)
}

/// Drawn on standard error, and not at all where that is no terminal.
fn progress(what: &'static str, length: usize) -> Result<ProgressBar, Box<dyn std::error::Error>> {
    let style = ProgressStyle::with_template("{msg:8} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}")?;
    Ok(ProgressBar::new(length as u64).with_style(style).with_message(what))
}

//! The client of two programs that share a contract; start the server first.
//!
//! `cargo run --example contract_client`, or with the server's address: `… -- tcp://127.0.0.1:5000`

mod contract;

use std::process::ExitCode;

use contract::{ADDRESS, Entry, GuestbookClient, GuestbookError};
use rpc_core::{CallError, RpcError};

#[tokio::main]
async fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| ADDRESS.to_owned());
    match visit(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            eprintln!("the server is started with: cargo run --example contract_server");
            ExitCode::FAILURE
        }
    }
}

async fn visit(address: &str) -> Result<(), RpcError> {
    let guestbook = GuestbookClient::connect(address).await?;
    for (name, words) in [("Ada", "A fine engine."), ("Grace", "No bugs found."), ("", "I was never here.")] {
        let entry = Entry { name: name.to_owned(), words: words.to_owned() };
        match guestbook.sign(&entry).await {
            Ok(number) => println!("signed as number {number}"),
            Err(CallError::Service(refusal @ GuestbookError::NameMissing)) => println!("refused: {refusal}"),
            Err(CallError::Rpc(error)) => return Err(error),
        }
    }
    for Entry { name, words } in guestbook.latest(2).await? {
        println!("{name}: {words}");
    }
    Ok(())
}

//! The smallest client and server.

use futures::StreamExt as _;
use tarpc::serde_transport::tcp;
use tarpc::server::{BaseChannel, Channel as _};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::{client, context};

#[tarpc::service]
trait Greetings {
    async fn greet(name: String) -> String;
}

#[derive(Clone)]
struct Polite;

impl Greetings for Polite {
    async fn greet(self, _: context::Context, name: String) -> String {
        format!("Hello, {name}!")
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut incoming = tcp::listen("127.0.0.1:0", Bincode::default).await?;
    let address = incoming.local_addr();
    tokio::spawn(async move {
        while let Some(Ok(transport)) = incoming.next().await {
            let calls = BaseChannel::with_defaults(transport).execute(Polite.serve());
            tokio::spawn(calls.for_each(|call| async {
                tokio::spawn(call);
            }));
        }
    });
    let transport = tcp::connect(address, Bincode::default).await?;
    let greetings = GreetingsClient::new(client::Config::default(), transport).spawn();
    println!("{}", greetings.greet(context::current(), "x".to_owned()).await?);
    Ok(())
}

//! The smallest client and server.

use pilota::FastStr;
use tokio::net::TcpListener;
use volo::net::Address;
use volo::net::incoming::DefaultIncoming;
use volo_thrift::ServerError;

#[allow(warnings, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/volo_gen.rs"));
}

use generated::volo_gen::greetings::{Greetings, GreetingsClientBuilder, GreetingsServer};

struct Polite;

impl Greetings for Polite {
    async fn greet(&self, name: FastStr) -> Result<FastStr, ServerError> {
        Ok(format!("Hello, {name}!").into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = Address::from(listener.local_addr()?);
    tokio::spawn(GreetingsServer::new(Polite).run(DefaultIncoming::from(listener)));

    let greetings = GreetingsClientBuilder::new("minimal").address(address).build();
    println!("{}", greetings.greet("x".into()).await?);
    Ok(())
}

//! The smallest client and server.

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

mod generated {
    include!(concat!(env!("OUT_DIR"), "/minimal.Greetings.rs"));
}

use generated::greetings_client::GreetingsClient;
use generated::greetings_server::{Greetings, GreetingsServer};

#[derive(Clone, PartialEq, prost::Message)]
struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

struct Polite;

#[tonic::async_trait]
impl Greetings for Polite {
    async fn greet(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        Ok(Response::new(Text { text: format!("Hello, {}!", request.into_inner().text) }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder().add_service(GreetingsServer::new(Polite));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let mut greetings = GreetingsClient::connect(format!("http://{address}")).await?;
    println!("{}", greetings.greet(Text { text: "x".to_owned() }).await?.into_inner().text);
    Ok(())
}

//! No framework: one message each way, to measure what every framework here is built on.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Serialize, Deserialize)]
struct Name {
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { serve(listener.accept().await?.0).await });

    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&rmp_serde::to_vec_named(&Name { name: "x".to_owned() })?).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    println!("{}", rmp_serde::from_slice::<String>(&answer)?);
    server.await?
}

async fn serve(mut stream: TcpStream) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut question = Vec::new();
    stream.read_to_end(&mut question).await?;
    let Name { name } = rmp_serde::from_slice(&question)?;
    stream.write_all(&rmp_serde::to_vec(&format!("Hello, {name}!"))?).await?;
    Ok(stream.shutdown().await?)
}

//! A codec of one's own, at both ends: JSON with line breaks, for messages that people read in a packet capture.
//!
//! `cargo run --example own_codec`

use rpc_core::codec::{Codec, DecodeError, EncodeError, Output};
use rpc_core::{Channel, Server, rpc_service};
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

/// Any serde format will do. Depth and size are limited in front of it, as they are for the built-in codecs.
struct PrettyJson;

impl Codec for PrettyJson {
    /// Both ends know the format by this name.
    fn name(&self) -> &str {
        "pretty-json"
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        serde_json::to_writer_pretty(out, value).map_err(EncodeError::new)
    }

    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let value = seed.deserialize(&mut deserializer).map_err(DecodeError::new)?;
        // A message is one value and nothing after it.
        deserializer.end().map_err(DecodeError::new)?;
        Ok(value)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    name: String,
    latitude: f64,
    longitude: f64,
}

/// Knows its way.
#[rpc_service]
trait Atlas {
    /// Where the first meridian is.
    async fn origin(&self) -> Place;

    /// The mirror image on the other side of the globe.
    async fn antipode(&self, of: &Place) -> Place;
}

struct Globe;

impl Atlas for Globe {
    async fn origin(&self) -> Place {
        Place { name: "Greenwich".to_owned(), latitude: 51.5, longitude: 0.0 }
    }

    async fn antipode(&self, of: &Place) -> Place {
        let longitude = if of.longitude > 0.0 { of.longitude - 180.0 } else { of.longitude + 180.0 };
        Place { name: format!("opposite of {}", of.name), latitude: -of.latitude, longitude }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(AtlasServer::new(Globe)).codec(PrettyJson).bind("tcp://127.0.0.1:0").await?;
    let server = server.spawn();

    let channel = Channel::builder(server.local_addr()).codec(PrettyJson).connect().await?;
    let atlas = AtlasClient::new(channel);
    let origin = atlas.origin().await?;
    let antipode = atlas.antipode(&origin).await?;
    println!("the {} is at {}, {}", antipode.name, antipode.latitude, antipode.longitude);

    let mut written = Output::new();
    PrettyJson.encode(&antipode, &mut written)?;
    println!("on the wire:\n{}", String::from_utf8_lossy(&written.into_bytes()));

    // A server that was not given the codec says so when a client connects, before any call.
    let plain = Server::builder().service(AtlasServer::new(Globe)).bind("tcp://127.0.0.1:0").await?.spawn();
    match Channel::builder(plain.local_addr()).codec(PrettyJson).connect().await {
        Err(error) => println!("elsewhere: {}", error.message()),
        Ok(channel) => return Err(format!("{channel:?} cannot be understood").into()),
    }
    Ok(())
}

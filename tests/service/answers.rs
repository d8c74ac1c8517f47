//! Every kind of answer.

use bytes::Bytes;
use rpc_core::codec::{Bincode, Codec, Json, MessagePack};
use rpc_core::{CallError, Channel, Code, RpcError, rpc_service};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Reading(u8);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Failed {
    Broken { at: u8 },
}

/// Hides the error, as many crates do.
type Result<T, E = Failed> = std::result::Result<T, E>;

#[rpc_service]
trait Answers {
    async fn nothing(&self);
    async fn unit(&self) -> ();
    async fn value(&self) -> Reading;
    async fn optional(&self, some: bool) -> Option<Reading>;
    async fn typed(&self, fail: bool) -> std::result::Result<Reading, Failed>;
    async fn alias(&self, fail: bool) -> Result<Reading>;
    async fn unit_or_error(&self, fail: bool) -> Result<()>;
    async fn status(&self, fail: bool) -> Result<String, RpcError>;
    async fn bytes(&self) -> Vec<u8>;
    async fn shared(&self) -> Bytes;
    async fn fallible_bytes(&self, fail: bool) -> Result<Vec<u8>>;
    async fn bytes_or_status(&self, fail: bool) -> Result<Bytes, RpcError>;
    async fn default_body(&self, text: &str) -> Result<u8> {
        let number: u8 = text.parse().map_err(|_| Failed::Broken { at: 0 })?;
        Ok(number + 1)
    }
}

struct Sensor;

fn either<T>(fail: bool, value: T) -> Result<T> {
    if fail { Err(Failed::Broken { at: 7 }) } else { Ok(value) }
}

fn or_status<T>(fail: bool, value: T) -> Result<T, RpcError> {
    if fail { Err(RpcError::new(Code::NotFound, "no such key")) } else { Ok(value) }
}

impl Answers for Sensor {
    async fn nothing(&self) {}

    async fn unit(&self) {}

    async fn value(&self) -> Reading {
        Reading(1)
    }

    async fn optional(&self, some: bool) -> Option<Reading> {
        some.then_some(Reading(2))
    }

    async fn typed(&self, fail: bool) -> Result<Reading> {
        either(fail, Reading(3))
    }

    async fn alias(&self, fail: bool) -> Result<Reading> {
        either(fail, Reading(4))
    }

    async fn unit_or_error(&self, fail: bool) -> Result<()> {
        either(fail, ())
    }

    async fn status(&self, fail: bool) -> Result<String, RpcError> {
        or_status(fail, "found".to_owned())
    }

    async fn bytes(&self) -> Vec<u8> {
        vec![0, 127, 255]
    }

    async fn shared(&self) -> Bytes {
        Bytes::from_static(b"shared")
    }

    async fn fallible_bytes(&self, fail: bool) -> Result<Vec<u8>> {
        either(fail, vec![9])
    }

    async fn bytes_or_status(&self, fail: bool) -> Result<Bytes, RpcError> {
        or_status(fail, Bytes::from_static(b"found"))
    }
}

fn client(codec: impl Codec) -> AnswersClient {
    AnswersClient::new(Channel::builder("").codec(codec).in_process(AnswersServer::new(Sensor)))
}

async fn every_answer_arrives(sensor: AnswersClient) {
    sensor.nothing().await.unwrap();
    sensor.unit().await.unwrap();
    assert_eq!(sensor.value().await.unwrap(), Reading(1));
    assert_eq!(sensor.optional(true).await.unwrap(), Some(Reading(2)));
    assert_eq!(sensor.optional(false).await.unwrap(), None);
    assert_eq!(sensor.typed(false).await.unwrap(), Reading(3));
    assert_eq!(sensor.alias(false).await.unwrap(), Reading(4));
    sensor.unit_or_error(false).await.unwrap();
    assert_eq!(sensor.status(false).await.unwrap(), "found");
    assert_eq!(sensor.bytes().await.unwrap(), [0, 127, 255]);
    assert_eq!(sensor.shared().await.unwrap(), "shared");
    assert_eq!(sensor.fallible_bytes(false).await.unwrap(), [9]);
    assert_eq!(sensor.bytes_or_status(false).await.unwrap(), "found");
    assert_eq!(sensor.default_body("41").await.unwrap(), 42);
}

async fn every_error_arrives(sensor: AnswersClient) {
    let broken = |error: CallError<Failed>| match error {
        CallError::Service(error) => assert_eq!(error, Failed::Broken { at: 7 }),
        CallError::Rpc(error) => panic!("not the method's own error: {error}"),
    };
    broken(sensor.typed(true).await.unwrap_err());
    broken(sensor.alias(true).await.unwrap_err());
    broken(sensor.unit_or_error(true).await.unwrap_err());
    broken(sensor.fallible_bytes(true).await.unwrap_err());

    for error in [sensor.status(true).await.unwrap_err(), sensor.bytes_or_status(true).await.unwrap_err()] {
        assert_eq!((error.code(), error.message()), (Code::NotFound, "no such key"));
    }
    assert!(matches!(sensor.default_body("x").await, Err(CallError::Service(Failed::Broken { at: 0 }))));
}

#[tokio::test]
async fn every_answer_arrives_in_every_codec() {
    every_answer_arrives(client(MessagePack::default())).await;
    every_answer_arrives(client(Json)).await;
    every_answer_arrives(client(Bincode)).await;
}

#[tokio::test]
async fn every_error_arrives_in_every_codec() {
    every_error_arrives(client(MessagePack::default())).await;
    every_error_arrives(client(Json)).await;
    every_error_arrives(client(Bincode)).await;
}

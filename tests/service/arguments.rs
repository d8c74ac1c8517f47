//! Every way to pass an argument.

use bytes::Bytes;
use rpc_core::codec::{Bincode, Codec, Json, MessagePack};
use rpc_core::{Channel, Context, rpc_service};
use serde::{Deserialize, Serialize};

/// Neither `Clone` nor `Debug`: neither is asked for.
#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
}

/// Unknown to serde.
struct Celsius(f64);

mod celsius {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &super::Celsius, serializer: S) -> Result<S::Ok, S::Error> {
        value.0.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<super::Celsius, D::Error> {
        f64::deserialize(deserializer).map(super::Celsius)
    }
}

fn home() -> String {
    "home".to_owned()
}

#[rpc_service]
#[allow(clippy::ptr_arg, reason = "a list of bytes is passed by reference too")]
trait Store {
    async fn owned(&self, a: u8, text: String, pair: (i64, bool), entry: Entry) -> String;
    async fn borrowed(&self, key: &str, numbers: &[u16], entry: &Entry, entries: &[Entry]) -> String;
    async fn optional(&self, text: Option<&str>, number: Option<u8>) -> String;
    async fn bytes(&self, lent: &[u8], owned: Vec<u8>, list: &Vec<u8>, shared: Bytes, lent_shared: &Bytes) -> String;
    async fn context(&self, before: u8, cx: &Context, after: u8) -> String;
    async fn marked(&self, #[rpc(context)] it: &Context, key: &str) -> String;
    async fn renamed(&self, #[serde(rename = "other")] one: u8, r#type: u8) -> String;
    async fn converted(
        &self,
        #[serde(with = "celsius")] owned: Celsius,
        #[serde(with = "celsius")] lent: &Celsius,
        #[serde(default = "home")] place: &str,
        #[serde(default)] data: Vec<u8>,
    ) -> String;
}

struct Shop;

#[allow(clippy::ptr_arg, reason = "as in the trait")]
impl Store for Shop {
    async fn owned(&self, a: u8, text: String, pair: (i64, bool), entry: Entry) -> String {
        format!("{a} {text} {pair:?} {}", entry.name)
    }

    async fn borrowed(&self, key: &str, numbers: &[u16], entry: &Entry, entries: &[Entry]) -> String {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        format!("{key:?} {numbers:?} {} {names:?}", entry.name)
    }

    async fn optional(&self, text: Option<&str>, number: Option<u8>) -> String {
        format!("{text:?} {number:?}")
    }

    async fn bytes(&self, lent: &[u8], owned: Vec<u8>, list: &Vec<u8>, shared: Bytes, lent_shared: &Bytes) -> String {
        format!("{lent:?} {owned:?} {list:?} {:?} {:?}", &shared[..], &lent_shared[..])
    }

    async fn context(&self, before: u8, cx: &Context, after: u8) -> String {
        format!("{before} {} {after}", cx.metadata().get("who").unwrap_or("nobody"))
    }

    async fn marked(&self, it: &Context, key: &str) -> String {
        format!("{key} {}", it.metadata().get("who").unwrap_or("nobody"))
    }

    async fn renamed(&self, one: u8, r#type: u8) -> String {
        format!("{one} {}", r#type)
    }

    async fn converted(&self, owned: Celsius, lent: &Celsius, place: &str, data: Vec<u8>) -> String {
        format!("{} {} {place} {data:?}", owned.0, lent.0)
    }
}

fn entry(name: &str) -> Entry {
    Entry { name: name.to_owned() }
}

fn client(codec: impl Codec) -> StoreClient {
    Channel::builder("").codec(codec).in_process(StoreServer::new(Shop)).into()
}

async fn every_argument_arrives(store: StoreClient) {
    let owned = store.owned(1, "two".to_owned(), (-3, true), entry("four"));
    assert_eq!(owned.await.unwrap(), "1 two (-3, true) four");

    let borrowed = store.borrowed("a \"quoted\" \u{1F980}\n", &[1, 2], &entry("one"), &[entry("x"), entry("y")]);
    assert_eq!(borrowed.await.unwrap(), "\"a \\\"quoted\\\" \u{1F980}\\n\" [1, 2] one [\"x\", \"y\"]");

    assert_eq!(store.optional(Some("text"), Some(1)).await.unwrap(), "Some(\"text\") Some(1)");
    assert_eq!(store.optional(None, None).await.unwrap(), "None None");

    let bytes = store.bytes(&[1], vec![2, 255], &vec![3], Bytes::from_static(&[4]), &Bytes::new());
    assert_eq!(bytes.await.unwrap(), "[1] [2, 255] [3] [4] []");

    assert_eq!(store.context(1, 2).metadata("who", "me").await.unwrap(), "1 me 2");
    assert_eq!(store.marked("key").metadata("who", "me").await.unwrap(), "key me");
    assert_eq!(store.renamed(1, 2).await.unwrap(), "1 2");

    let converted = store.converted(Celsius(1.5), &Celsius(-2.5), "here", vec![7]);
    assert_eq!(converted.await.unwrap(), "1.5 -2.5 here [7]");
}

#[tokio::test]
async fn every_argument_arrives_as_messagepack() {
    every_argument_arrives(client(MessagePack::default())).await;
    every_argument_arrives(client(MessagePack::default().compact())).await;
}

#[tokio::test]
async fn every_argument_arrives_as_json() {
    every_argument_arrives(client(Json)).await;
}

#[tokio::test]
async fn every_argument_arrives_as_bincode() {
    every_argument_arrives(client(Bincode)).await;
}

/// Arguments are encoded when the method is called, so nothing of the caller's is borrowed by the call.
#[tokio::test]
async fn a_call_outlives_what_it_was_made_from() {
    let store = client(MessagePack::default());
    let call = {
        let key = String::from("gone");
        store.marked(&key)
    };
    drop(store);
    assert_eq!(tokio::spawn(call).await.unwrap().unwrap(), "gone nobody");
}

/// A contract from before the arguments `place` and `data` were added.
mod older {
    #[rpc_core::rpc_service]
    pub(super) trait Store {
        async fn converted(&self, owned: f64, lent: f64) -> String;
        async fn renamed(&self, other: u8, r#type: u8) -> String;
        async fn owned(&self, a: u8) -> String;
    }
}

#[tokio::test]
async fn a_missing_argument_takes_its_default() {
    let older = older::StoreClient::new(Channel::in_process(StoreServer::new(Shop)));
    assert_eq!(older.converted(1.5, 2.5).await.unwrap(), "1.5 2.5 home []");
    assert_eq!(older.renamed(1, 2).await.unwrap(), "1 2", "the wire knows the argument by its serde name");
}

/// W-40.
#[tokio::test]
async fn a_missing_argument_without_a_default_is_refused_by_name() {
    let older = older::StoreClient::new(Channel::in_process(StoreServer::new(Shop)));
    let error = older.owned(1).await.unwrap_err();
    assert_eq!(error.code(), rpc_core::Code::InvalidArgument);
    assert!(error.message().contains("text"), "{error}");
}

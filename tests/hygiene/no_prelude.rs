//! Without the prelude, every name of the generated code is a path.

#![no_implicit_prelude]

use ::rpc_core::{Context, RpcError, rpc_service};
use ::std::option::Option;
use ::std::primitive::{bool, i64, str, u8, u32};
use ::std::result::Result;
use ::std::string::String;
use ::std::vec::Vec;

#[derive(Debug, ::serde::Serialize, ::serde::Deserialize)]
pub(crate) struct Failed(u8);

#[rpc_service]
pub(crate) trait Plain {
    async fn value(&self, a: i64, b: i64) -> i64;
    async fn nothing(&self);
    async fn fails(&self, cx: &Context, key: &str) -> Result<String, Failed>;
    async fn status(&self, #[serde(default)] key: Option<&str>) -> Result<Option<bool>, RpcError>;
    async fn borrowed(&self, all: &[Failed], one: &Failed, data: &[u8]) -> Vec<u8>;
    #[rpc(oneway)]
    async fn oneway(&self, #[serde(default = "String::new")] line: String);
    #[rpc(idempotent, timeout = "2s", alias = "old")]
    async fn version(&self) -> u32 {
        1
    }
}

#[rpc_service]
pub(crate) trait Generic<K, const N: u32> {
    async fn keep(&self, key: K, keys: &[K]) -> Option<K>;
}

#[test]
fn a_service_needs_no_prelude() {
    ::std::assert_eq!(PlainClient::DESCRIPTOR.methods.len(), 7);
    ::std::assert_eq!(GenericClient::<u8, 3>::DESCRIPTOR.methods.len(), 1);
}

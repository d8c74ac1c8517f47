//! Types, constants and conditions of the trait; nothing about serde needs to be written.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use rpc_core::{Channel, rpc_service};

#[rpc_service]
pub trait Cache<K, V = String, const WAYS: usize = 4>: Debug + Send
where
    K: Hash + Eq,
    Self: Sized,
{
    const CAPACITY: usize;
    type Local: Default;

    async fn get(&self, key: &K) -> Option<V>;
    async fn get_all(&self, keys: &[K]) -> HashMap<K, V>;
    async fn put(&self, key: K, #[serde(default)] value: Option<V>) -> Result<V, K>;
    async fn fixed(&self, ways: u8) -> Vec<V>;
    #[rpc(skip)]
    fn local(&self) -> Self::Local {
        Self::Local::default()
    }
}

fn client(channel: Channel) -> CacheClient<u64> {
    CacheClient::new(channel)
}

fn main() {
    let _ = client;
    let _ = CacheClient::<u8, Vec<u8>, 2>::get;
}

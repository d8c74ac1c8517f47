//! A trait with parameters, constants and conditions.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use rpc_core::{CallError, rpc_service};

#[rpc_service]
trait Cache<K, V = String, const WAYS: usize = 4>
where
    K: Hash + Eq,
{
    const CAPACITY: usize;

    async fn put(&self, key: K, value: V) -> Result<Option<V>, K>;
    async fn get(&self, key: &K) -> Option<V>;
    async fn get_all(&self, keys: &[K], #[serde(default)] limit: Option<u64>) -> Vec<(K, V)>;
    async fn ways(&self) -> u64 {
        WAYS as u64
    }
}

struct Memory(Mutex<HashMap<u32, String>>);

impl Cache<u32> for Memory {
    const CAPACITY: usize = 2;

    async fn put(&self, key: u32, value: String) -> Result<Option<String>, u32> {
        let mut entries = self.0.lock().unwrap();
        if entries.len() == <Self as Cache<u32>>::CAPACITY {
            return Err(key);
        }
        Ok(entries.insert(key, value))
    }

    async fn get(&self, key: &u32) -> Option<String> {
        self.0.lock().unwrap().get(key).cloned()
    }

    async fn get_all(&self, keys: &[u32], limit: Option<u64>) -> Vec<(u32, String)> {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let entries = self.0.lock().unwrap();
        keys.iter().filter_map(|key| Some((*key, entries.get(key)?.clone()))).take(limit).collect()
    }
}

#[tokio::test]
async fn the_parameters_of_a_trait_are_those_of_its_client() {
    let cache = CacheClient::<u32>::in_process(Memory(Mutex::default()));
    assert_eq!(cache.put(1, "one".to_owned()).await.unwrap(), None);
    assert_eq!(cache.put(2, "two".to_owned()).await.unwrap(), None);
    assert!(matches!(cache.put(3, "three".to_owned()).await, Err(CallError::Service(3))));
    assert_eq!(cache.get(&2).await.unwrap().as_deref(), Some("two"));
    let all = cache.get_all(&[1, 5, 2], Some(1)).await.unwrap();
    assert_eq!(all, [(1, "one".to_owned())]);
    assert_eq!(cache.ways().await.unwrap(), 4);
}

/// The client asks nothing of types that it does not hold.
#[test]
fn a_client_is_free_of_its_parameters() {
    fn free<T: Clone + std::fmt::Debug + Send + Sync>() {}
    free::<CacheClient<u8, std::rc::Rc<str>>>();
}

use rpc_core::rpc_service;

#[rpc_service]
pub trait Store<K> {
    async fn put(&self, #[serde(with = "hex")] key: Vec<K>);
    async fn borrow(&self, #[serde(borrow)] key: String);
}

fn main() {}

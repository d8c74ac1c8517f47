use rpc_core::rpc_service;

#[rpc_service]
pub trait Store {
    type Key;
    type Guard<'a>
    where
        Self: 'a;
    async fn get(&self, key: Self::Key) -> String;
    async fn lock(&self) -> Self::Guard<'_>;
}

fn main() {}

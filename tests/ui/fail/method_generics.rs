use rpc_core::rpc_service;

#[rpc_service]
pub trait Store {
    async fn put<T>(&self, value: T);
    async fn fixed<const N: usize>(&self, values: [u8; N]);
    async fn named<'a>(&self, value: &'a str);
    async fn conditional(&self)
    where
        Self: Sized;
}

fn main() {}

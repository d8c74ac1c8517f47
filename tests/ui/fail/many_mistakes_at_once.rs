use rpc_core::rpc_service;

/// One mistake per line, and none of them hides another.
#[rpc_service(rename_all = "upper")]
pub trait Everything<'a> {
    fn not_async(&self);
    async fn by_value(self, (a, b): (u8, u8));
    async fn generic<T>(&mut self, value: &mut T) -> &str;
    #[rpc(onway, timeout = "soon")]
    async fn options(&self);
}

fn main() {}

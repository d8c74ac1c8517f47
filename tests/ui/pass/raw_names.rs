//! Keywords as names: the wire has them without `r#`.

use rpc_core::rpc_service;

#[rpc_service]
pub trait r#Type {
    async fn r#match(&self, r#fn: u8, r#struct: &str) -> u8;
}

fn main() {
    let descriptor = TypeClient::DESCRIPTOR;
    assert_eq!(descriptor.name, "Type");
    assert_eq!(descriptor.methods[0].name, "match");
    assert_eq!(descriptor.methods[0].arguments[0].name, "fn");
    let _ = TypeClient::r#match;
}

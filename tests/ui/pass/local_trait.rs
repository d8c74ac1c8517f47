//! A trait inside a function.

fn main() {
    use rpc_core::rpc_service;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Local(u8);

    #[rpc_service]
    trait Inside {
        async fn echo(&self, local: Local) -> Local;
        async fn lend(&self, local: &Local) -> Vec<Local>;
    }

    let _ = InsideClient::echo;
}

use rpc_core::{Context, rpc_service};

#[rpc_service]
pub trait Who {
    async fn whoami(&self, cx: &Context, again: &Context) -> String;
    async fn by_value(&self, #[rpc(context)] cx: Context) -> String;
    async fn sent(&self, #[serde(default)] cx: &Context) -> String;
}

fn main() {}

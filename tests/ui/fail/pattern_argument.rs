use rpc_core::rpc_service;

#[rpc_service]
pub trait Plane {
    async fn length(&self, (x, y): (f64, f64)) -> f64;
    async fn ignored(&self, _: f64) -> f64;
}

fn main() {}

//! A service tested without a socket, beside a mock of the service that it depends on.
//!
//! The trait is the interface of the mock: nothing is generated for it and nothing is patched. Frames, codec, deadlines
//! and cancellation are the real ones.
//!
//! `cargo run --example in_process`

use std::sync::atomic::{AtomicU32, Ordering};

use rpc_core::{CallError, Code, RpcError, rpc_service};
use serde::{Deserialize, Serialize};

/// What the shop depends on: another team's service.
#[rpc_service]
trait Warehouse {
    /// Puts pieces aside and gives how many are left, or fails with `ResourceExhausted`.
    async fn reserve(&self, item: &str, pieces: u32) -> Result<u32, RpcError>;
}

#[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum OrderError {
    #[error("sold out")]
    SoldOut,
    #[error("the warehouse cannot be asked at the moment")]
    WarehouseDown,
}

/// What is tested.
#[rpc_service]
trait Shop {
    /// Orders pieces of an item; the answer is a confirmation.
    async fn order(&self, item: &str, pieces: u32) -> Result<String, OrderError>;
}

struct Counter {
    warehouse: WarehouseClient,
}

impl Shop for Counter {
    async fn order(&self, item: &str, pieces: u32) -> Result<String, OrderError> {
        match self.warehouse.reserve(item, pieces).await {
            Ok(_) => Ok(format!("{pieces} x {item}")),
            Err(error) if error.code() == Code::ResourceExhausted => Err(OrderError::SoldOut),
            Err(_) => Err(OrderError::WarehouseDown),
        }
    }
}

/// A mock with three pieces of everything.
struct ThreePieces {
    left: AtomicU32,
}

impl Warehouse for ThreePieces {
    async fn reserve(&self, _item: &str, pieces: u32) -> Result<u32, RpcError> {
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(pieces));
        taken.map(|before| before - pieces).map_err(|_| RpcError::new(Code::ResourceExhausted, "too few are left"))
    }
}

/// A mock that is out of order.
struct Burning;

impl Warehouse for Burning {
    async fn reserve(&self, _item: &str, _pieces: u32) -> Result<u32, RpcError> {
        Err(RpcError::new(Code::Unavailable, "on fire"))
    }
}

/// The shop, over the given warehouse: two clients, two services, no socket.
fn shop_over(warehouse: impl Warehouse) -> ShopClient {
    ShopClient::in_process(Counter { warehouse: WarehouseClient::in_process(warehouse) })
}

/// In a project these are `#[tokio::test]` functions.
#[tokio::main]
async fn main() -> Result<(), CallError<OrderError>> {
    let shop = shop_over(ThreePieces { left: AtomicU32::new(3) });
    assert_eq!(shop.order("lamp", 2).await?, "2 x lamp");
    println!("ok: an order is confirmed");

    let sold_out = shop.order("lamp", 2).await;
    assert_eq!(sold_out.as_ref().err().and_then(CallError::service), Some(&OrderError::SoldOut));
    println!("ok: an order for more than there is, is refused as sold out");

    let shop = shop_over(Burning);
    let down = shop.order("lamp", 1).await;
    assert_eq!(down.as_ref().err().and_then(CallError::service), Some(&OrderError::WarehouseDown));
    println!("ok: a warehouse that cannot be asked is not called sold out");
    Ok(())
}

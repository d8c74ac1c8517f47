//! The options of traits and methods.

use std::sync::Arc;

use rpc_core::{Channel, Code, rpc_service};
use tokio::sync::Notify;

#[rpc_service(name = "shop.Orders", rename_all = "PascalCase")]
trait Orders {
    #[rpc(name = "Mul", alias = "times", alias = "product")]
    async fn multiply(&self, a: i64, b: i64) -> i64;
    async fn place_order(&self, id: u64) -> u64;
    #[rpc(oneway)]
    async fn log(&self, line: String);
    #[rpc(timeout = "20ms")]
    async fn slow(&self);
    #[rpc(skip)]
    fn helper(&self, id: u64) -> u64 {
        id + 1
    }
    #[cfg(any())]
    async fn never(&self, missing: Missing);
    async fn last(&self) -> u8;
}

#[derive(Clone, Default)]
struct Desk {
    logged: Arc<Notify>,
}

impl Orders for Desk {
    async fn multiply(&self, a: i64, b: i64) -> i64 {
        a * b
    }

    async fn place_order(&self, id: u64) -> u64 {
        self.helper(id)
    }

    async fn log(&self, line: String) {
        assert_eq!(line, "a line");
        self.logged.notify_one();
    }

    async fn slow(&self) {
        std::future::pending().await
    }

    async fn last(&self) -> u8 {
        7
    }
}

/// The names that other versions of the trait have for the same methods.
mod other {
    #[rpc_core::rpc_service(name = "shop.Orders")]
    pub(super) trait Orders {
        async fn times(&self, a: i64, b: i64) -> i64;
        async fn product(&self, a: i64, b: i64) -> i64;
        #[rpc(name = "PlaceOrder")]
        async fn order(&self, id: u64) -> u64;
        async fn multiply(&self, a: i64, b: i64) -> i64;
    }
}

#[tokio::test]
async fn a_method_answers_to_its_wire_name_and_its_old_names() {
    let orders = other::OrdersClient::new(Channel::in_process(OrdersServer::new(Desk::default())));
    assert_eq!(orders.times(6, 7).await.unwrap(), 42);
    assert_eq!(orders.product(6, 7).await.unwrap(), 42);
    assert_eq!(orders.order(1).await.unwrap(), 2);
    let error = orders.multiply(6, 7).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented, "the Rust name is not a wire name: {error}");
}

#[tokio::test]
async fn a_one_way_method_is_run_without_an_answer() {
    let desk = Desk::default();
    let orders = OrdersClient::in_process(desk.clone());
    orders.log("a line".to_owned()).await.unwrap();
    desk.logged.notified().await;
}

#[tokio::test]
async fn a_method_has_its_own_default_timeout() {
    let orders = OrdersClient::in_process(Desk::default());
    let error = orders.slow().await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

/// What is compiled out keeps its place, so that the methods behind it keep theirs.
#[tokio::test]
async fn methods_behind_a_missing_one_are_found() {
    let orders = OrdersClient::in_process(Desk::default());
    assert_eq!(orders.last().await.unwrap(), 7);
}

#[tokio::test]
async fn one_trait_is_served_twice_under_two_names() {
    let server = OrdersServer::from_arc(Arc::new(Desk::default())).named("second.Orders");
    assert_eq!(rpc_core::Service::name(&server), "second.Orders");
    let channel = Channel::in_process(server.clone());
    let orders = OrdersClient::new(channel.service("second.Orders"));
    assert_eq!(orders.multiply(6, 7).await.unwrap(), 42);
    let error = OrdersClient::new(channel).multiply(6, 7).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
}

//! What the generated types are, besides their methods.

use std::fmt::Debug;
use std::future::Future;

use rpc_core::parts::{AtMostOnce, Idempotent, NoError, Once};
use rpc_core::{Call, Channel, Service, rpc_service};

#[rpc_service]
#[allow(clippy::wrong_self_convention, reason = "the name is what is tested")]
trait Arith {
    async fn multiply(&self, a: i64, b: i64) -> i64;
    #[rpc(idempotent)]
    async fn divide(&self, a: i64, b: i64) -> Result<i64, String>;
    #[rpc(once)]
    async fn add(&self, amount: u64) -> u64;
    /// Takes the constructor's name.
    async fn new(&self) -> u8;
    /// Takes that of a trait's method.
    async fn clone(&self) -> u8;
}

/// Neither `Clone` nor `Debug`.
struct Calculator;

impl Arith for Calculator {
    async fn multiply(&self, a: i64, b: i64) -> i64 {
        a * b
    }

    async fn divide(&self, a: i64, b: i64) -> Result<i64, String> {
        a.checked_div(b).ok_or_else(|| "divide by zero".to_owned())
    }

    async fn add(&self, amount: u64) -> u64 {
        amount
    }

    async fn new(&self) -> u8 {
        1
    }

    async fn clone(&self) -> u8 {
        2
    }
}

#[test]
fn the_generated_types_ask_nothing_of_the_implementation() {
    fn client<T: Clone + Debug + Send + Sync + From<Channel> + 'static>() {}
    fn server<T: Clone + Debug + Service>() {}
    client::<ArithClient>();
    server::<ArithServer<Calculator>>();
}

#[tokio::test]
async fn the_type_of_a_call_tells_the_method() {
    fn call<T: Future + Send + Unpin + 'static>(call: T) -> T {
        call
    }
    let arith = ArithClient::in_process(Calculator);
    let multiply: Call<i64, NoError, AtMostOnce> = call(arith.multiply(7, 8));
    let divide: Call<i64, String, Idempotent> = call(arith.divide(7, 2));
    let add: Call<u64, NoError, Once> = call(arith.add(4));
    assert_eq!(multiply.await.unwrap(), 56);
    assert_eq!(divide.await.unwrap(), 3);
    assert_eq!(add.await.unwrap(), 4);
}

#[tokio::test]
async fn constructors_give_way_to_methods_of_their_name() {
    let channel = Channel::in_process(ArithServer::new(Calculator));
    let arith: ArithClient = channel.into();
    assert_eq!(arith.new().await.unwrap(), 1);
    assert_eq!(arith.clone().await.unwrap(), 2);
    assert_eq!(Clone::clone(&arith).multiply(1, 2).await.unwrap(), 2);
}

#[tokio::test]
async fn a_client_connects_by_address() {
    let server = rpc_core::Server::builder().service(ArithServer::new(Calculator));
    let server = server.bind("tcp://127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    let server = server.spawn();
    let arith = ArithClient::connect(&address).await.unwrap();
    assert_eq!(arith.multiply(7, 8).await.unwrap(), 56);
    server.shutdown().await;
}

use std::rc::Rc;

use futures::stream::{self, Stream, StreamExt};
use rpc_core::rpc_service;

#[rpc_service]
pub trait Numbers {
    async fn primes(&self, below: u64) -> impl Stream<Item = u64>;
    fn at_once(&self, below: u64) -> impl Stream<Item = u64>;
}

struct Local;

impl Numbers for Local {
    async fn primes(&self, below: u64) -> impl Stream<Item = u64> {
        let offset = Rc::new(1);
        stream::iter(0..below).map(move |number| number + *offset)
    }

    fn at_once(&self, below: u64) -> impl Stream<Item = u64> {
        let offset = Rc::new(1);
        stream::iter(0..below).map(move |number| number + *offset)
    }
}

fn main() {}

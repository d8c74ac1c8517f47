//! Streams of a trait with parameters, of aliases called `Result`, and of names that the user's module has taken.

#![deny(warnings, refining_impl_trait, async_fn_in_trait)]
#![allow(non_camel_case_types, dead_code)]

use rpc_core::Channel;

pub type Result<T, E = String> = std::result::Result<T, E>;

pub mod swapped {
    pub type Result<E> = std::result::Result<u8, E>;
}

mod parameters {
    use futures::stream::{self, Stream, StreamExt};
    use rpc_core::{Streaming, rpc_service};

    #[rpc_service]
    pub trait Cache<K, V = String> {
        async fn all(&self, keys: &[K]) -> impl Stream<Item = V>;
        async fn pairs(&self) -> Result<impl Stream<Item = Result<(K, Vec<V>), K>>, K>;
        fn changes(&self, keys: Streaming<K>) -> impl Stream<Item = Option<V>>;
        async fn count(&self, keys: Streaming<K>, values: Streaming<Vec<V>>) -> u64;
    }

    pub struct One<V>(pub V);

    impl<K: Send + Sync + 'static, V: Clone + Send + Sync + 'static> Cache<K, V> for One<V> {
        async fn all(&self, keys: &[K]) -> impl Stream<Item = V> {
            stream::iter(keys).map(|_| self.0.clone())
        }
        async fn pairs(&self) -> Result<impl Stream<Item = Result<(K, Vec<V>), K>>, K> {
            Ok(stream::empty())
        }
        fn changes(&self, _: Streaming<K>) -> impl Stream<Item = Option<V>> {
            stream::iter([Some(self.0.clone())])
        }
        async fn count(&self, _: Streaming<K>, _: Streaming<Vec<V>>) -> u64 {
            0
        }
    }

    use super::Result;
}

mod aliases {
    use super::{Result, swapped};

    #[rpc_core::rpc_service]
    pub trait Aliases {
        async fn outer(&self) -> Result<impl futures::Stream<Item = u8>>;
        async fn inner(&self) -> impl futures::Stream<Item = Result<u8>>;
        async fn both(&self) -> Result<impl futures::Stream<Item = Result<u8>>>;
        async fn bytes(&self) -> Result<impl futures::Stream<Item = Result<Vec<u8>>>>;
        async fn io(&self) -> super::Result<impl futures::Stream<Item = super::Result<u8>>>;
        async fn swapped(&self) -> impl futures::Stream<Item = swapped::Result<String>>;
        async fn status(&self) -> Result<impl futures::Stream<Item = u8>, rpc_core::RpcError>;
    }
}

mod taken {
    use ::rpc_core::{Streaming, rpc_service};

    pub struct Option;
    pub struct Ok;
    pub struct Err;
    pub struct Sink;
    pub struct Sent;
    pub struct Call;
    pub trait Send {}
    pub trait Future {}
    pub trait Sends {}
    pub mod core {}
    pub mod std {}
    pub mod rpc_core {}

    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct T;

    #[rpc_service]
    pub trait Odd {
        async fn stream(&self, stream: Streaming<T>, index: u16) -> impl ::futures::Stream<Item = T>;
        fn all(&self, sink: Streaming<u8>) -> impl ::futures::Stream<Item = Result<T, T>>;
        async fn sending(&self, channel: Streaming<Vec<u8>>) -> Result<impl ::futures::Stream<Item = u8>, T>;
        async fn new(&self, r#type: Streaming<u8>) -> T;
    }

    type Result<T, E> = ::core::result::Result<T, E>;
}

/// Methods that a macro writes.
mod written {
    macro_rules! service {
        ($item:ty, $output:ty) => {
            #[rpc_core::rpc_service]
            pub trait Written {
                async fn items(&self, items: rpc_core::Streaming<$item>) -> $output;
                fn at_once(&self) -> $output;
            }
        };
    }
    service!(Vec<u8>, impl futures::Stream<Item = u8>);
}

async fn calls(channel: Channel) {
    let cache = parameters::CacheClient::<u64>::new(channel.clone());
    let _: rpc_core::Streaming<String> = cache.all(&[1]);
    let _: rpc_core::Streaming<(u64, Vec<String>), u64> = cache.pairs();
    let _ = cache.count(futures::stream::iter([1]), futures::stream::empty()).await;
    let aliases = aliases::AliasesClient::new(channel);
    let _: rpc_core::Streaming<u8, String> = aliases.outer();
    let _: rpc_core::Streaming<u8, String> = aliases.inner();
    let _: rpc_core::Streaming<u8, String> = aliases.both();
    let _: rpc_core::Streaming<u8, String> = aliases.swapped();
    let _: rpc_core::Streaming<u8, rpc_core::RpcError> = aliases.status();
}

fn main() {
    let _ = calls;
    let _ = parameters::CacheClient::<u64, String>::in_process(parameters::One(String::new()));
}

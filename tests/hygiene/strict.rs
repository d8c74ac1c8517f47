//! A library of contracts under strict lints: the generated code is as silent as its traits.
//!
//! Compiling this is the test, also under clippy. Nothing here is used by a caller, as in a crate that only serves.

#![deny(warnings, clippy::all, clippy::pedantic, missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(unused_qualifications, single_use_lifetimes, explicit_outlives_requirements, unused_lifetimes)]
#![deny(elided_lifetimes_in_paths, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(clippy::use_self, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use rpc_core::{Context, RpcError, rpc_service};

/// Sent by old clients.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[deprecated = "use a new one"]
pub struct Old;

/// Documented, as a public contract is.
#[allow(deprecated)]
pub mod contract {
    use super::{BTreeMap, Context, Old, RpcError, rpc_service};

    /// A service with documentation on some methods only.
    #[rpc_service]
    #[allow(missing_docs)]
    pub trait Documented {
        /// Has some.
        async fn with(&self, cx: &Context) -> Result<(), RpcError>;
        async fn without(&self);
        /// Replaced.
        #[deprecated(note = "use `with`")]
        async fn replaced(&self, old: Old) -> Old;
        /// Takes much.
        #[allow(clippy::too_many_arguments)]
        async fn many(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> (u8, u8);
        /// Takes something large by value, which is not used up by the client.
        async fn map(&self, map: BTreeMap<String, Vec<(u64, String)>>) -> BTreeMap<String, Vec<(u64, String)>>;
        /// A unit in, a unit out.
        async fn unit(&self, unit: ()) -> Result<(), String>;
        /// One letter after another.
        async fn similar(&self, first: &str, firsts: &str) -> bool;
    }

    /// A deprecated service.
    #[deprecated]
    #[rpc_service]
    pub trait Outdated {
        /// Does nothing.
        async fn nothing(&self);
    }
}

/// Used by nobody at all.
mod unused {
    use super::rpc_service;

    #[rpc_service]
    trait Private<T> {
        async fn nothing(&self, value: T) -> T;
        async fn plain(&self, value: u8) -> u8;
    }
}

/// Enough methods to make a long function.
mod long {
    use super::rpc_service;

    #[rpc_service]
    pub(crate) trait Long {
        async fn m00(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m01(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m02(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m03(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m04(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m05(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m06(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m07(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m08(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m09(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m10(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m11(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m12(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m13(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m14(&self, a: u8, b: &str) -> Result<u8, String>;
        async fn m15(&self, a: u8, b: &str) -> Result<u8, String>;
    }
}

/// Streams.
pub mod streams {
    use futures::Stream;
    use rpc_core::{RpcError, Streaming, rpc_service};

    use super::BTreeMap;

    /// A service of streams.
    #[rpc_service]
    pub trait Streams<K> {
        /// Gives.
        async fn items(&self, below: u64) -> impl Stream<Item = BTreeMap<String, u8>>;
        /// Gives, or not.
        async fn checked(&self, key: &K) -> Result<impl Stream<Item = Result<K, RpcError>>, RpcError>;
        /// Gives at once.
        fn at_once(&self) -> impl Stream<Item = Vec<u8>>;
        /// Takes.
        async fn sum(&self, numbers: Streaming<u64>, keys: Streaming<K>) -> u64;
        /// Takes and gives.
        fn both(&self, bytes: Streaming<Vec<u8>>) -> impl Stream<Item = K>;
    }
}

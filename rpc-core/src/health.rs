//! Whether a server is ready to be called, asked over the wire: for load balancers, registries and probes.
//!
//! ```
//! use rpc_core::health::{HealthClient, Serving};
//! # use rpc_core::{RpcError, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), RpcError> {
//! let server = Server::builder().health().bind("tcp://127.0.0.1:0").await?.spawn();
//!
//! let health = HealthClient::connect(server.local_addr()).await?;
//! assert_eq!(health.check("").await?, Serving::Serving);
//!
//! let mut states = health.watch("");
//! assert_eq!(states.next().await.transpose()?, Some(Serving::Serving));
//! server.set_serving("", false);
//! assert_eq!(states.next().await.transpose()?, Some(Serving::NotServing));
//! # Ok(())
//! # }
//! ```

pub use crate::server::Serving;

use std::sync::Arc;

use futures::Stream;
use rpc_macros::rpc_service;

use crate::server::{Readiness, ServerBuilder};
use crate::streaming::push;

/// Says whether a server's services are ready to be called. A service is named by its wire name; the empty name is the
/// server as a whole.
#[rpc_service(crate = crate)]
pub trait Health {
    /// The present state.
    #[rpc(idempotent)]
    async fn check(&self, service: &str) -> Serving;

    /// The present state at once, then each that is different when the reader comes to it. When the server begins to
    /// shut down, [`Serving::NotServing`] is the last item.
    async fn watch(&self, service: &str) -> impl Stream<Item = Serving>;
}

impl ServerBuilder {
    /// Adds the service [`Health`], under that name. All services, and the server as a whole, are ready until
    /// [`ServerHandle::set_serving`] says otherwise or a shutdown begins.
    ///
    /// [`ServerHandle::set_serving`]: crate::ServerHandle::set_serving
    pub fn health(self) -> Self {
        let monitor = Monitor { readiness: Arc::clone(self.readiness()) };
        self.service(HealthServer::new(monitor))
    }
}

struct Monitor {
    readiness: Arc<Readiness>,
}

impl Health for Monitor {
    async fn check(&self, service: &str) -> Serving {
        self.readiness.of(service)
    }

    async fn watch(&self, service: &str) -> impl Stream<Item = Serving> {
        let mut states = self.readiness.watch();
        push(move |mut out| async move {
            let mut told = None;
            loop {
                let (serving, is_last) = {
                    let state = states.borrow_and_update();
                    (state.of(service), state.is_draining())
                };
                if told.replace(serving) != Some(serving) {
                    out.send(serving).await;
                }
                // A shutdown must not wait for those who watch.
                if is_last || states.changed().await.is_err() {
                    return;
                }
            }
        })
    }
}

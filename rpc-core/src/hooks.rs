use std::fmt;
use std::sync::Arc;

use crate::caught::caught;
use crate::error::RpcError;

/// What the program wants to be told of connections, at either end. Hooks are foreign code: no lock is held while one
/// runs, and one that panics is its own affair.
#[derive(Default, Clone)]
pub(crate) struct Hooks {
    error: Option<Arc<OnError>>,
    connect: Option<Arc<OnConnect>>,
    disconnect: Option<Arc<OnDisconnect>>,
}

type OnError = dyn Fn(&RpcError) + Send + Sync;
type OnConnect = dyn Fn(&str) + Send + Sync;
type OnDisconnect = dyn Fn(&str, Option<&RpcError>) + Send + Sync;

impl Hooks {
    pub(crate) fn on_error(&mut self, hook: impl Fn(&RpcError) + Send + Sync + 'static) {
        self.error = Some(Arc::new(hook));
    }

    pub(crate) fn on_connect(&mut self, hook: impl Fn(&str) + Send + Sync + 'static) {
        self.connect = Some(Arc::new(hook));
    }

    pub(crate) fn on_disconnect(&mut self, hook: impl Fn(&str, Option<&RpcError>) + Send + Sync + 'static) {
        self.disconnect = Some(Arc::new(hook));
    }

    /// Something went wrong that no caller is told of, or not in full.
    pub(crate) fn report(&self, error: &RpcError) {
        if let Some(hook) = &self.error {
            caught(|| hook(error));
        }
    }

    pub(crate) fn handle_connected(&self, peer: &str) {
        if let Some(hook) = &self.connect {
            caught(|| hook(peer));
        }
    }

    pub(crate) fn handle_disconnected(&self, peer: &str, error: Option<&RpcError>) {
        if let Some(hook) = &self.disconnect {
            caught(|| hook(peer, error));
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks(..)")
    }
}

use crate::caught::caught;
use crate::error::RpcError;

/// What the operator is told of connections. Hooks are foreign code: no lock is held while one runs, and one that
/// panics is its own affair.
#[derive(Default)]
pub(super) struct Hooks {
    pub(super) error: Option<OnError>,
    pub(super) connect: Option<OnConnect>,
    pub(super) disconnect: Option<OnDisconnect>,
}

type OnError = Box<dyn Fn(&RpcError) + Send + Sync>;
type OnConnect = Box<dyn Fn(&str) + Send + Sync>;
type OnDisconnect = Box<dyn Fn(&str, Option<&RpcError>) + Send + Sync>;

impl Hooks {
    /// Something went wrong that concerns one connection, or one that could not be.
    pub(super) fn report(&self, error: &RpcError) {
        if let Some(hook) = &self.error {
            caught(|| hook(error));
        }
    }

    pub(super) fn handle_connected(&self, peer: &str) {
        if let Some(hook) = &self.connect {
            caught(|| hook(peer));
        }
    }

    pub(super) fn handle_disconnected(&self, peer: &str, error: Option<&RpcError>) {
        if let Some(hook) = &self.disconnect {
            caught(|| hook(peer, error));
        }
    }
}

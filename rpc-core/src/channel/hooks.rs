use std::fmt;
use std::sync::Arc;

use crate::caught::caught;
use crate::error::RpcError;

/// What the program wants to be told of a channel's connections.
#[derive(Default, Clone)]
pub(super) struct Hooks {
    pub(super) on_connect: Option<Arc<OnConnect>>,
    pub(super) on_disconnect: Option<Arc<OnDisconnect>>,
}

type OnConnect = dyn Fn(&str) + Send + Sync;
type OnDisconnect = dyn Fn(&str, Option<&RpcError>) + Send + Sync;

impl Hooks {
    pub(super) fn connected(&self, peer: &str) {
        if let Some(on_connect) = &self.on_connect {
            // A hook that panics is its own affair.
            caught(|| on_connect(peer));
        }
    }

    pub(super) fn disconnected(&self, peer: &str, error: Option<&RpcError>) {
        if let Some(on_disconnect) = &self.on_disconnect {
            caught(|| on_disconnect(peer, error));
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks(..)")
    }
}

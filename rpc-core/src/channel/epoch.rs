use std::sync::{Arc, Mutex, PoisonError};

use super::Inner;
use crate::connection::Connection;
use crate::stripe::{self, Padded, STRIPES};

/// A channel with one of its connections, as calls hold it. It keeps both for as long as they need it.
pub(super) struct Epoch {
    pub(super) inner: Arc<Inner>,
    pub(super) connection: Option<Connection>,
}

/// The epoch that calls begin with, for one member of a channel. Each thread has a copy, which it brings up to date when
/// it looks: one for all would go from processor to processor with every call.
pub(super) struct Epochs {
    copies: [Padded<Mutex<Arc<Epoch>>>; STRIPES],
}

impl Epoch {
    fn is_usable(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_open)
    }
}

impl Epochs {
    pub(super) fn new(inner: &Arc<Inner>) -> Self {
        let epoch = || Padded(Mutex::new(Arc::new(Epoch { inner: Arc::clone(inner), connection: None })));
        Self { copies: std::array::from_fn(|_| epoch()) }
    }

    /// Takes hold of the channel and the connection of a member, if that has one.
    pub(super) fn hold(&self, inner: &Arc<Inner>, member: usize) -> Arc<Epoch> {
        let Padded(copy) = stripe::own(&self.copies);
        let held = Arc::clone(&copy.lock().unwrap_or_else(PoisonError::into_inner));
        if held.is_usable() {
            return held;
        }
        let Some(connection) = inner.link.connection(member) else {
            return held;
        };
        let epoch = Arc::new(Epoch { inner: Arc::clone(inner), connection: Some(connection) });
        let old = std::mem::replace(&mut *copy.lock().unwrap_or_else(PoisonError::into_inner), Arc::clone(&epoch));
        drop(old);
        epoch
    }

    /// Lets go of the connection.
    pub(super) fn clear(&self, inner: &Arc<Inner>) {
        for Padded(copy) in &self.copies {
            let none = Arc::new(Epoch { inner: Arc::clone(inner), connection: None });
            let old = std::mem::replace(&mut *copy.lock().unwrap_or_else(PoisonError::into_inner), none);
            drop(old);
        }
    }
}

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Registry;
use super::registry::Registered;
use crate::caught::caught;
use crate::error::RpcError;
use crate::service::Service;

/// The services of a server, which come and go while it serves.
///
/// Each connection looks its calls up in a snapshot of its own, without a lock; whether that is the latest, a number
/// tells that is read for every call and seldom written.
pub(crate) struct Services {
    version: AtomicU64,
    current: Mutex<Snapshot>,
}

/// The services as they were after so many changes.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(super) version: u64,
    pub(super) registry: Arc<Registry>,
}

impl Services {
    pub(super) fn new(registry: Registry) -> Self {
        let current = Snapshot { version: 0, registry: Arc::new(registry) };
        Self { version: AtomicU64::new(0), current: Mutex::new(current) }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.lock().clone()
    }

    /// Brings a snapshot up to date.
    pub(super) fn refresh(&self, snapshot: &mut Snapshot) {
        if self.version.load(Ordering::Acquire) != snapshot.version {
            self.renew(snapshot);
        }
    }

    #[cold]
    fn renew(&self, snapshot: &mut Snapshot) {
        let old = std::mem::replace(snapshot, self.snapshot());
        // A service that was removed may go with it, which is foreign code.
        caught(|| drop(old));
    }

    /// Adds a service for the calls that come from now on.
    ///
    /// # Errors
    ///
    /// When its name, or the hash of it, is taken.
    pub(super) fn add(&self, service: Arc<dyn Service>) -> Result<Snapshot, RpcError> {
        let service = Registered::new(service);
        let ((), snapshot) = self.change(|registry| registry.insert(&service))?;
        Ok(snapshot)
    }

    /// Takes a service out: no call that comes from now on finds it. `None` where it is not there.
    pub(super) fn remove(&self, name: &str) -> Option<Snapshot> {
        let (removed, snapshot) = self.change(|registry| registry.remove(name).ok_or(())).ok()?;
        drop(removed);
        Some(snapshot)
    }

    /// Changes a copy, which then takes the place of the current services. What falls out goes when the lock is free:
    /// it may be the last that holds a service, which is foreign code.
    fn change<T, E>(&self, change: impl FnOnce(&mut Registry) -> Result<T, E>) -> Result<(T, Snapshot), E> {
        let mut current = self.lock();
        let mut registry = Registry::clone(&current.registry);
        let output = change(&mut registry)?;
        let next = Snapshot { version: current.version + 1, registry: Arc::new(registry) };
        let old = std::mem::replace(&mut *current, next.clone());
        self.version.store(next.version, Ordering::Release);
        drop(current);
        drop(old);
        Ok((output, next))
    }

    fn lock(&self) -> MutexGuard<'_, Snapshot> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

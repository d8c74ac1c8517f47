//! Memory of long messages that are gone, for those to come.
//!
//! Memory that is fresh from the system costs more than what a message is copied for: each page of it is cleared and
//! mapped at its first use, and unmapped again when the message is gone.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// How much the process keeps, in bytes, whatever number of connections it has.
const KEPT: usize = 16 * 1024 * 1024;
/// Memory is not used for a message that needs less than this part of it.
const WASTE: usize = 4;

static POOL: Mutex<Pool> = Mutex::new(Pool { buffers: Vec::new(), bytes: 0 });

struct Pool {
    /// Those that came back last are last, and still in the processor's cache.
    buffers: Vec<Vec<u8>>,
    /// The sum of their capacities.
    bytes: usize,
}

/// An empty buffer with room for `len` bytes.
pub(super) fn take(len: usize) -> Vec<u8> {
    lock().take(len).unwrap_or_else(|| Vec::with_capacity(len))
}

/// The bytes of a buffer, whose memory comes back when nobody has them any more.
pub(super) fn share(buffer: Vec<u8>) -> Bytes {
    Bytes::from_owner(Shared(buffer))
}

/// A buffer is not needed any more.
pub(super) fn give_back(buffer: Vec<u8>) {
    // What does not fit is freed without the lock.
    let _freed = lock().put(buffer);
}

struct Shared(Vec<u8>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.0));
    }
}

impl Pool {
    fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        let fits = |buffer: &Vec<u8>| (len..=len.saturating_mul(WASTE)).contains(&buffer.capacity());
        let at = self.buffers.iter().rposition(fits)?;
        let mut buffer = self.buffers.remove(at);
        self.bytes -= buffer.capacity();
        buffer.clear();
        Some(buffer)
    }

    /// Keeps a buffer, or gives back what there is no room for.
    fn put(&mut self, buffer: Vec<u8>) -> Option<Vec<u8>> {
        if self.bytes + buffer.capacity() > KEPT {
            return Some(buffer);
        }
        self.bytes += buffer.capacity();
        self.buffers.push(buffer);
        None
    }
}

fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_where_it_fits() {
        let mut pool = Pool { buffers: Vec::new(), bytes: 0 };
        assert!(pool.put(Vec::with_capacity(1000)).is_none());
        assert!(pool.take(1001).is_none() && pool.take(249).is_none());
        let again = pool.take(250).unwrap();
        assert!(again.is_empty() && again.capacity() >= 1000);
        assert_eq!(pool.bytes, 0);
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let mut pool = Pool { buffers: Vec::new(), bytes: 0 };
        assert!(pool.put(Vec::with_capacity(KEPT)).is_none());
        assert!(pool.put(Vec::with_capacity(1)).is_some());
    }
}

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sixteen random bytes, the same for the life of this process (W-12): what its clients are called.
pub(crate) fn instance() -> [u8; 16] {
    static INSTANCE: OnceLock<[u8; 16]> = OnceLock::new();
    *INSTANCE.get_or_init(fresh)
}

/// The number of a call that runs once: above all that this process has given before (W-43).
pub(crate) fn request_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// The number of something that went wrong, by which two people can find out that they speak of the same.
pub(crate) fn incident() -> u32 {
    RandomState::new().hash_one(()) as u32
}

/// Sixteen other random bytes each time: what a server is called, of which a process may have several.
///
/// They tell programs apart and guard nothing, so the standard library's seeds for hash maps are random enough.
pub(crate) fn fresh() -> [u8; 16] {
    let half = |of: u8| RandomState::new().hash_one((of, std::process::id(), std::time::SystemTime::now()));
    let whole = u128::from(half(0)) << 64 | u128::from(half(1));
    whole.to_le_bytes()
}

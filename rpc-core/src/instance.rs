use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// Sixteen random bytes, the same for the life of this process (W-12): what its clients are called.
pub(crate) fn instance() -> [u8; 16] {
    static INSTANCE: OnceLock<[u8; 16]> = OnceLock::new();
    *INSTANCE.get_or_init(fresh)
}

/// Sixteen other random bytes each time: what a server is called, of which a process may have several.
///
/// They tell programs apart and guard nothing, so the standard library's seeds for hash maps are random enough.
pub(crate) fn fresh() -> [u8; 16] {
    let half = |of: u8| RandomState::new().hash_one((of, std::process::id(), std::time::SystemTime::now()));
    let whole = u128::from(half(0)) << 64 | u128::from(half(1));
    whole.to_le_bytes()
}

//! Other frameworks, each as its documentation says to use it, with TCP_NODELAY and limits that the large calls fit in.

#[cfg(feature = "peers")]
pub(crate) mod tarpc;

#[cfg(feature = "peers")]
pub(crate) mod tonic;

#[cfg(feature = "volo")]
pub(crate) mod volo;

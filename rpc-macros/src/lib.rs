//! The `#[rpc_service]` attribute.

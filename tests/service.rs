//! What `#[rpc_service]` generates, called: every form of argument, answer and option.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests assert by panicking")]

#[path = "service/answers.rs"]
mod answers;
#[path = "service/arguments.rs"]
mod arguments;
#[path = "service/client.rs"]
mod client;
#[path = "service/descriptor.rs"]
mod descriptor;
#[path = "service/generics.rs"]
mod generics;
#[path = "service/options.rs"]
mod options;

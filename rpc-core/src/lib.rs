//! Core.
#![allow(dead_code)]

mod code;
pub use code::Code;

mod metadata;
pub use metadata::{METADATA_MAX_BYTES, METADATA_MAX_ENTRIES, Metadata};

mod error;
pub use error::{CallError, Delivery, Phase, RpcError};

mod method;
pub use method::{ArgumentDescriptor, MethodDescriptor, ServiceDescriptor, Shape, identifier};

mod limits;
pub use limits::Limits;

mod frame;

mod session;

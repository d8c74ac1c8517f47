//! The generated code needs no prelude, and is silent under the lints of `strict.rs` there too.

#![deny(warnings, clippy::all, clippy::pedantic)]

mod no_prelude;

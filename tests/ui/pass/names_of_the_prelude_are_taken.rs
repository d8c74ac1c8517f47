//! The generated code does not rely on what the user's module calls things.

#![allow(non_camel_case_types, dead_code)]

mod contract {
    use ::rpc_core::rpc_service;
    use serde::{Deserialize, Serialize};

    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Vec;
    pub struct Box;
    pub struct Ok;
    pub struct Err;
    pub struct Some;
    pub struct None;
    pub struct Arc;
    pub trait Send {}
    pub trait Sync {}
    pub trait Future {}
    pub trait Clone {}
    pub trait Into {}
    pub trait From {}
    pub mod core {}
    pub mod std {}
    pub mod rpc_core {}
    #[derive(Serialize, Deserialize)]
    pub struct T;
    #[derive(Serialize, Deserialize)]
    pub struct M;
    #[derive(Serialize, Deserialize)]
    pub struct Arguments;

    #[rpc_service]
    pub trait Odd {
        async fn take(&self, t: T, m: &M, all: &[Arguments]) -> T;
        async fn bytes(&self, bytes: &[u8]) -> u8;
        async fn nothing(&self);
    }
}

fn main() {
    let _ = contract::OddClient::take;
}

//! Bodies in the trait are what they would be in an `async fn`.

use std::num::ParseIntError;

use rpc_core::rpc_service;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Failed;

impl From<ParseIntError> for Failed {
    fn from(_: ParseIntError) -> Self {
        Self
    }
}

#[rpc_service]
pub trait Defaults {
    async fn version(&self) -> u32 {
        1
    }
    async fn parse(&self, text: &str) -> Result<u32, Failed> {
        if text.is_empty() {
            return Err(Failed);
        }
        let number = text.parse::<u32>()?;
        Ok(number + self.version().await + self.local(1))
    }
    async fn count(&self, mut from: u32) -> Vec<u32> {
        let mut numbers = Vec::new();
        while from > 0 {
            numbers.push(from);
            from -= 1;
        }
        numbers
    }
    async fn nothing(&self) {}
    #[rpc(skip)]
    fn local(&self, number: u32) -> u32 {
        number
    }
    #[rpc(skip)]
    async fn waits<T: Send>(&self, value: T) -> T {
        value
    }
}

struct Plain;

impl Defaults for Plain {}

fn main() {
    let _ = Plain.version();
}

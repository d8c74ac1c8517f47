//! A trait that a `macro_rules!` writes, with types and paths from its arguments.

use rpc_core::rpc_service;

pub mod types {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct Reading(pub f64);
}

macro_rules! sensor {
    ($name:ident, $argument:ident: $given:ty => $answer:ty) => {
        #[rpc_service]
        pub trait $name {
            async fn read(&self, $argument: $given) -> $answer;
            async fn checked(&self, $argument: $given) -> Result<$answer, $crate::types::Reading>;
            async fn own(&self, reading: $crate::types::Reading) -> $crate::types::Reading;
        }
    };
}

sensor!(Thermometer, place: &str => types::Reading);
sensor!(Camera, place: Option<&str> => Vec<u8>);
sensor!(Counter, place: u8 => u64);

fn main() {
    let _ = (ThermometerClient::read, CameraClient::checked, CounterClient::own);
}

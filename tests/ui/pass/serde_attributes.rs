//! Serde attributes on arguments: they leave the trait and shape the message.

use rpc_core::rpc_service;

/// Neither `Serialize` nor `Deserialize`.
pub struct Celsius(f64);

mod celsius {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &super::Celsius, serializer: S) -> Result<S::Ok, S::Error> {
        value.0.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<super::Celsius, D::Error> {
        f64::deserialize(deserializer).map(super::Celsius)
    }
}

fn room() -> Celsius {
    Celsius(20.0)
}

fn home() -> String {
    "home".to_owned()
}

#[rpc_service]
#[allow(clippy::too_many_arguments)]
pub trait Weather {
    async fn set(
        &self,
        #[serde(with = "celsius")] owned: Celsius,
        #[serde(with = "celsius", default = "room")] lent: &Celsius,
        #[serde(default = "home")] place: &str,
        #[serde(default)] note: Option<&str>,
        #[serde(rename = "values", default)] numbers: &[u64],
        #[serde(default, skip_serializing_if = "Vec::is_empty")] data: Vec<u8>,
        #[serde(default, skip_serializing_if = "<[u8]>::is_empty")] more: &[u8],
    );
}

fn main() {
    let _ = WeatherClient::set;
}

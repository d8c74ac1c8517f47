//! The stub and the skeleton, without protoc.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let greet = Method::builder()
        .name("greet")
        .route_name("Greet")
        .input_type("crate::Text")
        .output_type("crate::Text")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    Builder::new().compile(&[Service::builder().name("Greetings").package("minimal").method(greet).build()]);
}

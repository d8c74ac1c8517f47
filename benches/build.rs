//! Generates what the peers want generated.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "peers")]
    tonic();
    #[cfg(feature = "volo")]
    volo()?;
    Ok(())
}

#[cfg(feature = "peers")]
fn tonic() {
    use tonic_build::manual::{Builder, Method, Service};
    let method = |name: &str, route: &str, message: &str| {
        let message = format!("crate::peers::tonic::{message}");
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(&message)
            .output_type(&message)
            .codec_path("tonic_prost::ProstCodec")
            .build()
    };
    let service = Service::builder()
        .name("Echo")
        .package("benches")
        .method(method("echo", "Echo", "Item"))
        .method(method("echo_after_yield", "EchoAfterYield", "Item"))
        .method(method("echo_after_nap", "EchoAfterNap", "Item"))
        .method(method("blob", "Blob", "Blob"))
        .build();
    Builder::new().compile(&[service]);
}

#[cfg(feature = "volo")]
fn volo() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/peers/echo.thrift");
    Ok(volo_build::Builder::thrift().add_service("src/peers/echo.thrift").write()?)
}

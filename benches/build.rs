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
    let method = |name: &str, route: &str, input: &str, output: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(format!("crate::peers::tonic::{input}"))
            .output_type(format!("crate::peers::tonic::{output}"))
            .codec_path("tonic_prost::ProstCodec")
    };
    let service = Service::builder()
        .name("Echo")
        .package("benches")
        .method(method("echo", "Echo", "Item", "Item").build())
        .method(method("echo_after_yield", "EchoAfterYield", "Item", "Item").build())
        .method(method("echo_after_nap", "EchoAfterNap", "Item", "Item").build())
        .method(method("blob", "Blob", "Blob", "Blob").build())
        .method(method("down", "Down", "Extent", "Item").server_streaming().build())
        .method(method("up", "Up", "Item", "Extent").client_streaming().build())
        .method(method("both", "Both", "Item", "Item").client_streaming().server_streaming().build())
        .method(method("bulk", "Bulk", "Extent", "Blob").server_streaming().build())
        .build();
    Builder::new().compile(&[service]);
}

#[cfg(feature = "volo")]
fn volo() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/peers/echo.thrift");
    Ok(volo_build::Builder::thrift().add_service("src/peers/echo.thrift").write()?)
}

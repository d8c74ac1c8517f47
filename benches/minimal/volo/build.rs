//! The stub and the skeleton.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Ok(volo_build::Builder::thrift().add_service("greetings.thrift").write()?)
}

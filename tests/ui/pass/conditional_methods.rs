//! Two methods of one name under opposite conditions, and one with types that are not there.

use rpc_core::rpc_service;

#[rpc_service]
pub trait Platform {
    #[cfg(any())]
    async fn never(&self, missing: Missing) -> Result<Missing, AlsoMissing>;
    #[cfg(any())]
    async fn name(&self, missing: Missing) -> Missing;
    #[cfg(not(any()))]
    async fn name(&self) -> String;
    #[cfg_attr(all(), cfg(any()))]
    async fn nor_this(&self, missing: Missing);
}

fn main() {
    let names: Vec<_> = PlatformClient::DESCRIPTOR.methods.iter().map(|method| method.name).collect();
    assert_eq!(names, ["name"]);
    assert_eq!(PlatformClient::DESCRIPTOR.methods[0].ordinal, 2);
}

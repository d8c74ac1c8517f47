//! What is known of a service without calling it.

use std::time::Duration;

use rpc_core::descriptor::{Shape, identifier};
use rpc_core::{Context, RpcError, rpc_service};

/// Things and their
/// places.
#[rpc_service(name = "shop.Store", rename_all = "camelCase")]
trait Store {
    /// Finds one.
    #[rpc(idempotent, timeout = "1m", alias = "find", alias = "lookup")]
    async fn get_it(
        &self,
        cx: &Context,
        key: &str,
        tags: &[Vec<u8>],
        r#type: Option<&str>,
    ) -> Result<Vec<u8>, RpcError>;
    #[rpc(oneway, detach)]
    async fn log(&self, line: String);
    #[cfg(any())]
    async fn missing(&self);
    #[rpc(once)]
    async fn pay(&self, amount: u64);
    #[deprecated]
    async fn old(&self) -> std::collections::BTreeMap<String, (u8, [u16; 2])>;
}

#[test]
fn a_descriptor_tells_what_was_written() {
    let store = StoreClient::DESCRIPTOR;
    assert_eq!((store.name, store.docs), ("shop.Store", "Things and their\nplaces."));
    let places: Vec<_> = store.methods.iter().map(|method| (method.ordinal, method.name)).collect();
    assert_eq!(places, [(0, "getIt"), (1, "log"), (3, "pay"), (4, "old")]);

    let get = store.methods[0];
    assert_eq!((get.service, get.id, get.docs), ("shop.Store", identifier("getIt"), "Finds one."));
    assert_eq!(get.aliases, ["find", "lookup"]);
    let arguments: Vec<_> = get.arguments.iter().map(|argument| (argument.name, argument.type_name)).collect();
    assert_eq!(arguments, [("key", "&str"), ("tags", "&[Vec<u8>]"), ("type", "Option<&str>")]);
    assert_eq!((get.reply, get.error), ("Vec<u8>", Some("RpcError")));
    assert_eq!((get.timeout, get.shape), (Some(Duration::from_secs(60)), Shape::Unary));
    assert!(get.idempotent && !get.once && !get.oneway && !get.detach && !get.deprecated);

    let log = store.methods[1];
    assert_eq!((log.reply, log.error, log.timeout), ("()", None, None));
    assert!(log.oneway && log.detach && !log.idempotent);

    let pay = store.methods[2];
    assert!(pay.once && !pay.idempotent && !pay.oneway);

    let old = store.methods[3];
    assert_eq!(old.reply, "std::collections::BTreeMap<String, (u8, [u16; 2])>");
    assert!(old.deprecated);
}

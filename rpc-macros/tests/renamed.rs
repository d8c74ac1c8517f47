//! The framework under another name in the user's manifest: here, no crate is called `rpc_core`.

#![deny(warnings)]

use framework::rpc_service;

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Item(u8);

#[rpc_service(crate = framework)]
trait Renamed {
    async fn echo(&self, item: Item, lent: &Item, #[serde(default = "Vec::new")] data: Vec<u8>) -> Result<Item, Item>;
}

#[rpc_service(crate = ::framework)]
trait Absolute {
    async fn bytes(&self, data: &[u8]) -> Vec<u8>;
}

/// What a crate does that hands the framework on to its own users.
mod handed_on {
    pub(crate) use framework as inner;
}

#[rpc_service(crate = crate::handed_on::inner)]
trait HandedOn {
    async fn nothing(&self);
}

/// The same from a macro.
macro_rules! contract {
    ($name:ident) => {
        #[rpc_service(crate = $crate::handed_on::inner)]
        trait $name {
            async fn take(&self, item: Item) -> Item;
        }
    };
}

contract!(FromMacro);

struct Server;

impl Renamed for Server {
    async fn echo(&self, item: Item, lent: &Item, data: Vec<u8>) -> Result<Item, Item> {
        if item == *lent { Ok(item) } else { Err(Item(data.len().try_into().unwrap_or_default())) }
    }
}

impl Absolute for Server {
    async fn bytes(&self, data: &[u8]) -> Vec<u8> {
        data.to_vec()
    }
}

impl HandedOn for Server {
    async fn nothing(&self) {}
}

impl FromMacro for Server {
    async fn take(&self, item: Item) -> Item {
        item
    }
}

#[tokio::test]
async fn a_service_finds_the_framework_by_its_path() {
    let renamed = RenamedClient::in_process(Server);
    assert_eq!(renamed.echo(Item(1), &Item(1), Vec::new()).await.unwrap(), Item(1));
    let error = renamed.echo(Item(1), &Item(2), vec![0; 3]).await.unwrap_err();
    assert_eq!(error.service(), Some(&Item(3)));
    assert_eq!(AbsoluteClient::in_process(Server).bytes(&[1, 2]).await.unwrap(), [1, 2]);
    HandedOnClient::in_process(Server).nothing().await.unwrap();
    assert_eq!(FromMacroClient::in_process(Server).take(Item(4)).await.unwrap(), Item(4));
}

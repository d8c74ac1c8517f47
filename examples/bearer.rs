//! A bearer token in the metadata of each call: one is accepted, another is refused, and neither is printed.
//!
//! `cargo run --example bearer`

use std::hint::black_box;

use rpc_core::{Code, Context, RpcError, Server, rpc_service};

/// What a real program reads from its secret store, never from its source.
const TOKEN: &str = "0b79bab50daca910b000d4f1a2b675d604257e42";

/// Something worth guarding.
#[rpc_service]
trait Vault {
    /// Opens for those who have the token. The context is not an argument of the client's method.
    async fn open(&self, cx: &Context) -> Result<String, RpcError>;
}

struct Guarded {
    token: String,
}

impl Guarded {
    fn authorize(&self, cx: &Context) -> Result<(), RpcError> {
        let shown = cx.metadata().get("authorization").and_then(|value| value.strip_prefix("Bearer "));
        match shown {
            Some(shown) if is_same(shown.as_bytes(), self.token.as_bytes()) => Ok(()),
            // One answer for a missing and for a wrong token: a guesser learns nothing from it.
            _ => Err(RpcError::new(Code::Unauthenticated, "authorization failed")),
        }
    }
}

/// Looks at every byte, whatever it finds: `==` stops at the first difference, so that its time tells a guesser how
/// many bytes were right.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let differences =
        left.iter().zip(right).fold(0, |differences, (left, right)| black_box(differences | (left ^ right)));
    differences == 0
}

impl Vault for Guarded {
    async fn open(&self, cx: &Context) -> Result<String, RpcError> {
        self.authorize(cx)?;
        Ok("the vault is open".to_owned())
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let guarded = Guarded { token: TOKEN.to_owned() };
    let server = Server::builder().service(VaultServer::new(guarded)).bind("tcp://127.0.0.1:0").await?.spawn();
    let vault = VaultClient::connect(server.local_addr()).await?;

    // The loopback interface is as far as a token may travel without TLS.
    let right = vault.open().metadata("authorization", format!("Bearer {TOKEN}"));
    report("the right token", right.await);
    let wrong = vault.open().metadata("authorization", "Bearer guessed");
    report("another token", wrong.await);
    report("no token", vault.open().await);
    Ok(())
}

fn report(what: &str, outcome: Result<String, RpcError>) {
    match outcome {
        Ok(answer) => println!("{what}: {answer}"),
        Err(error) => println!("{what}: refused, {:?} {:?}", error.code(), error.message()),
    }
}

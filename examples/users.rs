//! A service with state: users whose names must be unique.
//!
//! `cargo run --example users`

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rpc_core::{CallError, Code, RpcError, Server, rpc_service};
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct User {
    name: String,
    email: String,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
enum RegisterError {
    #[error("the name {0:?} is taken")]
    NameTaken(String),
    #[error("a user needs a name")]
    NameMissing,
}

/// Who is known here.
#[rpc_service]
trait Users {
    /// An error type of its own, for what a caller is expected to handle.
    async fn register(&self, user: User) -> Result<(), RegisterError>;

    /// A status, where a code and a message say enough.
    async fn lookup(&self, name: &str) -> Result<User, RpcError>;

    /// Everyone, by name.
    async fn list(&self) -> Vec<User>;
}

#[derive(Default)]
struct Directory {
    users: RwLock<BTreeMap<String, User>>,
}

impl Users for Directory {
    async fn register(&self, user: User) -> Result<(), RegisterError> {
        if user.name.is_empty() {
            return Err(RegisterError::NameMissing);
        }
        // Looked up and taken under one lock: of two who come at once, one gets the name.
        match self.users.write().await.entry(user.name.clone()) {
            Entry::Occupied(taken) => Err(RegisterError::NameTaken(taken.key().clone())),
            Entry::Vacant(free) => {
                free.insert(user);
                Ok(())
            }
        }
    }

    async fn lookup(&self, name: &str) -> Result<User, RpcError> {
        let user = self.users.read().await.get(name).cloned();
        user.ok_or_else(|| RpcError::new(Code::NotFound, format!("there is no user {name:?}")))
    }

    async fn list(&self) -> Vec<User> {
        self.users.read().await.values().cloned().collect()
    }
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let directory = UsersServer::new(Directory::default());
    let server = Server::builder().service(directory).bind("tcp://127.0.0.1:0").await?.spawn();
    let users = UsersClient::connect(server.local_addr()).await?;

    for (name, email) in [("ada", "ada@example.org"), ("grace", "grace@example.org"), ("ada", "other@example.org")] {
        let user = User { name: name.to_owned(), email: email.to_owned() };
        match users.register(user).await {
            Ok(()) => println!("registered {name}"),
            Err(CallError::Service(refusal)) => println!("refused {email}: {refusal}"),
            Err(CallError::Rpc(error)) => return Err(error),
        }
    }

    println!("ada is {}", users.lookup("ada").await?.email);
    match users.lookup("eve").await {
        Err(error) if error.code() == Code::NotFound => println!("eve: {}", error.message()),
        other => drop(other?),
    }

    let names: Vec<String> = users.list().await?.into_iter().map(|user| user.name).collect();
    println!("everyone: {}", names.join(", "));
    Ok(())
}

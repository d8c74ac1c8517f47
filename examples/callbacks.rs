//! The server calls its clients: a room that tells each member what the others say.
//!
//! The members have no address that could be called. What the room tells them goes back over the connections that they
//! have made themselves, so it works from behind a router too.
//!
//! `cargo run --example callbacks`

use rpc_core::{Channel, Context, RpcError, Server, rpc_service};
use tokio::sync::{Mutex, mpsc};

/// What the members call.
#[rpc_service]
trait Room {
    /// From now on the member is told what others say. Gives how many there are.
    async fn join(&self, cx: &Context, name: &str) -> usize;

    /// Tells all others. Gives how many have heard it.
    async fn say(&self, name: &str, line: &str) -> usize;
}

/// What the room calls, at each member.
#[rpc_service]
trait Member {
    async fn hear(&self, line: &str);
}

#[derive(Default)]
struct Lounge {
    members: Mutex<Vec<(String, MemberClient)>>,
}

impl Room for Lounge {
    async fn join(&self, cx: &Context, name: &str) -> usize {
        // The way back to whoever calls; it may be kept, and fails once the member has gone.
        let member = MemberClient::new(cx.client());
        let mut members = self.members.lock().await;
        members.push((name.to_owned(), member));
        members.len()
    }

    async fn say(&self, name: &str, line: &str) -> usize {
        let others: Vec<(String, MemberClient)> =
            self.members.lock().await.iter().filter(|(other, _)| other != name).cloned().collect();
        let mut heard = 0;
        for (other, member) in others {
            match member.hear(&format!("{name}: {line}")).await {
                Ok(()) => heard += 1,
                Err(_) => self.members.lock().await.retain(|(member, _)| *member != other),
            }
        }
        heard
    }
}

/// A member's own end: it keeps what it hears.
struct Ear(mpsc::UnboundedSender<String>);

impl Member for Ear {
    async fn hear(&self, line: &str) {
        // Who listens no more does not mind.
        let _ = self.0.send(line.to_owned());
    }
}

/// A connection on which the room can call the member, and what the member hears.
async fn join(address: &str, name: &str) -> Result<(RoomClient, mpsc::UnboundedReceiver<String>), RpcError> {
    let (sender, heard) = mpsc::unbounded_channel();
    let channel = Channel::builder(address).service(MemberServer::new(Ear(sender))).connect().await?;
    let room = RoomClient::new(channel);
    println!("{name} is in the room, with {} in it", room.join(name).await?);
    Ok((room, heard))
}

#[tokio::main]
async fn main() -> Result<(), RpcError> {
    let server = Server::builder().service(RoomServer::new(Lounge::default())).bind("tcp://127.0.0.1:0").await?;
    let server = server.spawn();
    let address = server.local_addr().to_string();

    let (ann, mut at_ann) = join(&address, "ann").await?;
    let (bob, mut at_bob) = join(&address, "bob").await?;
    let (cid, mut at_cid) = join(&address, "cid").await?;

    println!("{} have heard ann", ann.say("ann", "Who has seen the cat?").await?);
    println!("bob hears   {}", at_bob.recv().await.unwrap_or_default());
    println!("cid hears   {}", at_cid.recv().await.unwrap_or_default());
    println!("{} have heard bob", bob.say("bob", "It is on the roof.").await?);
    println!("ann hears   {}", at_ann.recv().await.unwrap_or_default());

    // A member that has gone is noticed when it is called.
    drop(cid);
    while at_cid.recv().await.is_some() {}
    println!("cid has gone; {} has heard ann", ann.say("ann", "I get it.").await?);
    println!("bob hears   {}", at_bob.recv().await.unwrap_or_default());

    drop((ann, bob));
    println!("{}", server.shutdown().await);
    Ok(())
}

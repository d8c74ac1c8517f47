//! Both ways at once: three members of a room, each of whom sends lines and gets those of all.
//!
//! `cargo run --example chat`

use rpc_core::stream::{Stream, push};
use rpc_core::{Server, Streaming, rpc_service};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const MEMBERS: [&str; 3] = ["ann", "bob", "cid"];

/// Each line is an answer to the one before; then all say goodbye at once.
const SCRIPT: [(&str, &str); 5] = [
    ("ann", "Who has seen the cat?"),
    ("bob", "It was on the roof."),
    ("cid", "It is on my keyboard."),
    ("cid", "kkkkkkkkkk"),
    ("ann", "I come and get it."),
];

/// A room where everyone hears everyone.
#[rpc_service]
trait Room {
    /// A member is in the room until its lines end.
    async fn chat(&self, name: &str, lines: Streaming<String>) -> impl Stream<Item = String>;
}

struct Lounge {
    said: broadcast::Sender<String>,
}

impl Room for Lounge {
    async fn chat(&self, name: &str, mut lines: Streaming<String>) -> impl Stream<Item = String> {
        // One channel for all, so there is one order: a member's own lines come back to it at their place.
        let mut heard = self.said.subscribe();
        push(move |mut out| async move {
            out.send(format!("welcome, {name}")).await;
            loop {
                // Neither loses an item when the other is first.
                tokio::select! {
                    line = lines.next() => match line {
                        // Somebody hears it: this member at least.
                        Some(Ok(line)) => drop(self.said.send(format!("{name}: {line}"))),
                        // The member has left in good order, or was lost.
                        None | Some(Err(_)) => return,
                    },
                    line = heard.recv() => match line {
                        Ok(line) => out.send(line).await,
                        Err(RecvError::Lagged(missed)) => out.send(format!("you have missed {missed} lines")).await,
                        Err(RecvError::Closed) => return,
                    },
                }
            }
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let lounge = Lounge { said: broadcast::Sender::new(64) };
    let server = Server::builder().service(RoomServer::new(lounge)).bind("tcp://127.0.0.1:0").await?.spawn();

    let mut members = Vec::new();
    for name in MEMBERS {
        let room = RoomClient::connect(server.local_addr()).await?;
        let (say, mut said) = mpsc::channel(1);
        let lines = push(|mut out| async move {
            while let Some(line) = said.recv().await {
                out.send(line).await;
            }
        });
        let mut chat = room.chat(name, lines);
        // A stream starts when it is first polled, so this is how the member comes in.
        println!("{}", hear(&mut chat).await?);
        members.push((name, say, chat));
    }

    // Nobody speaks before all are in.
    let members: Vec<_> = members.into_iter().map(|(name, say, chat)| tokio::spawn(play(name, say, chat))).collect();
    let mut transcripts = Vec::new();
    for member in members {
        transcripts.push(member.await??);
    }
    let transcript = transcripts.pop().ok_or("nobody came")?;
    println!("\n{}\n", transcript.join("\n"));
    if transcripts.iter().any(|other| *other != transcript) {
        return Err("they have heard different things".into());
    }
    println!("all have heard these {} lines in this order", transcript.len());
    Ok(())
}

/// Plays a member's part, and gives what it has heard.
async fn play(name: &str, say: mpsc::Sender<String>, mut chat: Streaming<String>) -> Result<Vec<String>, Failure> {
    let mut heard = Vec::new();
    for (speaker, line) in SCRIPT {
        if speaker == name {
            say.send(line.to_owned()).await?;
        }
        heard.push(hear(&mut chat).await?);
    }
    say.send("Bye!".to_owned()).await?;
    for _ in MEMBERS {
        heard.push(hear(&mut chat).await?);
    }
    // Its lines end, and so the room ends its stream.
    drop(say);
    match chat.next().await {
        None => Ok(heard),
        Some(line) => Err(format!("{name} did not expect {line:?}").into()),
    }
}

async fn hear(chat: &mut Streaming<String>) -> Result<String, Failure> {
    Ok(chat.next().await.ok_or("the room is closed")??)
}

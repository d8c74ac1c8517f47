//! A channel whose every attempt to connect a test answers by hand.

use std::io;

use rpc_core::codec::Json;
use rpc_core::{Channel, ChannelBuilder};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant};

use crate::desk::DeskClient;
use crate::frames::{Hello, kind, reply};
use crate::peer::Peer;
use crate::{soon, within};

/// What is on the other side of a channel.
#[derive(Debug)]
pub struct Stage {
    attempts: mpsc::UnboundedReceiver<Attempt>,
}

/// A channel that is connecting.
#[derive(Debug)]
pub struct Attempt {
    answer: oneshot::Sender<io::Result<DuplexStream>>,
    /// When it began.
    pub at: Instant,
}

/// A channel that speaks JSON and connects at its first call, and its stage.
///
/// # Panics
///
/// When the settings contradict each other.
pub fn stage(settings: impl FnOnce(ChannelBuilder) -> ChannelBuilder) -> (Channel, Stage) {
    let (sender, attempts) = mpsc::unbounded_channel();
    let connect = move || {
        let (answer, answered) = oneshot::channel();
        let sent = sender.send(Attempt { answer, at: Instant::now() });
        async move {
            // A test that has ended answers nothing more.
            let gone = || io::Error::from(io::ErrorKind::ConnectionRefused);
            sent.map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        }
    };
    let channel = settings(Channel::builder("stage").codec(Json)).connector(connect).unwrap();
    (channel, Stage { attempts })
}

/// The id of the call that comes next.
///
/// # Panics
///
/// When none comes.
pub async fn called(peer: &mut Peer<DuplexStream>) -> u64 {
    loop {
        let frame = peer.frame().await;
        if frame.kind == kind::CALL {
            return frame.call;
        }
    }
}

/// Answers the call that comes next with a number.
///
/// # Panics
///
/// When none comes.
pub async fn answer(peer: &mut Peer<DuplexStream>, number: u64) {
    let call = called(peer).await;
    peer.put(&reply(call, number.to_string().as_bytes())).await;
}

impl Stage {
    /// The next attempt.
    ///
    /// # Panics
    ///
    /// When none comes within two minutes.
    pub async fn attempt(&mut self) -> Attempt {
        within(Duration::from_secs(120), self.attempts.recv()).await.expect("the channel is gone")
    }

    /// The next attempt succeeds, and greetings are exchanged.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn greet(&mut self) -> Peer<DuplexStream> {
        self.attempt().await.accept().greeted(&Hello::default()).await
    }

    /// Has a call made and answered, so that the channel has a connection that was of use.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub async fn used(&mut self, channel: &Channel) -> Peer<DuplexStream> {
        let call = tokio::spawn(DeskClient::new(channel.clone()).echo(1));
        let mut peer = self.greet().await;
        answer(&mut peer, 1).await;
        assert_eq!(soon(call).await.unwrap().unwrap(), 1);
        peer
    }

    /// Whether an attempt has begun by now.
    pub fn has_attempt(&mut self) -> bool {
        !self.attempts.is_empty()
    }
}

impl Attempt {
    /// Nobody is there.
    pub fn refuse(self) {
        // The channel may have gone.
        let _ = self.answer.send(Err(io::ErrorKind::ConnectionRefused.into()));
    }

    /// Somebody is, and has said nothing yet.
    pub fn accept(self) -> Peer<DuplexStream> {
        let (near, far) = duplex(64 * 1024);
        // The channel may have gone.
        let _ = self.answer.send(Ok(near));
        Peer::over(far)
    }
}

//! A peer that sends whatever a test wants and keeps no rule by itself.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::frames::{Frame, Hello, PREFACE, kind};
use crate::{soon, within};

/// One end of a stream, with raw frames on it.
#[derive(Debug)]
pub struct Peer<S = TcpStream> {
    stream: S,
    buffer: Vec<u8>,
    /// How long it waits for bytes.
    patience: Duration,
}

impl Peer {
    /// Connects to a server and says nothing.
    ///
    /// # Panics
    ///
    /// When nobody listens.
    pub async fn dial(address: &str) -> Self {
        let stream = TcpStream::connect(address.trim_start_matches("tcp://")).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// Connects, greets, and reads the server's greeting.
    ///
    /// # Panics
    ///
    /// When it does not greet.
    pub async fn greet(address: &str) -> Self {
        Self::greet_with(address, &Hello::default()).await
    }

    /// The same, with limits of the test's own.
    ///
    /// # Panics
    ///
    /// When the server does not greet.
    pub async fn greet_with(address: &str, hello: &Hello) -> Self {
        Self::dial(address).await.greeted(hello).await
    }

    /// Accepts a client's connection and exchanges greetings.
    ///
    /// # Panics
    ///
    /// When none comes.
    pub async fn accept(listener: &TcpListener, hello: &Hello) -> Self {
        let (stream, _) = soon(listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream).greeted(hello).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Uses a stream that is open.
    pub fn over(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), patience: Duration::from_secs(10) }
    }

    /// Waits longer for what comes: for tests whose clock does not run.
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Greets, and reads the other end's greeting.
    ///
    /// # Panics
    ///
    /// When it does not greet.
    pub async fn greeted(mut self, hello: &Hello) -> Self {
        self.send(&PREFACE).await;
        self.put(&hello.build()).await;
        self.read_greeting().await;
        self
    }

    /// Sends bytes.
    ///
    /// # Panics
    ///
    /// When the other end has gone.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.unwrap();
    }

    /// Sends bytes, if the other end still takes them.
    ///
    /// # Errors
    ///
    /// When it has gone.
    pub async fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Sends a frame.
    ///
    /// # Panics
    ///
    /// When the other end has gone.
    pub async fn put(&mut self, frame: &Frame) {
        self.send(&frame.bytes()).await;
    }

    /// Reads the preface and the HELLO.
    ///
    /// # Panics
    ///
    /// When something else comes.
    pub async fn read_greeting(&mut self) -> Frame {
        while self.buffer.len() < PREFACE.len() {
            assert!(self.fill().await, "closed before the preface");
        }
        assert_eq!(self.buffer.drain(..PREFACE.len()).collect::<Vec<_>>(), PREFACE);
        let hello = self.frame().await;
        assert_eq!(hello.kind, kind::HELLO);
        hello
    }

    /// The next frame.
    ///
    /// # Panics
    ///
    /// When the connection ends, or nothing comes.
    pub async fn frame(&mut self) -> Frame {
        self.next().await.expect("the connection was closed")
    }

    /// The next frame, or nothing when the connection is closed.
    ///
    /// # Panics
    ///
    /// When neither comes.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = Frame::take(&mut self.buffer) {
                return Some(frame);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// All frames until the connection is closed.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }

    /// All bytes until the connection is closed.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub async fn rest_of_bytes(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.buffer)
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        // The other end may have gone first.
        let _ = self.stream.shutdown().await;
    }

    async fn fill(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        match within(self.patience, self.stream.read(&mut bytes)).await {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.buffer.extend(&bytes[..count]);
                true
            }
        }
    }
}

//! Servers and clients over every transport and in every codec.

use std::sync::atomic::{AtomicUsize, Ordering};

use rpc_core::codec::{AnyCodec, Bincode, Json, MessagePack};
use rpc_core::{Channel, RpcError, Server, ServerBuilder, ServerHandle};
use tokio::sync::mpsc;

use crate::desk::{DeskClient, DeskServer, Watch, clerk};
use crate::soon;

/// How a client reaches its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A TCP socket on the loopback.
    Tcp,
    /// A Unix socket.
    Unix,
    /// A pipe by name.
    Memory,
    /// No server at all.
    InProcess,
}

/// Every transport.
pub const WAYS: [Way; 4] = [Way::Tcp, Way::Unix, Way::Memory, Way::InProcess];

/// Every codec, with its name for people.
pub fn codecs() -> Vec<(&'static str, AnyCodec)> {
    vec![
        ("MessagePack", AnyCodec::new(MessagePack::default())),
        ("compact MessagePack", AnyCodec::new(MessagePack::default().compact())),
        ("JSON", AnyCodec::new(Json)),
        ("bincode", AnyCodec::new(Bincode)),
    ]
}

/// An address that nobody else has.
pub fn address(way: Way) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    match way {
        Way::Tcp => "tcp://127.0.0.1:0".to_owned(),
        Way::Unix => format!("unix://{}/rpc-test-{process}-{number}.sock", std::env::temp_dir().display()),
        Way::Memory | Way::InProcess => format!("mem://test-{number}"),
    }
}

/// A server of the desk, and what its handlers and its log say.
#[derive(Debug)]
pub struct Office {
    /// The server.
    pub server: ServerHandle,
    /// What its handlers do.
    pub watch: Watch,
    /// Its address.
    pub address: String,
    errors: mpsc::UnboundedReceiver<RpcError>,
}

impl Office {
    /// A server over TCP with the defaults.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub async fn open() -> Self {
        Self::with(Way::Tcp, |builder| builder).await
    }

    /// A server with settings of the test's own.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub async fn with(way: Way, settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        Self::at(&address(way), settings).await
    }

    /// The same at an address of the test's own.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub async fn at(address: &str, settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let (clerk, watch) = clerk();
        let (sender, errors) = mpsc::unbounded_channel();
        let builder = Server::builder().service(DeskServer::new(clerk)).on_error(move |error| {
            // A test that has ended listens no more.
            let _ = sender.send(error.clone());
        });
        let server = settings(builder).bind(address).await.unwrap();
        let address = server.local_addr().to_string();
        Self { server: server.spawn(), watch, address, errors }
    }

    /// A client on a connection of its own.
    ///
    /// # Panics
    ///
    /// When it cannot connect.
    pub async fn client(&self) -> DeskClient {
        DeskClient::new(soon(Channel::connect(&self.address)).await.unwrap())
    }

    /// The next thing that the server's log says.
    ///
    /// # Panics
    ///
    /// When it says nothing for ten seconds.
    pub async fn error(&mut self) -> RpcError {
        soon(self.errors.recv()).await.expect("the server is gone")
    }

    /// Whether the log has more to say by now.
    pub fn has_error(&mut self) -> Option<RpcError> {
        self.errors.try_recv().ok()
    }

    /// Closes in good order; nothing may be left running.
    ///
    /// # Panics
    ///
    /// When something is.
    pub async fn close(self) {
        let report = soon(self.server.shutdown()).await;
        assert_eq!((report.cut_connections, report.cut_calls), (0, 0), "{report:?}");
    }
}

/// Runs `test` over every transport and in every codec.
///
/// # Panics
///
/// When the test does; what was printed last names transport and codec.
pub async fn everywhere(test: impl AsyncFn(DeskClient, &Watch)) {
    on_every_channel(async |channel, watch| test(DeskClient::new(channel), watch).await).await;
}

/// The same for a test that calls the desk by a trait of its own.
///
/// # Panics
///
/// When the test does; what was printed last names transport and codec.
pub async fn on_every_channel(test: impl AsyncFn(Channel, &Watch)) {
    for way in WAYS {
        for (name, codec) in codecs() {
            println!("{way:?}, {name}");
            if way == Way::InProcess {
                let (clerk, watch) = clerk();
                let channel = Channel::builder("").codec(codec).in_process(DeskServer::new(clerk));
                test(channel, &watch).await;
                continue;
            }
            let office = Office::with(way, |builder| builder).await;
            let channel = Channel::builder(&office.address).codec(codec).connect().await.unwrap();
            test(channel, &office.watch).await;
            office.close().await;
        }
    }
}

//! A thousand clients that lose their server at once.

use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use rpc_core::{Channel, ChannelState, Server, ServerHandle, rpc_service};
use tokio::io::{DuplexStream, copy_bidirectional, duplex};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Sorted;

const CLIENTS: usize = 1_000;

#[rpc_service]
trait Echo {
    async fn echo(&self, number: u64) -> u64;
}

struct Parrot;

impl Echo for Parrot {
    async fn echo(&self, number: u64) -> u64 {
        number
    }
}

/// Where clients find a server, or nobody.
#[derive(Default)]
struct Place {
    server: Mutex<Option<ServerHandle>>,
    /// What carries the bytes of the connections.
    relays: Mutex<Vec<AbortHandle>>,
    /// When clients connected.
    connected: Mutex<Vec<Instant>>,
}

impl Place {
    fn connect(&self) -> io::Result<DuplexStream> {
        let server = self.server.lock().unwrap();
        let server = server.as_ref().ok_or(io::ErrorKind::ConnectionRefused)?;
        let ((near, mut one), (mut other, far)) = (duplex(4 * 1024), duplex(4 * 1024));
        server.attach(far, "far");
        let relay = tokio::spawn(async move { copy_bidirectional(&mut one, &mut other).await });
        self.relays.lock().unwrap().push(relay.abort_handle());
        self.connected.lock().unwrap().push(Instant::now());
        Ok(near)
    }

    /// Opens, for a while.
    async fn open(&self, name: String) {
        let builder = Server::builder().service(EchoServer::new(Parrot));
        *self.server.lock().unwrap() = Some(builder.bind(format!("mem://{name}")).await.unwrap().spawn());
    }

    /// The server is gone with all its connections, without a word.
    fn vanish(&self) -> Option<ServerHandle> {
        self.relays.lock().unwrap().drain(..).for_each(|relay| relay.abort());
        self.connected.lock().unwrap().clear();
        self.server.lock().unwrap().take()
    }
}

/// F14. In virtual time, so that long outages are short tests: from a restart to an outage of minutes.
#[tokio::test(start_paused = true)]
#[cfg_attr(debug_assertions, ignore = "a figure")]
async fn a_thousand_clients_that_lose_their_server_come_back_one_after_the_other() {
    for outage in [2, 10, 60, 300] {
        let place = Arc::new(Place::default());
        place.open(format!("storm-{outage}-one")).await;
        let channels: Vec<Channel> = (0..CLIENTS)
            .map(|_| {
                let place = Arc::clone(&place);
                Channel::builder("place").connector(move || ready(place.connect())).unwrap()
            })
            .collect();
        let calls = channels.iter().map(|channel| EchoClient::new(channel.clone()).echo(1));
        for answer in join_all(calls).await {
            answer.unwrap();
        }
        let gone = place.vanish();
        tokio::time::sleep(Duration::from_secs(outage)).await;
        let back = Instant::now();
        place.open(format!("storm-{outage}-two")).await;
        let returns = channels.iter().map(|channel| async move {
            while channel.state() != ChannelState::Ready {
                channel.changed(channel.state()).await;
            }
            back.elapsed()
        });
        let returns = Sorted::new(tokio::time::timeout(Duration::from_secs(60), join_all(returns)).await.unwrap());
        let connected = place.connected.lock().unwrap().clone();
        assert_eq!(connected.len(), CLIENTS, "each connects once");
        let peak = connected
            .iter()
            .map(|start| connected.iter().filter(|at| (*start..*start + Duration::from_secs(1)).contains(at)).count())
            .max()
            .unwrap();
        println!("{CLIENTS} clients, {outage} s without a server: back after {returns}; {peak} in the busiest second");
        assert!(returns.longest() <= Duration::from_secs(35));
        drop((gone, channels));
    }
}

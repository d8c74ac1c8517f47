//! What a person on call reads when a server cannot be reached: one line, with method, peer, phase, time and delivery.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use rpc_core::testing::FaultProxy;
use rpc_core::{Channel, ChannelBuilder, Limits};
use tests::desk::DeskClient;
use tests::world::Office;
use tests::{masked, soon};
use tokio::net::TcpListener;

const LONG: Duration = Duration::from_millis(200);

/// A channel that connects at its first call.
fn lazy(address: &str, settings: impl FnOnce(ChannelBuilder) -> ChannelBuilder) -> DeskClient {
    DeskClient::new(settings(Channel::builder(address)).lazy().unwrap())
}

/// An address at which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("tcp://{}", listener.local_addr().unwrap())
}

/// A call that fails within its deadline, and what is said of it.
async fn said(desk: &DeskClient) -> String {
    masked(&soon(desk.echo(1).timeout(LONG)).await.unwrap_err())
}

/// The same, for one that waits for a connection until its deadline.
async fn said_in_the_end(desk: &DeskClient) -> String {
    masked(&soon(desk.echo(1).timeout(LONG).wait_for_ready()).await.unwrap_err())
}

#[tokio::test]
async fn refused() {
    let desk = lazy(&nobody().await, |builder| builder);
    assert_eq!(
        said(&desk).await,
        "unavailable: cannot connect: Connection refused (os error 111); is the server running, and is this its \
         address? (Desk.echo, at tcp://127.0.0.1:PORT, while connecting, after TIME, not sent)"
    );
    assert_eq!(
        said_in_the_end(&desk).await,
        "deadline exceeded: no connection came before the deadline; the last attempt: cannot connect: Connection \
         refused (os error 111); is the server running, and is this its address? (Desk.echo, at \
         tcp://127.0.0.1:PORT, while connecting, after TIME, not sent)"
    );
}

#[tokio::test]
async fn none_of_several_addresses() {
    let desk = lazy(&nobody().await, |builder| builder.or("unix:///no/such/socket"));
    assert_eq!(
        said(&desk).await,
        "unavailable: cannot connect: No such file or directory (os error 2); there is no such socket (Desk.echo, at \
         unix:///no/such/socket, while connecting, after TIME, not sent)"
    );
}

/// The system's own words differ from machine to machine.
#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let desk = lazy("tcp://no-such-host.invalid:4000", |builder| builder);
    let text = masked(&tests::within(Duration::from_secs(30), desk.echo(1)).await.unwrap_err());
    let (start, end) = text.split_once("does not resolve: ").unwrap();
    assert_eq!(start, "unavailable: cannot connect: the host ");
    let (_, end) = end.split_once(" (Desk.echo").unwrap();
    assert_eq!(end, ", at tcp://no-such-host.invalid:4000, while connecting, after TIME, not sent)");
}

/// The first call of a lazy channel goes out with the greeting, so it may have come.
#[tokio::test]
async fn a_server_that_accepts_and_never_speaks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let limits = Limits::default().with_handshake(LONG / 2);
    assert_eq!(
        said(&lazy(&address, |builder| builder)).await,
        "deadline exceeded: no answer came before the deadline (Desk.echo, at tcp://127.0.0.1:PORT, while waiting for \
         the answer, after TIME, unknown whether executed)"
    );
    let desk = lazy(&address, |builder| builder.limits(limits.clone()));
    assert_eq!(
        said(&desk).await,
        "unavailable: no HELLO came within 0.1 s (Limits::handshake); check that the port is an RPC server's \
         (Desk.echo, at tcp://127.0.0.1:PORT, while waiting for the answer, after TIME, unknown whether executed)"
    );
    assert_eq!(
        said(&desk).await,
        "unavailable: no HELLO came within 0.1 s (Limits::handshake); check that the port is an RPC server's \
         (Desk.echo, at tcp://127.0.0.1:PORT, in the handshake, after TIME, not sent)"
    );
    let error = soon(Channel::builder(&address).limits(limits).connect()).await.unwrap_err();
    assert_eq!(
        masked(&error),
        "unavailable: no HELLO came within 0.1 s (Limits::handshake); check that the port is an RPC server's \
         (at tcp://127.0.0.1:PORT, in the handshake, not sent)"
    );
}

#[tokio::test]
async fn a_server_that_closes_at_once_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Otherwise the client may learn of it by a reset, in words of the system's.
            let _ = tokio::io::copy(&mut tokio::io::AsyncReadExt::take(stream, 60), &mut tokio::io::sink()).await;
        }
    });
    let desk = lazy(&address, |builder| builder);
    let first = said(&desk).await;
    assert!(first.starts_with("unavailable: "), "{first}");
    assert!(
        first.ends_with(
            " (Desk.echo, at tcp://127.0.0.1:PORT, while waiting for the answer, after TIME, unknown \
                             whether executed)"
        ),
        "{first}"
    );
    let next = said(&desk).await;
    assert!(next.ends_with(" (Desk.echo, at tcp://127.0.0.1:PORT, in the handshake, after TIME, not sent)"), "{next}");
    let last = said_in_the_end(&desk).await;
    assert!(
        last.starts_with("deadline exceeded: no connection came before the deadline; the last attempt: "),
        "{last}"
    );
    assert!(last.ends_with(", while connecting, after TIME, not sent)"), "{last}");
}

/// A network that swallows everything: the deadline of the call, or that of the greeting.
#[tokio::test]
async fn a_black_hole() {
    let office = Office::open().await;
    let proxy = FaultProxy::builder(&office.address).start().await.unwrap();
    let limits = Limits::default().with_handshake(LONG / 2);
    let desk = DeskClient::new(Channel::builder(proxy.local_addr()).limits(limits.clone()).connect().await.unwrap());
    proxy.black_hole(true);
    assert_eq!(
        said(&desk).await,
        "deadline exceeded: no answer came before the deadline (Desk.echo, at tcp://127.0.0.1:PORT, while waiting for \
         the answer, after TIME, unknown whether executed)"
    );
    let error = soon(Channel::builder(proxy.local_addr()).limits(limits).connect()).await.unwrap_err();
    assert_eq!(
        masked(&error),
        "unavailable: no HELLO came within 0.1 s (Limits::handshake); check that the port is an RPC server's \
         (at tcp://127.0.0.1:PORT, in the handshake, not sent)"
    );
}

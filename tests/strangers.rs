//! Peers that are no peers: another protocol on the port, silence, nobody at all.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use rpc_core::codec::{AnyCodec, Codec, DecodeError, EncodeError, Json, Output};
use rpc_core::{Channel, Code, Delivery, Limits, Server};
use serde::Serialize;
use serde::de::DeserializeSeed;
use tests::frames::{Frame, Hello, PREFACE, call, kind};
use tests::peer::Peer;
use tests::world::{Office, Way, address};
use tests::{masked, soon, within};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const SECOND: Duration = Duration::from_secs(1);
const TLS: &[u8] = &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, 0x5A];
const RANDOM: &[u8] = &[0x8B, 0x13, 0xF7, 0x00, 0x42, 0x99, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06];

/// F18: HTTP, TLS, SSH or noise on the port: closed within a second, with one line in the log.
#[tokio::test]
async fn a_server_names_the_protocol_of_a_stranger_and_closes_at_once() {
    let mut office = Office::open().await;
    let desk = office.client().await;
    let held = tokio::spawn(desk.hold(1));
    office.watch.next().await;
    for (bytes, what) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], "the peer speaks HTTP, not this protocol"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "the peer speaks HTTP/2 (perhaps gRPC), not this protocol"),
        (TLS, "the peer speaks TLS, not this protocol"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "the peer speaks SSH, not this protocol"),
        (RANDOM, "the peer does not speak this protocol (its first bytes are strange)"),
        (b"\n", "the peer does not speak this protocol (its first bytes are strange)"),
    ] {
        let mut stranger = Peer::dial(&office.address).await;
        stranger.send(bytes).await;
        within(SECOND, stranger.rest_of_bytes()).await;
        let error = office.error().await;
        assert_eq!(error.code(), Code::FailedPrecondition);
        assert_eq!(
            masked(&error),
            format!("failed precondition: {what}; check address and port (at tcp://127.0.0.1:PORT)")
        );
        assert_eq!(soon(desk.echo(5)).await.unwrap(), 5, "a good client notices nothing");
    }
    assert!(office.has_error().is_none(), "one line each");
    office.watch.release(1);
    assert_eq!(soon(held).await.unwrap().unwrap(), 1);
    office.close().await;
}

/// F17: a version that the server does not speak is refused with the reason.
#[tokio::test]
async fn a_server_explains_itself_to_another_version() {
    let mut office = Office::open().await;
    let mut stranger = Peer::dial(&office.address).await;
    stranger.send(&[0xF7, b'R', b'P', b'C', 0x0D, 0x0A, 7, 0]).await;
    stranger.read_greeting().await;
    let (last, reason, text) = stranger.frame().await.goaway();
    assert_eq!((last, reason), (0, 2));
    assert_eq!(text, "the peer speaks version 7 of the protocol, this end version 1; update the older one");
    assert!(stranger.next().await.is_none());
    assert_eq!(office.error().await.code(), Code::Unimplemented);
    office.close().await;
}

#[tokio::test]
async fn a_server_waits_for_a_hello_no_longer_than_it_may() {
    let limits = Limits::default().with_handshake(Duration::from_millis(200));
    for sent in [&[][..], &PREFACE[..3], &PREFACE[..], &[&PREFACE[..], &[9, 0, 0, 0, 0, 0]].concat()] {
        let mut office = Office::with(Way::Tcp, |builder| builder.limits(limits.clone())).await;
        let desk = office.client().await;
        let mut silent = Peer::dial(&office.address).await;
        silent.send(sent).await;
        silent.read_greeting().await;
        let (last, reason, text) = silent.frame().await.goaway();
        assert_eq!((last, reason, text.as_str()), (0, 6, "no HELLO came"));
        assert!(silent.next().await.is_none());
        let error = office.error().await;
        assert!(error.message().starts_with("no HELLO came within 0.2 s (Limits::handshake)"), "{error}");
        assert_eq!(soon(desk.echo(5)).await.unwrap(), 5, "a good client notices nothing");
        office.close().await;
    }
}

#[tokio::test]
async fn a_server_waits_for_the_rest_of_a_frame_no_longer_than_it_may() {
    let limits = Limits::default().with_stall(Duration::from_millis(200));
    let frame = call(1, "echo", r#"{"number":7}"#).bytes();
    for cut in [1, 15, 16, 20, frame.len() - 1] {
        let mut office = Office::with(Way::Tcp, |builder| builder.limits(limits.clone())).await;
        let desk = office.client().await;
        let mut peer = Peer::greet(&office.address).await;
        peer.send(&frame[..cut]).await;
        within(Duration::from_secs(3), peer.rest_of_bytes()).await;
        let error = office.error().await;
        assert_eq!(error.message(), "the peer left a frame half sent for 0.2 s (Limits::stall)");
        assert_eq!(soon(desk.echo(5)).await.unwrap(), 5, "a good client that is silent between frames stays");
        office.close().await;
    }
}

#[tokio::test]
async fn a_server_takes_a_greeting_and_a_call_byte_by_byte() {
    let office = Office::open().await;
    let mut peer = Peer::dial(&office.address).await;
    let call = call(1, "echo", r#"{"number":7}"#);
    for byte in [&PREFACE[..], &Hello::default().build().bytes(), &call.bytes()].concat() {
        peer.send(&[byte]).await;
    }
    peer.read_greeting().await;
    assert_eq!(peer.frame().await.reply(), b"7");
    drop(peer);
    office.close().await;
}

/// A server that answers every connection with these bytes; it then closes, or keeps silent.
async fn stranger(bytes: Vec<u8>, closes: bool) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            // The client may have gone already.
            let _ = stream.write_all(&bytes).await;
            if closes {
                let _ = stream.shutdown().await;
            }
            kept.push(stream);
        }
    });
    (address, task)
}

async fn refusal(address: &str) -> String {
    let builder = Channel::builder(address).limits(Limits::default().with_handshake(Duration::from_millis(200)));
    let error = soon(builder.connect()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.peer().is_some(), error.code() != Code::InvalidArgument);
    masked(&error)
}

/// F17, F18, G12: another version, another protocol, and a server that never says HELLO.
#[tokio::test]
async fn a_client_says_what_answers_in_place_of_a_server() {
    let other_version = [&PREFACE[..6], &[2, 0]].concat();
    for (bytes, closes, expected) in [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            true,
            "failed precondition: the peer speaks HTTP, not this protocol; check address and port \
             (at tcp://127.0.0.1:PORT, in the handshake, not sent)",
        ),
        (
            b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
            false,
            "failed precondition: the peer speaks SSH, not this protocol; check address and port \
             (at tcp://127.0.0.1:PORT, in the handshake, not sent)",
        ),
        (
            vec![0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x32],
            true,
            "failed precondition: the peer speaks TLS, not this protocol; check address and port \
             (at tcp://127.0.0.1:PORT, in the handshake, not sent)",
        ),
        (
            RANDOM.to_vec(),
            false,
            "failed precondition: the peer does not speak this protocol (its first bytes are strange); \
             check address and port (at tcp://127.0.0.1:PORT, in the handshake, not sent)",
        ),
        (
            other_version,
            false,
            "unimplemented: the peer speaks version 2 of the protocol, this end version 1; update the older one \
             (at tcp://127.0.0.1:PORT, in the handshake, not sent)",
        ),
        (
            vec![],
            true,
            "unavailable: the peer closed the connection before its HELLO; check that the port is an RPC server's \
             (at tcp://127.0.0.1:PORT, in the handshake, not sent)",
        ),
        (
            vec![],
            false,
            "unavailable: no HELLO came within 0.2 s (Limits::handshake); check that the port is an RPC server's \
             (at tcp://127.0.0.1:PORT, in the handshake, not sent)",
        ),
    ] {
        let (address, task) = stranger(bytes, closes).await;
        assert_eq!(refusal(&address).await, expected);
        task.abort();
    }
}

#[tokio::test]
async fn a_server_that_says_goodbye_at_once_is_quoted() {
    let goodbye = tests::frames::goaway(0, 3, "this server is for members");
    let bytes = [&PREFACE[..], &Hello::default().build().bytes(), &goodbye.bytes()].concat();
    let (address, task) = stranger(bytes, false).await;
    assert_eq!(
        refusal(&address).await,
        "unauthenticated: the peer closed the connection: this server is for members \
         (at tcp://127.0.0.1:PORT, in the handshake, not sent)"
    );
    task.abort();
}

#[tokio::test]
async fn an_address_with_nobody_there_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(
        refusal(&format!("tcp://{free}")).await,
        "unavailable: cannot connect: Connection refused (os error 111); is the server running, and is this its \
         address? (at tcp://127.0.0.1:PORT, while connecting, not sent)"
    );
    assert_eq!(
        refusal("unix:///nowhere/at/all.sock").await,
        "unavailable: cannot connect: No such file or directory (os error 2); there is no such socket \
         (at unix:///nowhere/at/all.sock, while connecting, not sent)"
    );
    assert_eq!(
        refusal("mem://nobody").await,
        "unavailable: cannot connect: connection refused; is the server running, and is this its address? \
         (at mem://nobody, while connecting, not sent)"
    );
}

#[tokio::test]
async fn a_wrong_address_says_what_to_write() {
    for (address, why) in [
        ("127.0.0.1:80", "it has no scheme; write tcp://host:port, unix:///path or mem://name"),
        ("tcp://localhost", "it has no host and port, a number up to 65535; write tcp://host:port"),
        ("http://localhost:80", "its scheme is not known; write tcp://host:port, unix:///path or mem://name"),
        ("tls://localhost:80", "TLS is not available in this version; use tcp:// behind a TLS proxy"),
        ("unix://", "it has no path; write unix:///path"),
    ] {
        let expected = format!("invalid argument: the address {address:?} cannot be used: {why}");
        let error = soon(Channel::connect(address)).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        let error = soon(Server::builder().bind(address)).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn an_address_in_use_says_so() {
    for way in [Way::Tcp, Way::Unix, Way::Memory] {
        let first = Server::builder().bind(&address(way)).await.unwrap();
        let address = first.local_addr().to_string();
        let error = soon(Server::builder().bind(&address)).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        let system = if way == Way::Memory { "address in use" } else { "Address already in use (os error 98)" };
        assert_eq!(
            masked(&error),
            masked(&format!(
                "unavailable: cannot listen at {address}: {system}; another server has it: stop that one, or take \
                 another port (0 takes any)"
            ))
        );
        drop(first);
        drop(soon(Server::builder().bind(&address)).await.unwrap());
    }
}

/// JSON under a name that no server knows.
struct Odd;

impl Codec for Odd {
    fn name(&self) -> &str {
        "odd"
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        Json.encode(value, out)
    }

    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        Json.decode_seed(seed, bytes)
    }
}

#[tokio::test]
async fn a_codec_that_the_server_does_not_have_is_named_with_those_it_has() {
    let office = Office::open().await;
    let error = soon(Channel::builder(&office.address).codec(Odd).connect()).await.unwrap_err();
    assert_eq!(
        masked(&error),
        "unimplemented: the server does not have the codec \"odd\"; it has messagepack, json, bincode. Enable it \
         there with ServerBuilder::codec, or choose another with ChannelBuilder::codec \
         (at tcp://127.0.0.1:PORT, in the handshake, not sent)"
    );
    // A call that was made before the server's HELLO is refused alone.
    let lazy = tests::desk::DeskClient::new(Channel::builder(&office.address).codec(Odd).lazy().unwrap());
    let error = soon(lazy.echo(1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unimplemented, Delivery::NotExecuted));
    assert!(error.message().contains("\"odd\""), "{error}");
    office.close().await;

    let office = Office::with(Way::Tcp, |builder| builder.codec(Odd)).await;
    let channel = Channel::builder(&office.address).codec(AnyCodec::new(Odd)).connect().await.unwrap();
    assert_eq!(soon(tests::desk::DeskClient::new(channel).echo(1)).await.unwrap(), 1);
    office.close().await;
}

/// F18: the rest is not read.
#[tokio::test]
async fn what_comes_after_a_strange_start_is_not_looked_at() {
    let mut office = Office::open().await;
    let mut stranger = Peer::dial(&office.address).await;
    let mut bytes = b"GET ".to_vec();
    bytes.extend(Frame::new(kind::CALL, 1, vec![0; 60_000]).bytes());
    // The server may close before all is taken.
    let _ = stranger.try_send(&bytes).await;
    stranger.rest_of_bytes().await;
    assert!(office.error().await.message().contains("HTTP"));
    assert_eq!(office.watch.so_far(), []);
    office.close().await;
}

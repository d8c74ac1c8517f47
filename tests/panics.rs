//! A handler that panics ends its own call and nothing else, and its caller does not learn the text.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests assert by panicking, and some of these must")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rpc_core::{Channel, Code, Delivery, Limits, RpcError, Server, rpc_service};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Office, Way, address, everywhere};

const SECRET: &str = "swordfish";

/// B11: at once, or after the handler has waited.
#[tokio::test]
async fn a_panic_ends_its_call_and_keeps_its_text() {
    everywhere(async |desk, watch| {
        let bystander = tokio::spawn(desk.hold(1));
        watch.next().await;
        for later in [false, true, false] {
            let error = soon(desk.fail(later)).await.unwrap_err();
            assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed));
            assert!(incident(&error).is_some(), "{error}");
            assert!(!format!("{error} {error:?}").contains(SECRET));
            assert_eq!(soon(desk.echo(7)).await.unwrap(), 7, "the connection lives");
        }
        watch.release(1);
        assert_eq!(soon(bystander).await.unwrap().unwrap(), 1, "so do the other calls");
    })
    .await;
}

/// The number by which the caller of a handler that has panicked can ask the operator.
fn incident(error: &RpcError) -> Option<&str> {
    let number = error.message().strip_prefix("the handler panicked (incident ")?.strip_suffix(')')?;
    (number.len() == 8).then_some(number)
}

/// B11: the operator finds in the log what the caller was told, and nothing of the panic's text.
#[tokio::test]
async fn a_panic_has_a_number_that_both_ends_are_told() {
    let mut office = Office::open().await;
    let desk = office.client().await;
    let mut numbers = Vec::new();
    for later in [false, true] {
        let error = soon(desk.fail(later)).await.unwrap_err();
        let told = office.error().await;
        assert_eq!((told.message(), told.method()), (error.message(), Some("Desk.fail")));
        assert!(told.peer().is_some() && !told.to_string().contains(SECRET), "{told}");
        numbers.push(incident(&error).unwrap().to_owned());
    }
    assert_ne!(numbers.first(), numbers.last());
}

#[tokio::test]
async fn panics_lose_no_slots() {
    let settings = |builder: rpc_core::ServerBuilder| {
        builder.limits(Limits::default().with_calls(16)).max_running(2).max_waiting(0, Duration::ZERO)
    };
    let office = Office::with(Way::Tcp, settings).await;
    let desk = office.client().await;
    for round in 0..100 {
        soon(desk.fail(round % 2 == 0)).await.unwrap_err();
    }
    let two = (tokio::spawn(desk.hold(1)), tokio::spawn(desk.hold(2)));
    office.watch.next().await;
    office.watch.next().await;
    office.watch.release(2);
    assert_eq!((soon(two.0).await.unwrap().unwrap(), soon(two.1).await.unwrap().unwrap()), (1, 2));
    office.close().await;
}

/// A value that panics where it is told to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trap {
    Safe,
    Decode,
    Encode,
    Drop,
}

impl Serialize for Trap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(*self != Self::Encode, "{SECRET}");
        serializer.serialize_u8(*self as u8)
    }
}

impl<'de> Deserialize<'de> for Trap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = [Self::Safe, Self::Decode, Self::Encode, Self::Drop];
        let trap = *all.get(usize::from(u8::deserialize(deserializer)?)).unwrap();
        assert!(trap != Self::Decode || std::thread::current().name() == Some("client"), "{SECRET}");
        Ok(trap)
    }
}

/// A result that panics when it is dropped after it was sent.
#[derive(Serialize, Deserialize)]
struct Sticky(Trap);

impl Drop for Sticky {
    fn drop(&mut self) {
        assert!(self.0 != Trap::Drop || std::thread::panicking(), "{SECRET}");
    }
}

#[rpc_service]
trait Traps {
    async fn take(&self, trap: Trap) -> u8;
    async fn give(&self, trap: Trap) -> Trap;
    async fn stick(&self, number: u8) -> Sticky;
    async fn cling(&self, millis: u64) -> u8;
    async fn burst(&self, later: bool);
}

struct Room;

impl Traps for Room {
    async fn take(&self, trap: Trap) -> u8 {
        trap as u8
    }

    async fn give(&self, trap: Trap) -> Trap {
        trap
    }

    async fn stick(&self, number: u8) -> Sticky {
        Sticky(if number == 3 { Trap::Drop } else { Trap::Safe })
    }

    async fn cling(&self, millis: u64) -> u8 {
        let _held = Sticky(Trap::Drop);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        0
    }

    async fn burst(&self, later: bool) {
        if later {
            tokio::task::yield_now().await;
        }
        std::panic::panic_any(Sticky(Trap::Drop));
    }
}

async fn room() -> (TrapsClient, rpc_core::ServerHandle) {
    let builder = Server::builder().service(TrapsServer::new(Room)).limits(Limits::default().with_calls(16));
    let server = builder.bind(&address(Way::Tcp)).await.unwrap().spawn();
    let channel = Channel::connect(&server.local_addr().to_string()).await.unwrap();
    (TrapsClient::new(channel), server)
}

#[tokio::test]
async fn arguments_that_panic_while_they_are_read_fail_their_call() {
    let (room, server) = room().await;
    let error = soon(room.take(Trap::Decode)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::NotExecuted));
    assert!(!format!("{error:?}").contains(SECRET));
    assert_eq!(soon(room.take(Trap::Safe)).await.unwrap(), 0, "the connection lives");
    soon(server.shutdown()).await;
}

/// B13: the result is written, and panics when it is dropped.
#[tokio::test]
async fn a_result_that_panics_while_it_is_written_fails_its_call() {
    let (room, server) = room().await;
    // The client writes a number, and the server's value is the trap.
    let error = soon(room.stick(3)).await.map(drop).unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed));
    assert!(!format!("{error:?}").contains(SECRET));
    assert_eq!(soon(room.give(Trap::Safe)).await.unwrap(), Trap::Safe, "the connection lives");
    soon(server.shutdown()).await;
}

#[tokio::test]
async fn a_handler_that_panics_while_it_is_dropped_gives_its_slot_back() {
    let (room, server) = room().await;
    for _ in 0..20 {
        let error = soon(room.cling(60_000).timeout(Duration::from_millis(5))).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
    }
    assert_eq!(soon(room.take(Trap::Safe)).await.unwrap(), 0, "there are slots");
    while server.calls() > 0 {
        tokio::task::yield_now().await;
    }
    let report = soon(server.shutdown()).await;
    assert_eq!(report.cut_calls, 0);
}

/// What a handler panics with is a value of its own, and it is dropped by whoever caught it.
#[tokio::test]
async fn a_panic_whose_payload_panics_too_ends_its_call_and_nothing_else() {
    let (room, server) = room().await;
    let bystander = tokio::spawn(room.cling(60_000));
    for later in [false, true, false] {
        let error = soon(room.burst(later)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed), "{error}");
        assert!(incident(&error).is_some(), "{error}");
        assert_eq!(soon(room.take(Trap::Safe)).await.unwrap(), 0, "the connection lives");
    }
    assert!(!bystander.is_finished());
    bystander.abort();
    drop(room);
    soon(async {
        while server.connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let report = soon(server.shutdown()).await;
    assert_eq!(report.connections, 0, "{report}");
}

#[tokio::test]
async fn a_hook_that_panics_ends_neither_the_server_nor_its_connections() {
    let hooked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hooked);
    let settings = |builder: rpc_core::ServerBuilder| {
        builder.max_connections(2).on_error(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            panic!("{SECRET}");
        })
    };
    let office = Office::with(Way::Tcp, settings).await;
    let first = office.client().await;
    let held = tokio::spawn(first.hold(1));
    office.watch.next().await;
    let mut rude = Peer::greet(&office.address).await;
    // Called where connections are accepted, and where one ends.
    soon(Channel::connect(&office.address)).await.unwrap_err();
    rude.send(&[0xFF; 64]).await;
    rude.rest().await;
    soon(async {
        while hooked.load(Ordering::SeqCst) < 2 || office.server.connections() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(soon(office.client().await.echo(2)).await.unwrap(), 2, "who comes next is let in");
    office.watch.release(1);
    assert_eq!(soon(held).await.unwrap().unwrap(), 1);
    office.close().await;
}

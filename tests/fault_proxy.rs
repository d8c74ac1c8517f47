//! The proxy that is a bad network: what each fault looks like at both ends, and what calls make of it.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::io::ErrorKind;
use std::time::Duration;

use rpc_core::testing::{Direction, FaultProxy, Faults};
use rpc_core::{Address, Channel, Code, Delivery};
use tests::desk::{DeskClient, Event, pattern};
use tests::soon;
use tests::world::Office;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A server of bytes, a proxy in front of it, and as many connections through it as a test wants.
struct Bench {
    listener: TcpListener,
    proxy: FaultProxy,
}

impl Bench {
    async fn new(faults: Faults) -> Self {
        Self::with_seed(faults, 1).await
    }

    async fn with_seed(faults: Faults, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Address::Tcp(listener.local_addr().unwrap().to_string());
        let proxy = FaultProxy::builder(target).seed(seed).faults(faults).start().await.unwrap();
        Self { listener, proxy }
    }

    async fn dial(&self) -> TcpStream {
        soon(TcpStream::connect(host(self.proxy.local_addr()))).await.unwrap()
    }

    /// Both ends of one connection.
    async fn pair(&self) -> (TcpStream, TcpStream) {
        let client = self.dial().await;
        (client, soon(self.listener.accept()).await.unwrap().0)
    }

    /// Waits until the proxy has passed so many bytes.
    async fn passed(&self, bytes: (u64, u64)) {
        soon(until(|| self.proxy.passed() == bytes)).await;
    }
}

fn host(address: &Address) -> String {
    address.to_string().trim_start_matches("tcp://").to_owned()
}

/// Ready when it is so; whoever else has something to do is let run in between.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// All that comes, and how it ends.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut bytes = Vec::new();
    let end = soon(stream.read_to_end(&mut bytes)).await;
    (bytes, end.map(drop).map_err(|error| error.kind()))
}

async fn take(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// Whether nothing has come by now.
fn is_silent(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0; 1]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

const RESET: Result<(), ErrorKind> = Err(ErrorKind::ConnectionReset);

#[tokio::test]
async fn without_faults_bytes_and_ends_pass_both_ways() {
    let bench = Bench::new(Faults::none()).await;
    let (mut client, mut server) = bench.pair().await;
    let long = pattern(1_000_000);
    let (sent, got) = tokio::join!(client.write_all(&long), take(&mut server, long.len()));
    sent.unwrap();
    assert!(got == long);
    server.write_all(b"answer").await.unwrap();
    assert_eq!(take(&mut client, 6).await, b"answer");
    assert_eq!(bench.proxy.passed(), (1_000_000, 6));
    assert_eq!((bench.proxy.connections(), bench.proxy.opened()), (1, 1));

    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut server).await, (vec![], Ok(())));
    server.write_all(b"afterwards").await.unwrap();
    drop(server);
    assert_eq!(rest(&mut client).await, (b"afterwards".to_vec(), Ok(())));
    soon(until(|| bench.proxy.connections() == 0)).await;
    assert_eq!(bench.proxy.opened(), 1);
}

#[tokio::test]
async fn a_reset_of_one_end_is_a_reset_at_the_other() {
    let bench = Bench::new(Faults::none()).await;
    let (mut client, mut server) = bench.pair().await;
    server.write_all(b"unread").await.unwrap();
    bench.passed((0, 6)).await;
    soon(client.readable()).await.unwrap();
    // What is not read makes the system say RST.
    drop(std::mem::replace(&mut client, bench.dial().await));
    assert_eq!(rest(&mut server).await, (vec![], RESET));
}

#[tokio::test]
async fn delays_and_trickles_take_their_time_and_change_nothing() {
    let bench = Bench::new(Faults::none().delay(ms(3)..ms(6)).trickle(10)).await;
    let (mut client, mut server) = bench.pair().await;
    for direction in 0..2 {
        let begun = Instant::now();
        client.write_all(&pattern(95)).await.unwrap();
        assert_eq!(take(&mut server, 95).await, pattern(95));
        // Ten writes; the system's timers are not finer than a millisecond.
        assert!(begun.elapsed() >= ms(10 * 2), "direction {direction}: {:?}", begun.elapsed());
        std::mem::swap(&mut client, &mut server);
    }
}

#[tokio::test]
async fn a_new_pace_holds_for_open_connections_and_what_waits_in_them() {
    let bench = Bench::new(Faults::none().delay(Duration::MAX..Duration::MAX)).await;
    let (mut client, mut server) = bench.pair().await;
    client.write_all(b"late").await.unwrap();
    bench.proxy.set(Faults::none().cut_after(2));
    assert_eq!(take(&mut server, 4).await, b"late", "cuts are for new connections");
    assert_eq!(bench.proxy.passed(), (4, 0));
}

#[tokio::test]
async fn a_cut_resets_both_ends_at_its_byte_in_either_direction() {
    let bench = Bench::new(Faults::none().cut_after(1000)).await;
    for round in 1..=2 {
        let (mut near, mut far) = bench.pair().await;
        let (client, server) = if round == 1 { (&mut near, &mut far) } else { (&mut far, &mut near) };
        client.write_all(&pattern(999)).await.unwrap();
        assert_eq!(take(server, 999).await, pattern(999));
        client.write_all(&pattern(500)).await.unwrap();
        let (last, end) = rest(server).await;
        assert_eq!(end, RESET);
        assert!(last.len() <= 1, "{} more bytes came", last.len());
        assert_eq!(rest(client).await, (vec![], RESET));
        assert_eq!(bench.proxy.passed(), (1000, 1000 * (round - 1)));
    }
}

#[tokio::test]
async fn a_cut_at_zero_resets_what_has_just_been_opened() {
    let bench = Bench::new(Faults::none().cut_after(0)).await;
    let (mut client, mut server) = bench.pair().await;
    assert_eq!((rest(&mut client).await, rest(&mut server).await), ((vec![], RESET), (vec![], RESET)));
    assert_eq!(bench.proxy.passed(), (0, 0));
}

#[tokio::test]
async fn the_same_seed_cuts_at_the_same_bytes() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let bench = Bench::with_seed(Faults::none().cut_within(1..50_000), seed).await;
        let mut cuts = Vec::new();
        for _ in 0..6 {
            let before = bench.proxy.passed();
            let (mut client, mut server) = bench.pair().await;
            let bytes = pattern(60_000);
            // One of them fails; both end because the cut ends the other end's reading too.
            let (to_server, to_client) = tokio::join!(
                async {
                    let _ = client.write_all(&bytes).await;
                    rest(&mut client).await
                },
                async {
                    let _ = rest_of(&mut server, bytes.len()).await;
                    let _ = server.write_all(&bytes).await;
                    rest(&mut server).await
                }
            );
            assert!(to_server.1.is_err() || to_client.1.is_err());
            let after = bench.proxy.passed();
            cuts.push((after.0 - before.0, after.1 - before.1));
        }
        runs.push(cuts);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let (up, down): (Vec<_>, Vec<_>) = runs.concat().into_iter().partition(|(_, to_client)| *to_client == 0);
    assert!(!up.is_empty() && !down.is_empty(), "all cuts are in one direction: {up:?} {down:?}");
    assert!(up.iter().all(|(bytes, _)| (1..50_000).contains(bytes)), "{up:?}");
    assert!(down.iter().all(|(all, bytes)| *all == 60_000 && (1..50_000).contains(bytes)), "{down:?}");
}

/// So many bytes, or those before the end.
async fn rest_of(stream: &mut TcpStream, len: usize) -> std::io::Result<()> {
    soon(stream.read_exact(&mut vec![0; len])).await.map(drop)
}

#[tokio::test]
async fn a_half_close_at_a_byte_is_an_end_one_way() {
    let bench = Bench::new(Faults::none().half_close_after(Direction::ToServer, 5)).await;
    let (mut client, mut server) = bench.pair().await;
    client.write_all(b"hello, world").await.unwrap();
    assert_eq!(rest(&mut server).await, (b"hello".to_vec(), Ok(())));
    // More than any buffer holds is taken from the client, and goes nowhere.
    let long = vec![0; 32 << 20];
    soon(client.write_all(&long)).await.unwrap();
    server.write_all(b"goes on").await.unwrap();
    assert_eq!(take(&mut client, 7).await, b"goes on");
    assert_eq!(bench.proxy.passed(), (5, 7));
}

#[tokio::test]
async fn half_closing_ends_one_direction_of_open_connections() {
    let bench = Bench::new(Faults::none()).await;
    for direction in [Direction::ToServer, Direction::ToClient] {
        let (mut client, mut server) = bench.pair().await;
        client.write_all(b"1").await.unwrap();
        assert_eq!(take(&mut server, 1).await, b"1");
        bench.proxy.half_close_all(direction);
        let (ended, goes_on) = match direction {
            Direction::ToServer => (&mut server, &mut client),
            Direction::ToClient => (&mut client, &mut server),
        };
        assert_eq!(rest(ended).await, (vec![], Ok(())));
        ended.write_all(b"still").await.unwrap();
        assert_eq!(take(goes_on, 5).await, b"still");
        let (mut client, mut server) = bench.pair().await;
        client.write_all(b"new").await.unwrap();
        assert_eq!(take(&mut server, 3).await, b"new", "connections made later are whole");
    }
}

#[tokio::test]
async fn a_black_hole_at_a_byte_swallows_the_rest_and_tells_nobody() {
    let bench = Bench::new(Faults::none().black_hole_after(5)).await;
    let (mut client, mut server) = bench.pair().await;
    client.write_all(b"hello, world").await.unwrap();
    assert_eq!(take(&mut server, 5).await, b"hello");
    server.write_all(b"answer").await.unwrap();
    // A connection of its own makes a round trip; this one has had as much time.
    bench.proxy.set(Faults::none());
    let (mut other, mut far) = bench.pair().await;
    other.write_all(b"?").await.unwrap();
    assert_eq!(take(&mut far, 1).await, b"?");
    assert!(is_silent(&client) && is_silent(&server));
    assert_eq!(bench.proxy.passed(), (6, 0));

    bench.proxy.reset_all();
    assert_eq!((rest(&mut client).await, rest(&mut server).await), ((vec![], RESET), (vec![], RESET)));
}

#[tokio::test]
async fn a_black_hole_loses_nothing_and_hides_new_connections() {
    let bench = Bench::new(Faults::none()).await;
    let (mut client, mut server) = bench.pair().await;
    bench.proxy.black_hole(true);
    client.write_all(b"bytes").await.unwrap();
    client.shutdown().await.unwrap();
    server.write_all(b"answer").await.unwrap();
    let mut hidden = bench.dial().await;
    hidden.write_all(b"me too").await.unwrap();
    soon(until(|| bench.proxy.opened() == 2)).await;
    assert!(is_silent(&client) && is_silent(&server) && is_silent(&hidden));
    assert_eq!(bench.proxy.passed(), (0, 0));

    bench.proxy.black_hole(false);
    assert_eq!(rest(&mut server).await, (b"bytes".to_vec(), Ok(())));
    assert_eq!(take(&mut client, 6).await, b"answer");
    let (mut seen, _) = soon(bench.listener.accept()).await.unwrap();
    assert_eq!(take(&mut seen, 6).await, b"me too");
}

#[tokio::test]
async fn resetting_all_resets_what_is_open_and_nothing_else() {
    let bench = Bench::new(Faults::none()).await;
    let (mut client, mut server) = bench.pair().await;
    bench.proxy.reset_all();
    assert_eq!((rest(&mut client).await, rest(&mut server).await), ((vec![], RESET), (vec![], RESET)));
    soon(until(|| bench.proxy.connections() == 0)).await;
    let (mut client, mut server) = bench.pair().await;
    client.write_all(b"new").await.unwrap();
    assert_eq!(take(&mut server, 3).await, b"new");
}

#[tokio::test]
async fn connections_are_refused_and_accepted_again_at_the_same_port() {
    let bench = Bench::new(Faults::none()).await;
    let (mut client, mut server) = bench.pair().await;
    let address = host(bench.proxy.local_addr());
    for _ in 0..3 {
        bench.proxy.refuse(true).unwrap();
        bench.proxy.refuse(true).unwrap();
        let error = soon(TcpStream::connect(&address)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        client.write_all(b"open").await.unwrap();
        assert_eq!(take(&mut server, 4).await, b"open");
        bench.proxy.refuse(false).unwrap();
        bench.proxy.refuse(false).unwrap();
        let (mut client, mut server) = bench.pair().await;
        client.write_all(b"again").await.unwrap();
        assert_eq!(take(&mut server, 5).await, b"again");
    }
}

#[tokio::test]
async fn further_connections_go_to_another_server() {
    let (first, second) = (Bench::new(Faults::none()).await, Bench::new(Faults::none()).await);
    let (mut client, mut server) = first.pair().await;
    first.proxy.retarget(second.proxy.local_addr()).unwrap();
    let _through_both = first.dial().await;
    soon(second.listener.accept()).await.unwrap();
    client.write_all(b"here").await.unwrap();
    assert_eq!(take(&mut server, 4).await, b"here");
}

#[tokio::test]
async fn a_client_is_reset_when_the_server_is_not_there() {
    let bench = Bench::new(Faults::none()).await;
    let gone = Bench::new(Faults::none()).await;
    gone.proxy.refuse(true).unwrap();
    bench.proxy.retarget(gone.proxy.local_addr()).unwrap();
    assert_eq!(rest(&mut bench.dial().await).await, (vec![], RESET));
}

#[tokio::test]
async fn dropping_the_proxy_closes_everything() {
    let bench = Bench::new(Faults::none()).await;
    let (mut client, mut server) = bench.pair().await;
    client.write_all(b"1").await.unwrap();
    assert_eq!(take(&mut server, 1).await, b"1");
    bench.proxy.black_hole(true);
    let mut hidden = bench.dial().await;
    soon(until(|| bench.proxy.opened() == 2)).await;

    let address = host(bench.proxy.local_addr());
    drop(bench.proxy);
    assert_eq!(soon(TcpStream::connect(&address)).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    for end in [&mut client, &mut server, &mut hidden] {
        assert_eq!(rest(end).await, (vec![], Ok(())));
    }
}

#[tokio::test]
async fn a_proxy_stands_in_front_of_tcp_alone() {
    for address in ["mem://a", "unix:///tmp/a"] {
        let error = FaultProxy::builder(address).start().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "invalid argument: a FaultProxy cannot stand in front of {address}, only of TCP: bind the server to \
                 tcp://127.0.0.1:0"
            )
        );
        let bench = Bench::new(Faults::none()).await;
        assert_eq!(bench.proxy.retarget(address).unwrap_err().code(), Code::InvalidArgument);
        bench.pair().await;
    }
    assert_eq!(FaultProxy::builder("nowhere").start().await.unwrap_err().code(), Code::InvalidArgument);
}

/// A server of the desk, and a client that reaches it through a proxy.
async fn office(faults: Faults) -> (Office, FaultProxy, DeskClient) {
    let office = Office::open().await;
    let proxy = FaultProxy::builder(&office.address).seed(7).faults(faults).start().await.unwrap();
    let channel = soon(Channel::connect(proxy.local_addr())).await.unwrap();
    (office, proxy, DeskClient::new(channel))
}

#[tokio::test]
async fn calls_through_delays_and_trickles_are_answered() {
    let (office, proxy, desk) = office(Faults::none().delay(ms(0)..ms(3)).trickle(7)).await;
    let (long, short) = soon(async { tokio::join!(desk.exchange(vec![1; 500], 300), desk.echo(9)) }).await;
    assert_eq!((long.unwrap(), short.unwrap()), (vec![244; 300], 9));
    drop((desk, proxy));
    office.close().await;
}

#[tokio::test]
async fn a_call_that_is_cut_says_what_is_known_of_it() {
    let (_office, proxy, desk) = office(Faults::none().cut_after(50_000)).await;
    let error = soon(desk.exchange(pattern(200_000), 1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown), "{error}");
    assert_eq!(proxy.passed().0, 50_000);
    let error = soon(desk.echo(1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent), "{error}");
}

/// F4 `rst_during_data`: a long answer over real sockets, which is reset within it.
#[tokio::test]
async fn an_answer_that_is_cut_leaves_it_unknown_whether_the_call_ran() {
    let (office, proxy, desk) = office(Faults::none().cut_after(50_000)).await;
    let error = soon(desk.exchange(vec![], 200_000)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown), "{error}");
    assert_eq!(proxy.passed().1, 50_000);
    drop(desk);
    office.close().await;
}

#[tokio::test]
async fn a_deadline_fires_in_a_black_hole_and_the_connection_outlives_it() {
    let (office, proxy, desk) = office(Faults::none()).await;
    proxy.black_hole(true);
    let error = soon(desk.echo(1).timeout(ms(20))).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::DeadlineExceeded, Delivery::Unknown), "{error}");
    proxy.black_hole(false);
    assert_eq!(soon(desk.echo(2)).await.unwrap(), 2);
    drop((desk, proxy));
    office.close().await;
}

#[tokio::test]
async fn a_reset_fails_the_calls_that_wait_and_drops_their_handlers() {
    let (office, proxy, desk) = office(Faults::none()).await;
    let call = tokio::spawn(desk.hold(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    proxy.reset_all();
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown), "{error}");
    assert_eq!(office.watch.next().await, Event::Dropped(1));
}

#[tokio::test]
async fn a_server_that_refuses_is_named_before_anything_is_sent() {
    let (office, proxy, desk) = office(Faults::none()).await;
    proxy.refuse(true).unwrap();
    let error = soon(Channel::connect(proxy.local_addr())).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent), "{error}");
    assert!(error.is_retryable(), "{error}");
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    proxy.refuse(false).unwrap();
    soon(Channel::connect(proxy.local_addr())).await.unwrap();
    drop((desk, proxy));
    office.close().await;
}

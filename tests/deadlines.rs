//! Time: every call has an end, and everything done for it ends with it.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use futures::future::join_all;
use rpc_core::codec::Json;
use rpc_core::{Channel, Code, Context, Delivery, RpcError, Server, ServerHandle, rpc_service};
use tests::desk::{DeskClient, DeskServer, Event, clerk};
use tests::frames::{Hello, call_with, fields, kind};
use tests::peer::Peer;
use tests::world::{Office, WAYS, Way, address, everywhere};
use tests::{masked, quickest, soon, within};
use tokio::net::TcpListener;
use tokio::time::Instant;

const HOUR: Duration = Duration::from_secs(3600);

/// D1, F11: the caller has its error and the handler is dropped.
#[tokio::test]
async fn a_call_past_its_deadline_fails_and_its_handler_is_dropped() {
    everywhere(async |desk, watch| {
        let start = Instant::now();
        let error = soon(desk.hold(1).timeout(Duration::from_millis(20))).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::DeadlineExceeded, Delivery::Unknown));
        assert!(!error.is_retryable());
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert_eq!(watch.next().await, Event::Begun(1));
        assert_eq!(watch.next().await, Event::Dropped(1));
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "the connection lives");
    })
    .await;
}

/// D1 `timeout_on_sleeping_server`: a deadline of a millisecond, at most twenty late.
#[tokio::test]
async fn the_shortest_deadline_is_not_late() {
    let (deadline, late) = (Duration::from_millis(1), Duration::from_millis(20));
    everywhere(async |desk, watch| {
        let took = quickest(deadline + late, async || {
            let start = Instant::now();
            let error = soon(desk.sleep(3_600_000, 1).timeout(deadline)).await.unwrap_err();
            assert_eq!(error.code(), Code::DeadlineExceeded);
            start.elapsed()
        })
        .await;
        assert!((deadline..=deadline + late).contains(&took), "{took:?}");
        // No call that comes in order behind it finds a handler that began and was not dropped.
        let mut running = 0i32;
        for round in 0.. {
            soon(desk.echo(7)).await.unwrap();
            for event in watch.so_far() {
                running += if event == Event::Begun(1) { 1 } else { -1 };
            }
            if running == 0 {
                break;
            }
            assert!(round < 10_000, "{running} handlers go on");
        }
    })
    .await;
}

#[tokio::test]
async fn the_error_of_a_deadline_tells_the_whole_story() {
    let office = Office::open().await;
    let error = soon(office.client().await.hold(1).timeout(Duration::from_millis(5))).await.unwrap_err();
    assert_eq!(
        masked(&error),
        "deadline exceeded: no answer came before the deadline (Desk.hold, at tcp://127.0.0.1:PORT, \
         while waiting for the answer, after TIME, unknown whether executed)"
    );
    office.close().await;
}

/// D2 `deadline_in_past`: nothing is sent, on a connection that is idle, and on a channel that has none.
#[tokio::test]
async fn a_deadline_that_is_over_fails_the_call_without_sending_it() {
    let office = Office::open().await;
    let lazy = DeskClient::new(Channel::builder(&office.address).lazy().unwrap());
    for desk in [office.client().await, lazy] {
        let error = soon(desk.hold(1).timeout(Duration::ZERO)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::DeadlineExceeded, Delivery::NotSent));
        let error = soon(desk.watched(1, 9).timeout(Duration::ZERO).next()).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::DeadlineExceeded, Delivery::NotSent));
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    }
    assert_eq!(office.watch.so_far(), []);
    office.close().await;
}

/// D3: an answer in time is an answer.
#[tokio::test]
async fn a_call_within_its_deadline_is_answered() {
    everywhere(async |desk, _| {
        assert_eq!(soon(desk.sleep(1, 4).timeout(HOUR)).await.unwrap(), 4);
        assert_eq!(soon(desk.echo(5).timeout(Duration::MAX)).await.unwrap(), 5, "too long for the clock");
    })
    .await;
}

/// D5: each is told within 50 ms of its deadline.
#[tokio::test]
async fn a_thousand_calls_time_out_together_and_in_time() {
    let office = Office::open().await;
    let desk = office.client().await;
    let (limit, late) = (Duration::from_millis(300), Duration::from_millis(50));
    let latest = quickest(late, async || {
        let calls = (0..1_000).map(|number| {
            let call = desk.hold(number).timeout(limit);
            async move {
                let start = Instant::now();
                let code = call.await.unwrap_err().code();
                (code, start.elapsed())
            }
        });
        let mut latest = Duration::ZERO;
        for (code, elapsed) in soon(join_all(calls)).await {
            assert_eq!(code, Code::DeadlineExceeded);
            assert!(elapsed >= limit, "{elapsed:?}");
            latest = latest.max(elapsed - limit);
        }
        latest
    })
    .await;
    assert!(latest <= late, "{latest:?}");
    while office.server.calls() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_sets_no_deadline_has_thirty_seconds() {
    let office = Office::with(Way::Memory, |builder| builder).await;
    let desk = office.client().await;
    let start = Instant::now();
    let error = within(HOUR, desk.hold(1)).await.unwrap_err();
    assert_eq!((error.code(), start.elapsed().as_secs()), (Code::DeadlineExceeded, 30));
    assert_eq!(error.elapsed().unwrap().as_secs(), 30);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn no_deadline_is_had_by_asking_for_it() {
    let office = Office::with(Way::Memory, |builder| builder).await;
    let unbounded = Channel::builder(&office.address).no_timeout().connect().await.unwrap();
    for call in [office.client().await.sleep(600_000, 1).no_timeout(), DeskClient::new(unbounded).sleep(600_000, 1)] {
        assert_eq!(within(HOUR, call).await.unwrap(), 1);
    }
    assert_eq!(soon(office.client().await.remaining().no_timeout()).await.unwrap(), None);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_channel_holds_where_a_call_sets_none() {
    let office = Office::with(Way::Memory, |builder| builder).await;
    let channel = Channel::builder(&office.address).timeout(Duration::from_secs(2)).connect().await.unwrap();
    let desk = DeskClient::new(channel);
    assert_eq!(soon(desk.remaining()).await.unwrap(), Some(2_000_000));
    assert_eq!(soon(desk.remaining().timeout(HOUR)).await.unwrap(), Some(3_600_000_000));
    office.close().await;
}

/// D9: the server keeps the deadline too, and says by which code.
#[tokio::test]
async fn a_server_ends_a_handler_itself_and_says_deadline_exceeded() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    let deadline = fields(&[(1, &20_000u64.to_le_bytes())]);
    peer.put(&call_with(1, "Desk", "hold", &deadline, br#"{"number":1}"#)).await;
    let (code, not_executed, text) = peer.frame().await.end();
    assert_eq!((code, not_executed, text.as_str()), (4, false, "the deadline passed while the handler ran"));
    assert_eq!((office.watch.next().await, office.watch.next().await), (Event::Begun(1), Event::Dropped(1)));
    drop(peer);
    office.close().await;
}

/// D7: ten years, and the longest number there is.
#[tokio::test]
async fn a_server_clamps_a_deadline_that_is_absurd_and_refuses_one_that_is_over() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    for (id, micros) in [(1, u64::MAX), (3, u64::MAX / 2), (5, 315_360_000_000_000)] {
        let deadline = fields(&[(1, &micros.to_le_bytes())]);
        peer.put(&call_with(id, "Desk", "remaining", &deadline, b"")).await;
        let answer = peer.frame().await;
        let remaining: u64 = std::str::from_utf8(answer.reply()).unwrap().parse().unwrap();
        assert!(remaining <= 366 * 24 * 3600 * 1_000_000, "{remaining}");
    }
    let deadline = fields(&[(1, &0u64.to_le_bytes())]);
    peer.put(&call_with(7, "Desk", "hold", &deadline, br#"{"number":1}"#)).await;
    let (code, not_executed, _) = peer.frame().await.end();
    assert_eq!((code, not_executed), (4, true));
    assert_eq!(office.watch.so_far(), []);
    drop(peer);
    office.close().await;
}

/// D8: the call waits behind another until it is late.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_while_the_call_waits_at_the_server_is_not_executed() {
    let office = Office::with(Way::Memory, |builder| builder.max_running(1).max_waiting(10, HOUR)).await;
    let desk = office.client().await;
    let held = tokio::spawn(desk.hold(0).no_timeout());
    assert_eq!(office.watch.next().await, Event::Begun(0));
    let error = within(HOUR, desk.hold(1).timeout(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    office.watch.release(1);
    soon(held).await.unwrap().unwrap();
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    assert_eq!(office.watch.so_far(), [Event::Done(0)], "the second never began");
    office.close().await;
}

/// Each asks the next for how long it has left, after a while.
#[rpc_service]
trait Relay {
    async fn ask(&self, wish: Option<u64>, aside: bool) -> Vec<u64>;
    #[rpc(timeout = "2s")]
    async fn brief(&self, cx: &Context) -> u64;
    async fn doomed(&self, number: u64) -> Result<u64, RpcError>;
}

struct Hop {
    next: Option<RelayClient>,
    desk: DeskClient,
}

impl Relay for Hop {
    async fn ask(&self, wish: Option<u64>, aside: bool) -> Vec<u64> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let context = Context::current().unwrap();
        let own = context.remaining().unwrap().as_millis() as u64;
        let mut all = vec![own];
        if let Some(next) = &self.next {
            let next = next.clone();
            let call = move || {
                let call = next.ask(wish, aside);
                wish.map_or_else(|| next.ask(wish, aside), |wish| call.timeout(Duration::from_millis(wish)))
            };
            let further = match aside {
                true => context.spawn(async move { call().await }).await.unwrap().unwrap(),
                false => call().await,
            };
            all.extend(further.unwrap());
        }
        all
    }

    async fn brief(&self, cx: &Context) -> u64 {
        cx.remaining().unwrap().as_millis() as u64
    }

    async fn doomed(&self, number: u64) -> Result<u64, RpcError> {
        match &self.next {
            Some(next) => next.doomed(number).no_timeout().await,
            None => self.desk.hold(number).no_timeout().await,
        }
    }
}

/// Three servers of which each calls the next, and a client of the first.
async fn chain_of_servers(way: Way, desk: &DeskClient) -> (RelayClient, Vec<ServerHandle>) {
    let (mut next, mut servers) = (None, Vec::new());
    for _ in 0..3 {
        let hop = Hop { next: next.take(), desk: desk.clone() };
        let server = Server::builder().service(RelayServer::new(hop)).bind(&address(way)).await.unwrap().spawn();
        next = Some(RelayClient::connect(server.local_addr()).await.unwrap());
        servers.push(server);
    }
    (next.unwrap(), servers)
}

async fn chain(desk: &DeskClient) -> RelayClient {
    let last = RelayClient::in_process(Hop { next: None, desk: desk.clone() });
    let middle = RelayClient::in_process(Hop { next: Some(last), desk: desk.clone() });
    RelayClient::in_process(Hop { next: Some(middle), desk: desk.clone() })
}

/// D6: whoever asks for more than is left gets what is left.
#[tokio::test(start_paused = true)]
async fn calls_within_a_handler_inherit_what_is_left() {
    let desk = DeskClient::in_process(clerk().0);
    let first = chain(&desk).await;
    for aside in [false, true] {
        let left = soon(first.ask(None, aside).timeout(Duration::from_millis(1_000))).await.unwrap();
        assert_eq!(left, [900, 800, 700]);
        // Asking for more gives no more; asking for less gives less.
        let left = soon(first.ask(Some(10_000), aside).timeout(Duration::from_millis(1_000))).await.unwrap();
        assert_eq!(left, [900, 800, 700]);
        let left = soon(first.ask(Some(250), aside).timeout(Duration::from_millis(1_000))).await.unwrap();
        assert_eq!(left, [900, 150, 50]);
    }
}

/// C7: given up at the first, dropped at the third.
#[tokio::test(start_paused = true)]
async fn a_cancelled_call_takes_the_whole_chain_with_it() {
    let (clerk, watch) = clerk();
    let desk = DeskClient::new(Channel::in_process(DeskServer::new(clerk)));
    let first = chain(&desk).await;
    let call = tokio::spawn(first.doomed(9));
    assert_eq!(watch.next().await, Event::Begun(9));
    call.abort();
    assert_eq!(watch.next().await, Event::Dropped(9));

    let error = within(HOUR, first.doomed(10).timeout(Duration::from_secs(1))).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!((watch.next().await, watch.next().await), (Event::Begun(10), Event::Dropped(10)));
}

/// C7, D6: the same from server to server, over every transport.
#[tokio::test]
async fn a_chain_of_servers_passes_on_deadlines_and_cancels() {
    for way in WAYS.into_iter().filter(|way| *way != Way::InProcess) {
        let (clerk, watch) = clerk();
        let (first, servers) = chain_of_servers(way, &DeskClient::in_process(clerk)).await;
        let left = soon(first.ask(Some(10_000), false).timeout(Duration::from_secs(5))).await.unwrap();
        // Each has waited for a tenth of a second before it looked, and timers are never early.
        assert!(left[0] <= 4_900 && left[1] <= left[0] - 100 && left[2] <= left[1] - 100, "{left:?}");
        let call = tokio::spawn(first.doomed(9));
        assert_eq!(watch.next().await, Event::Begun(9));
        call.abort();
        assert_eq!(watch.next().await, Event::Dropped(9));
        drop(first);
        for server in servers.into_iter().rev() {
            let report = soon(server.shutdown()).await;
            assert_eq!(report.cut_calls, 0, "{way:?}: {report}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_has_a_deadline_of_its_own_where_a_call_sets_none() {
    let desk = DeskClient::in_process(clerk().0);
    let relay = chain(&desk).await;
    assert_eq!(soon(relay.brief()).await.unwrap(), 2_000);
    assert_eq!(soon(relay.brief().timeout(Duration::from_secs(7))).await.unwrap(), 7_000);
}

/// A listener whose queue nobody empties: TCP connects, and nothing more happens.
#[tokio::test]
async fn one_deadline_covers_connecting_and_the_handshake_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let desk = DeskClient::new(Channel::builder(&address).codec(Json).lazy().unwrap());
    let start = Instant::now();
    let error = soon(desk.echo(1).timeout(Duration::from_millis(50))).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(start.elapsed() < Duration::from_secs(3));
    // The first call may have gone out with the handshake, and that is all that can be said.
    assert_eq!(error.delivery(), Delivery::Unknown);
    let mut peer = Peer::accept(&listener, &Hello::default()).await;
    assert_eq!(peer.frame().await.kind, kind::CALL);
}

/// F16: a listener with a queue of one that is full: not even TCP connects.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_does_not_open_fails_the_call_at_its_deadline() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address)).await
    {
        queue.push(stream.unwrap());
    }
    let desk = DeskClient::new(Channel::builder(format!("tcp://{address}")).lazy().unwrap());
    let error = soon(desk.echo(1).timeout(Duration::from_millis(50))).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::DeadlineExceeded, Delivery::NotSent));
    assert_eq!(error.message(), "no connection came before the deadline");

    let builder = Channel::builder(format!("tcp://{address}")).connect_timeout(Duration::from_millis(50));
    let error = soon(builder.connect()).await.unwrap_err();
    assert_eq!(
        masked(&error),
        "unavailable: no connection within 0.05 s (ChannelBuilder::connect_timeout) \
         (at tcp://127.0.0.1:PORT, while connecting, not sent)"
    );
}

/// D10: a wall clock that is set makes no difference, because nothing looks at it; `instance` makes a name of it.
#[test]
fn nothing_looks_at_the_wall_clock() {
    let mut paths = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../rpc-core/src"))];
    let mut who = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if std::fs::read_to_string(&path).unwrap().contains("SystemTime") {
            who.push(path.file_name().unwrap().to_owned());
        }
    }
    assert_eq!(who, ["instance.rs"]);
}

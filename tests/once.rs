//! Calls that run once: made again by hand, on the same connection or another, they find their first run or its answer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests assert by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rpc_core::{Context, Limits, Server, ServerBuilder, ServerHandle, rpc_service};
use tests::frames::{Frame, Hello, PREFACE, call_with, fields, flag, kind, request};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Way, address};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::{Semaphore, mpsc};

const FIRST: [u8; 16] = [0; 16];
const MINUTE: Duration = Duration::from_secs(60);

#[rpc_service]
trait Till {
    /// How often it has run, and so many bytes.
    #[rpc(once)]
    async fn count(&self, cx: &Context, len: u32) -> (u64, String);

    /// Waits until the test lets it go on.
    #[rpc(once)]
    async fn hold(&self, cx: &Context) -> u64;

    /// The same, but it does not end with its caller.
    #[rpc(once, detach)]
    async fn hold_on(&self, cx: &Context) -> u64;

    #[rpc(once)]
    async fn fail(&self);

    async fn plain(&self) -> u64;

    #[rpc(idempotent)]
    async fn idempotent(&self) -> u64;
}

#[derive(Debug, PartialEq)]
enum Event {
    Begun,
    Told,
    Dropped,
}

struct Cashier {
    runs: Arc<AtomicU64>,
    doors: Arc<Semaphore>,
    events: mpsc::UnboundedSender<Event>,
}

/// Says that the handler was dropped before its end.
struct Guard(Option<mpsc::UnboundedSender<Event>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(events) = self.0.take() {
            let _ = events.send(Event::Dropped);
        }
    }
}

impl Cashier {
    fn run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn wait(&self, cx: &Context) -> u64 {
        let mut guard = Guard(Some(self.events.clone()));
        let run = self.run();
        let (context, events) = (cx.clone(), self.events.clone());
        let listener = tokio::spawn(async move {
            context.cancelled().await;
            let _ = events.send(Event::Told);
        });
        self.events.send(Event::Begun).unwrap();
        self.doors.acquire().await.unwrap().forget();
        listener.abort();
        guard.0 = None;
        run
    }
}

impl Till for Cashier {
    async fn count(&self, cx: &Context, len: u32) -> (u64, String) {
        cx.reply_metadata().insert("till", "3");
        (self.run(), "x".repeat(len as usize))
    }

    async fn hold(&self, cx: &Context) -> u64 {
        self.wait(cx).await
    }

    async fn hold_on(&self, cx: &Context) -> u64 {
        self.wait(cx).await
    }

    async fn fail(&self) {
        self.run();
        std::panic::panic_any("a secret");
    }

    async fn plain(&self) -> u64 {
        self.run()
    }

    async fn idempotent(&self) -> u64 {
        self.run()
    }
}

/// A server without sockets, so that its clock may stand still, and what its handlers do.
struct Shop {
    server: ServerHandle,
    runs: Arc<AtomicU64>,
    doors: Arc<Semaphore>,
    events: mpsc::UnboundedReceiver<Event>,
}

/// A connection, and what the server is called on it.
struct Customer {
    peer: Peer<DuplexStream>,
    server: [u8; 16],
}

impl Shop {
    async fn open() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let (runs, doors) = (Arc::default(), Arc::new(Semaphore::new(0)));
        let cashier = Cashier { runs: Arc::clone(&runs), doors: Arc::clone(&doors), events: sender };
        // The clock is moved by hand, and nobody answers PINGs.
        let limits = Limits::default().with_keepalive(Duration::MAX, Duration::MAX);
        let builder = settings(Server::builder().service(TillServer::new(cashier)).limits(limits));
        let server = builder.bind(address(Way::Memory)).await.unwrap().spawn();
        Self { server, runs, doors, events }
    }

    async fn customer(&self) -> Customer {
        self.customer_with(&Hello::default()).await
    }

    async fn customer_with(&self, hello: &Hello) -> Customer {
        let (near, far) = duplex(64 * 1024);
        self.server.attach(far, "far");
        let mut peer = Peer::over(near);
        peer.send(&PREFACE).await;
        peer.put(&hello.build()).await;
        let greeting = peer.read_greeting().await;
        Customer { peer, server: *greeting.payload.first_chunk().unwrap() }
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }

    async fn event(&mut self) -> Event {
        soon(self.events.recv()).await.unwrap()
    }

    /// A customer vanishes, and the server has seen it.
    async fn lose(&self, customer: Customer) {
        let left = self.server.connections() - 1;
        drop(customer);
        until(|| self.server.connections() == left).await;
    }
}

impl Customer {
    /// Calls with a request id, and does not wait for the answer.
    async fn call(&mut self, id: u64, method: &str, number: u64, instance: [u8; 16], message: &str) {
        let fields = fields(&[(0x04, &request(number, instance))]);
        self.peer.put(&call_with(id, "Till", method, &fields, message.as_bytes())).await;
    }

    async fn first(&mut self, id: u64, method: &str, number: u64) {
        self.call(id, method, number, FIRST, "").await;
    }

    async fn retry(&mut self, id: u64, method: &str, number: u64) {
        self.call(id, method, number, self.server, "").await;
    }

    async fn reply(&mut self) -> String {
        let frame = self.peer.frame().await;
        String::from_utf8_lossy(frame.reply()).into_owned()
    }

    /// Calls `count`, and gives the answer, whatever it is.
    async fn count(&mut self, id: u64, number: u64, instance: [u8; 16]) -> Frame {
        self.call(id, "count", number, instance, r#"{"len":3}"#).await;
        self.peer.frame().await
    }
}

/// Lets the others run until it is so. The clock stands still meanwhile, so turns are counted.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it is never so");
}

/// The rest of the text of an END that does not know whether the call ran (W-45).
#[track_caller]
fn unknown(frame: &Frame) -> String {
    let (code, is_refusal, text) = frame.end();
    assert_eq!((code, is_refusal, frame.flags), (10, false, flag::UNKNOWN), "{text}");
    text.strip_prefix("unknown whether it ran; not run again: ").unwrap().to_owned()
}

/// What an END of a handler that ran says.
#[track_caller]
fn ended(frame: &Frame) -> (u16, String) {
    let (code, _, text) = frame.end();
    assert_eq!(frame.flags, 0, "{text}");
    (code, text)
}

/// W-44: with all that belongs to the answer.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_made_again_is_answered_from_what_is_kept() {
    let shop = Shop::open().await;
    let mut one = shop.customer().await;
    let first = one.count(1, 7, FIRST).await;
    assert_eq!(first.reply(), br#"[1,"xxx"]"#);
    let again = one.count(3, 7, one.server).await;
    let mut other = shop.customer().await;
    let elsewhere = other.count(5, 7, other.server).await;
    for (answer, id) in [(again, 3), (elsewhere, 5)] {
        assert_eq!(answer, Frame { call: id, ..first.clone() });
    }
    assert_eq!(shop.runs(), 1);
    assert_eq!(other.count(7, 8, FIRST).await.reply(), br#"[2,"xxx"]"#);
}

/// W-44.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_made_again_joins_the_first_run() {
    let mut shop = Shop::open().await;
    let (mut one, mut other) = (shop.customer().await, shop.customer().await);
    one.first(1, "hold", 7).await;
    assert_eq!(shop.event().await, Event::Begun);
    other.retry(1, "hold", 7).await;
    one.retry(3, "hold", 7).await;
    until(|| shop.server.calls() == 3).await;
    shop.doors.add_permits(1);
    assert_eq!((one.reply().await, one.reply().await, other.reply().await), ("1".into(), "1".into(), "1".into()));
    assert_eq!(shop.runs(), 1);
}

/// W-46: whether its caller comes back while it runs, or later.
#[tokio::test(start_paused = true)]
async fn a_lost_connection_does_not_stop_the_run() {
    for is_late in [false, true] {
        let mut shop = Shop::open().await;
        let mut one = shop.customer().await;
        one.first(1, "hold", 7).await;
        assert_eq!(shop.event().await, Event::Begun);
        shop.lose(one).await;
        let mut other = shop.customer().await;
        if !is_late {
            other.retry(1, "hold", 7).await;
            until(|| shop.server.calls() == 1).await;
        }
        shop.doors.add_permits(1);
        if is_late {
            until(|| shop.doors.available_permits() == 0).await;
            other.retry(1, "hold", 7).await;
        }
        assert_eq!(other.reply().await, "1");
        assert_eq!(shop.runs(), 1);
        assert!(shop.events.try_recv().is_err(), "the handler was neither told nor dropped");
    }
}

/// What runs once and has no connection is waited for when the server closes, and then stopped.
#[tokio::test(start_paused = true)]
async fn a_run_without_a_connection_does_not_outlive_its_server() {
    for is_done in [true, false] {
        let mut shop = Shop::with(|builder| builder.grace(Duration::from_secs(1))).await;
        let mut one = shop.customer().await;
        one.first(1, "hold", 7).await;
        assert_eq!(shop.event().await, Event::Begun);
        shop.lose(one).await;
        let mut shutdown = Box::pin(shop.server.shutdown());
        assert!(futures::future::poll_immediate(&mut shutdown).await.is_none(), "it waits");
        if is_done {
            shop.doors.add_permits(1);
        }
        let report = soon(shutdown).await;
        assert_eq!(report.cut_calls, usize::from(!is_done), "{report}");
        if !is_done {
            assert_eq!(shop.event().await, Event::Told);
            assert_eq!(shop.event().await, Event::Dropped);
        }
    }
}

/// W-45.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_first_sent_elsewhere_does_not_run() {
    let (shop, neighbour) = (Shop::open().await, Shop::open().await);
    let elsewhere = neighbour.customer().await.server;
    let mut one = shop.customer().await;
    assert_ne!(one.server, elsewhere, "two servers of a process are two");
    assert_eq!(one.server, shop.customer().await.server);
    let text = "it was first sent to another server, or to this one before it started anew";
    assert_eq!(unknown(&one.count(1, 7, elsewhere).await), text);
    assert_eq!(shop.runs(), 0);
}

/// W-44: its first attempt never came.
#[tokio::test(start_paused = true)]
async fn a_retry_of_what_has_not_run_runs() {
    let shop = Shop::open().await;
    let mut one = shop.customer().await;
    assert_eq!(one.count(1, 7, one.server).await.reply(), br#"[1,"xxx"]"#);
}

/// At the limit, and one past it.
#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_a_time() {
    let shop = Shop::with(|builder| builder.kept_replies(1 << 20, MINUTE)).await;
    let mut one = shop.customer().await;
    one.count(1, 7, FIRST).await;
    tokio::time::advance(MINUTE).await;
    assert_eq!(one.count(3, 7, one.server).await.reply(), br#"[1,"xxx"]"#);
    tokio::time::advance(Duration::from_millis(1)).await;
    let text = "its answer is not kept any more (ServerBuilder::kept_replies)";
    assert_eq!(unknown(&one.count(5, 7, one.server).await), text);
    assert_eq!(unknown(&one.count(7, 7, FIRST).await), text, "a first attempt that comes late");
    assert_eq!(shop.runs(), 1);
}

/// At the limit, and one past it: an answer takes its message, its metadata and 256 bytes.
#[tokio::test(start_paused = true)]
async fn the_oldest_answer_makes_room() {
    let each = r#"[1,"xxx"]"#.len() + "till".len() + "3".len() + 3 + 256;
    for (room, is_kept) in [(2 * each, true), (2 * each - 1, false)] {
        let shop = Shop::with(|builder| builder.kept_replies(room, MINUTE)).await;
        let mut one = shop.customer().await;
        one.count(1, 7, FIRST).await;
        one.count(3, 8, FIRST).await;
        assert_eq!(one.count(5, 8, one.server).await.reply(), br#"[2,"xxx"]"#);
        let oldest = one.count(7, 7, one.server).await;
        match is_kept {
            true => assert_eq!(oldest.reply(), br#"[1,"xxx"]"#),
            false => drop(unknown(&oldest)),
        }
        assert_eq!(shop.runs(), 2);
    }
}

/// W-44: it did not run.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_kept() {
    let shop = Shop::open().await;
    let mut one = shop.customer().await;
    one.call(1, "count", 7, FIRST, r#"{"len":"three"}"#).await;
    let (code, is_refusal, _) = one.peer.frame().await.end();
    assert_eq!((code, is_refusal), (3, true));
    assert_eq!(one.count(3, 7, one.server).await.reply(), br#"[1,"xxx"]"#);
}

/// W-44: also those who joined it while it waited for its turn are told that it did not run.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_for_all_that_have_joined() {
    let mut shop = Shop::with(|builder| builder.max_running(1).max_waiting(1, MINUTE)).await;
    let (mut one, mut other) = (shop.customer().await, shop.customer().await);
    one.first(1, "hold", 7).await;
    assert_eq!(shop.event().await, Event::Begun);
    one.first(3, "hold", 8).await;
    other.retry(1, "hold", 8).await;
    until(|| shop.server.calls() == 3).await;
    tokio::time::advance(MINUTE).await;
    for customer in [&mut one, &mut other] {
        let (code, is_refusal, _) = customer.peer.frame().await.end();
        assert_eq!((code, is_refusal), (14, true));
    }
    shop.doors.add_permits(2);
    assert_eq!(one.reply().await, "1");
    other.retry(3, "hold", 8).await;
    assert_eq!(other.reply().await, "2");
}

#[tokio::test(start_paused = true)]
async fn equal_request_ids_of_two_clients_are_two_calls() {
    let shop = Shop::open().await;
    let mut one = shop.customer().await;
    let mut other = shop.customer_with(&Hello { instance: [8; 16], ..Hello::default() }).await;
    assert_eq!(one.count(1, 7, FIRST).await.reply(), br#"[1,"xxx"]"#);
    assert_eq!(other.count(1, 7, FIRST).await.reply(), br#"[2,"xxx"]"#);
    assert_eq!(one.count(3, 7, one.server).await.reply(), br#"[1,"xxx"]"#);
    assert_eq!(other.count(3, 7, other.server).await.reply(), br#"[2,"xxx"]"#);
}

/// W-46: of the call that runs, or of one that has joined it.
#[tokio::test(start_paused = true)]
async fn a_cancel_stops_the_run_and_is_the_answer_that_is_kept() {
    let cancelled = (1, "the handler was cancelled".to_owned());
    for by_joiner in [false, true] {
        let mut shop = Shop::open().await;
        let (mut one, mut other) = (shop.customer().await, shop.customer().await);
        one.first(1, "hold", 7).await;
        assert_eq!(shop.event().await, Event::Begun);
        other.retry(1, "hold", 7).await;
        until(|| shop.server.calls() == 2).await;
        let canceller = if by_joiner { &mut other } else { &mut one };
        canceller.peer.put(&Frame::new(kind::CANCEL, 1, [])).await;
        let events = [shop.event().await, shop.event().await];
        assert!(events.contains(&Event::Told) && events.contains(&Event::Dropped), "{events:?}");
        assert_eq!(ended(&one.peer.frame().await), cancelled);
        assert_eq!(ended(&other.peer.frame().await), cancelled);
        other.retry(3, "hold", 7).await;
        assert_eq!(ended(&other.peer.frame().await), cancelled);
        assert_eq!(shop.runs(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_detached_run_outlives_a_cancel_of_either_call() {
    let mut shop = Shop::open().await;
    let (mut one, mut other) = (shop.customer().await, shop.customer().await);
    one.first(1, "hold_on", 7).await;
    assert_eq!(shop.event().await, Event::Begun);
    other.retry(1, "hold_on", 7).await;
    until(|| shop.server.calls() == 2).await;
    other.peer.put(&Frame::new(kind::CANCEL, 1, [])).await;
    assert_eq!(ended(&other.peer.frame().await).0, 1);
    one.peer.put(&Frame::new(kind::CANCEL, 1, [])).await;
    assert_eq!(shop.event().await, Event::Told);
    shop.doors.add_permits(1);
    assert_eq!(one.reply().await, "1");
    other.retry(3, "hold_on", 7).await;
    assert_eq!(other.reply().await, "1");
}

/// W-46: whether its connection is there, or not any more.
#[tokio::test(start_paused = true)]
async fn the_deadline_stops_the_run() {
    for is_lost in [false, true] {
        let mut shop = Shop::open().await;
        let mut one = shop.customer().await;
        let micros = (MINUTE.as_micros() as u64).to_le_bytes();
        let fields = fields(&[(0x01, &micros), (0x04, &request(7, FIRST))]);
        one.peer.put(&call_with(1, "Till", "hold", &fields, b"")).await;
        assert_eq!(shop.event().await, Event::Begun);
        if is_lost {
            shop.lose(one).await;
        }
        tokio::time::advance(MINUTE - Duration::from_millis(1)).await;
        assert!(shop.events.try_recv().is_err());
        tokio::time::advance(Duration::from_millis(1)).await;
        let events = [shop.event().await, shop.event().await];
        assert!(events.contains(&Event::Told) && events.contains(&Event::Dropped), "{events:?}");
        let mut other = shop.customer().await;
        other.retry(1, "hold", 7).await;
        let late = (4, "the deadline passed while the handler ran".to_owned());
        assert_eq!(ended(&other.peer.frame().await), late);
    }
}

/// W-46: it is the handler's answer like any other.
#[tokio::test(start_paused = true)]
async fn a_panic_is_kept() {
    let shop = Shop::open().await;
    let mut one = shop.customer().await;
    one.first(1, "fail", 7).await;
    let panicked = ended(&one.peer.frame().await);
    assert!(panicked.0 == 13 && panicked.1.starts_with("the handler panicked (incident "), "{panicked:?}");
    one.retry(3, "fail", 7).await;
    assert_eq!(ended(&one.peer.frame().await), panicked);
    assert_eq!(shop.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_must_close_stops_what_runs_once() {
    let mut shop = Shop::with(|builder| builder.grace(Duration::from_secs(1))).await;
    let (mut one, mut other) = (shop.customer().await, shop.customer().await);
    one.first(1, "hold", 7).await;
    assert_eq!(shop.event().await, Event::Begun);
    other.retry(1, "hold", 7).await;
    until(|| shop.server.calls() == 2).await;
    let Shop { server, .. } = shop;
    let report = tokio::spawn(server.shutdown());
    for customer in [&mut one, &mut other] {
        let frames: Vec<Frame> = customer.peer.rest().await;
        let end = frames.iter().find(|frame| frame.kind == kind::END).unwrap();
        assert_eq!(ended(end), (14, "the server closed before the handler had ended".to_owned()));
    }
    assert_eq!(report.await.unwrap().cut_calls, 2);
}

/// W-45: in another codec, or of another method.
#[tokio::test(start_paused = true)]
async fn what_is_kept_is_for_the_same_call() {
    let shop = Shop::open().await;
    let mut one = shop.customer_with(&Hello { codecs: vec!["json", "bincode"], ..Hello::default() }).await;
    one.count(1, 7, FIRST).await;
    let fields = fields(&[(0x04, &request(7, one.server))]);
    one.peer.put(&call_with(3, "Till", "count", &fields, &[3, 0, 0, 0]).index(1)).await;
    assert_eq!(unknown(&one.peer.frame().await), "its answer is kept in another codec");
    one.retry(5, "hold", 7).await;
    assert_eq!(unknown(&one.peer.frame().await), "a call of another method had its request id");
    assert_eq!(shop.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_method_that_does_not_run_once_is_run_again_only_where_that_is_harmless() {
    let shop = Shop::open().await;
    let mut one = shop.customer().await;
    one.first(1, "plain", 7).await;
    assert_eq!(one.reply().await, "1");
    one.retry(3, "plain", 7).await;
    assert_eq!(unknown(&one.peer.frame().await), "the method is not marked #[rpc(once)] on this server");
    one.first(5, "idempotent", 8).await;
    assert_eq!(one.reply().await, "2");
    one.retry(7, "idempotent", 8).await;
    assert_eq!(one.reply().await, "3");
    one.retry(9, "nowhere", 9).await;
    let (code, is_refusal, _) = one.peer.frame().await.end();
    assert_eq!((code, is_refusal), (12, true), "what the server does not have is refused as ever");
}

/// W-43.
#[tokio::test(start_paused = true)]
async fn a_request_id_has_one_length_and_no_streams() {
    let right = request(7, FIRST);
    for (value, flags, text) in [
        (&right[..23], 0, "a field of 23 bytes should have 24"),
        (&right[..], flag::ONEWAY, "call 1 has a request id, and is one-way or has streams"),
        (&right[..], flag::READS, "call 1 has a request id, and is one-way or has streams"),
    ] {
        let shop = Shop::open().await;
        let mut one = shop.customer().await;
        let fields = fields(&[(0x04, value)]);
        one.peer.put(&call_with(1, "Till", "plain", &fields, b"").flags(flags)).await;
        assert_eq!(one.peer.frame().await.goaway().2, text);
    }
}

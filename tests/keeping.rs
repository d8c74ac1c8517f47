//! The task that keeps a channel's connection, and those who close, call and look while it is at work.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests assert by panicking, and connectors must")]

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::{BoxFuture, pending, poll_immediate};
use rpc_core::codec::Json;
use rpc_core::{Channel, ChannelState, Code, Delivery, Limits, RpcError};
use tests::desk::DeskClient;
use tests::soon;
use tests::stage::{answer, stage};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A channel that a hook closes stays closed, whatever its keeper was about to do.
#[tokio::test]
async fn a_channel_that_a_hook_closes_stays_closed() {
    for closes_at_once in [true, false] {
        let own = Arc::new(OnceLock::<Channel>::new());
        let (one, two) = (Arc::clone(&own), Arc::clone(&own));
        let (channel, mut stage) = stage(|builder| {
            let builder = builder.on_connect(move |_| one.get().filter(|_| closes_at_once).map_or((), Channel::close));
            builder.on_disconnect(move |_, _| two.get().map_or((), Channel::close))
        });
        own.set(channel.clone()).unwrap();
        let desk = DeskClient::new(channel.clone());
        let call = tokio::spawn(desk.echo(1));
        let mut peer = stage.greet().await;
        answer(&mut peer, 1).await;
        soon(call).await.unwrap().unwrap();
        drop(peer);
        soon(channel.closed()).await;
        let error = desk.echo(1).await.unwrap_err();
        assert_eq!((error.message(), error.delivery()), ("the channel was closed", Delivery::NotSent));
        assert_eq!(channel.state(), ChannelState::Closed);
        assert!(!stage.has_attempt());
    }
}

/// Whoever is told that a connection is here is told that it takes no further calls, also where the program ends it.
#[tokio::test]
async fn the_end_of_a_connection_is_told_when_its_channel_goes() {
    for closes in [true, false] {
        let (told, mut ends) = mpsc::unbounded_channel();
        let hook = move |_: &str, error: Option<&RpcError>| told.send(error.is_none()).unwrap_or_default();
        let (channel, mut stage) = stage(|builder| builder.on_disconnect(hook));
        let _peer = stage.used(&channel).await;
        if closes {
            channel.close();
            assert_eq!(soon(ends.recv()).await, Some(true), "it ends in good order");
            drop(channel);
        } else {
            drop(channel);
            assert_eq!(soon(ends.recv()).await, Some(true), "it ends in good order");
        }
        assert_eq!(soon(ends.recv()).await, None, "once");
    }
}

/// An executor that polls its call wherever it is woken.
struct Eager {
    call: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl Eager {
    fn poll(self: &Arc<Self>) {
        // Woken while it polls: not in these tests, or it would be polled again by whoever woke it.
        let Ok(mut call) = self.call.try_lock() else {
            return;
        };
        let waker = Waker::from(Arc::clone(self));
        if let Some(polled) = &mut *call
            && polled.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        {
            *call = None;
        }
    }
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        self.poll();
    }
}

/// Somebody calls while the keeper of an idle connection is on its way out: there is one keeper after it, not two.
#[tokio::test(start_paused = true)]
async fn whoever_calls_when_a_keeper_goes_gets_one_connection() {
    let own = Arc::new(OnceLock::<Channel>::new());
    let (hooked, (done, mut is_done)) = (Arc::clone(&own), mpsc::unbounded_channel());
    let done = Mutex::new(Some(done));
    let hook = move |_: &str, _: Option<&RpcError>| {
        let Some(done) = done.lock().unwrap().take() else {
            return;
        };
        let desk = DeskClient::new(hooked.get().unwrap().clone());
        let call = Box::pin(async move { done.send(desk.echo(9).await).unwrap() });
        Arc::new(Eager { call: Mutex::new(Some(call)) }).poll();
    };
    let limits = Limits::default().with_idle(10 * SECOND);
    let (channel, mut stage) = stage(|builder| builder.limits(limits).on_disconnect(hook));
    own.set(channel.clone()).unwrap();
    let _first = stage.used(&channel).await;
    let mut next = stage.greet().await;
    answer(&mut next, 9).await;
    assert_eq!(soon(is_done.recv()).await.unwrap().unwrap(), 9);
    assert!(!stage.has_attempt());
    assert_eq!(channel.state(), ChannelState::Ready);
}

/// A waker that has the channel try again.
struct Hurry {
    channel: Channel,
}

impl Wake for Hurry {
    fn wake(self: Arc<Self>) {
        self.channel.reconnect();
    }
}

/// Whoever learns that an attempt has failed may ask for the next one at once: the keeper hears it though its pause has
/// not begun yet.
#[tokio::test(start_paused = true)]
async fn a_pause_that_is_about_to_begin_can_be_ended() {
    let (channel, mut stage) = stage(|builder| builder.backoff(HOUR, HOUR));
    let _call = tokio::spawn(DeskClient::new(channel.clone()).echo(1).wait_for_ready());
    let first = stage.attempt().await;
    let waker = Waker::from(Arc::new(Hurry { channel: channel.clone() }));
    let mut changed: Pin<Box<dyn Future<Output = ChannelState>>> = Box::pin(channel.changed(ChannelState::Connecting));
    assert_eq!(changed.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
    let began = first.at;
    first.refuse();
    assert_eq!(stage.attempt().await.at, began);
}

/// Behind the loss of a connection, too.
#[tokio::test(start_paused = true)]
async fn the_pause_behind_a_loss_is_a_time_of_connecting_and_can_be_ended() {
    let (channel, mut stage) = stage(|builder| builder.backoff(HOUR, HOUR));
    let peer = stage.used(&channel).await;
    drop(peer);
    assert_eq!(channel.changed(ChannelState::Ready).await, ChannelState::Connecting);
    assert!(!stage.has_attempt());
    let lost = tokio::time::Instant::now();
    channel.reconnect();
    assert_eq!(stage.attempt().await.at, lost);
}

/// Calls that fail at once want a connection as much as those that wait: the channel goes on trying for them.
#[tokio::test(start_paused = true)]
async fn a_channel_that_is_called_does_not_give_up_trying() {
    let limits = Limits::default().with_idle(10 * SECOND);
    let (channel, mut stage) = stage(|builder| builder.limits(limits).backoff(SECOND, SECOND));
    let desk = DeskClient::new(channel.clone());
    let first = tokio::spawn(desk.echo(1));
    for _ in 0..50 {
        stage.attempt().await.refuse();
        assert_eq!(channel.changed(ChannelState::Connecting).await, ChannelState::Failing);
        let error = poll_immediate(desk.echo(1)).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent));
    }
    soon(first).await.unwrap().unwrap_err();
}

/// A connection that may not grow old is used for a second all the same, or the channel would do nothing but connect.
#[tokio::test(start_paused = true)]
async fn a_connection_is_used_for_a_second_at_least() {
    let limits = Limits::default().with_max_age(Duration::ZERO);
    let (channel, mut stage) = stage(|builder| builder.limits(limits));
    let began = tokio::time::Instant::now();
    let _peer = stage.used(&channel).await;
    let _open = tokio::spawn(DeskClient::new(channel.clone()).echo(1).no_timeout());
    let age = stage.attempt().await.at - began;
    assert!((0.9..=1.11).contains(&age.as_secs_f64()), "{age:?}");
}

/// One that nobody uses is not replaced when it is old, but closed.
#[tokio::test(start_paused = true)]
async fn an_old_connection_that_nobody_uses_is_not_replaced() {
    let limits = Limits::default().with_max_age(Duration::from_secs(60));
    let (channel, mut stage) = stage(|builder| builder.limits(limits));
    let _peer = stage.used(&channel).await;
    assert_eq!(channel.changed(ChannelState::Ready).await, ChannelState::Idle);
    assert!(!stage.has_attempt());
}

/// A call that stops waiting for a connection keeps nothing alive.
#[tokio::test(start_paused = true)]
async fn a_call_that_stops_waiting_leaves_nothing_behind() {
    let (channel, mut stage) = stage(|builder| builder);
    let desk = DeskClient::new(channel.clone());
    let waker = Arc::new(Counted);
    let mut call = desk.echo(1);
    let polled = Pin::new(&mut call).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&waker))));
    assert!(polled.is_pending());
    let _attempt = stage.attempt().await;
    assert_eq!(Arc::strong_count(&waker), 2);
    drop(call);
    assert_eq!(Arc::strong_count(&waker), 1);
}

struct Counted;

impl Wake for Counted {
    fn wake(self: Arc<Self>) {}
}

#[rpc_core::rpc_service]
trait Door {
    /// Gives the test the way back to the caller.
    async fn open(&self, cx: &rpc_core::Context);
}

struct Porter {
    ways_back: mpsc::UnboundedSender<Channel>,
}

impl Door for Porter {
    async fn open(&self, cx: &rpc_core::Context) {
        self.ways_back.send(cx.client()).unwrap_or_default();
    }
}

/// The way back to a caller is closed when this end closes it, though the connection is the caller's and lives on.
#[tokio::test]
async fn who_waits_for_the_end_of_a_way_back_hears_of_its_closing() {
    let (ways_back, mut ways) = mpsc::unbounded_channel();
    let front = Channel::in_process(DoorServer::new(Porter { ways_back }));
    soon(DoorClient::new(front.clone()).open()).await.unwrap();
    let back = soon(ways.recv()).await.unwrap();
    let mut closed = Box::pin(back.closed());
    let mut changed = Box::pin(back.changed(ChannelState::Ready));
    assert!(poll_immediate(&mut closed).await.is_none() && poll_immediate(&mut changed).await.is_none());
    back.close();
    soon(closed).await;
    assert_eq!(soon(changed).await, ChannelState::Closed);
    assert_eq!(front.state(), ChannelState::Ready);
}

type Opening = BoxFuture<'static, io::Result<DuplexStream>>;

/// A connector is the program's own code. One that panics has failed; it is asked again after a pause.
#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_has_failed() {
    let connectors: [fn() -> Opening; 2] = [|| panic!("no"), || Box::pin(async { panic!("not now") })];
    for connect in connectors {
        let (asked, mut attempts) = mpsc::unbounded_channel();
        let connect = move || {
            asked.send(()).unwrap();
            connect()
        };
        let channel = Channel::builder("nowhere").codec(Json).connector(connect).unwrap();
        let error = soon(DeskClient::new(channel.clone()).echo(1)).await.unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent));
        assert!(error.message().contains("the connector panicked"), "{error}");
        assert_eq!(channel.state(), ChannelState::Failing);
        attempts.recv().await.unwrap();
        assert!(attempts.try_recv().is_err(), "the next one has to wait");
    }
}

/// A call that has to wait needs a clock, and so a run time. Without one it fails, and does not panic.
#[test]
fn a_call_that_would_wait_without_a_run_time_says_so() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let never = || pending::<io::Result<DuplexStream>>();
    let channel = Channel::builder("nowhere").codec(Json).connector(never).unwrap();
    let desk = DeskClient::new(channel);
    runtime.block_on(async { assert!(poll_immediate(desk.echo(1)).await.is_none()) });
    let mut call = Box::pin(desk.echo(1));
    let Poll::Ready(ended) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("nothing would wake it when its time is up");
    };
    let error = ended.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::FailedPrecondition, Delivery::NotSent));
    assert!(error.message().contains("run time"), "{error}");
}

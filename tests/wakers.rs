//! Wakers are the caller's code: they may hold calls, and they may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests assert by panicking, and one waker must")]

use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rpc_core::{Channel, RpcError};
use tests::desk::{DeskClient, DeskServer, Event, clerk};
use tests::soon;

/// A waker that does nothing and can be counted.
struct Idle;

impl Wake for Idle {
    fn wake(self: Arc<Self>) {}
}

#[tokio::test]
async fn a_wait_for_the_end_that_is_given_up_leaves_no_waker_behind() {
    let channel = Channel::in_process(DeskServer::new(clerk().0));
    assert_eq!(soon(DeskClient::new(channel.clone()).echo(1)).await.unwrap(), 1);
    let mut wakers: Vec<Weak<Idle>> = Vec::new();
    for _ in 0..100 {
        let idle = Arc::new(Idle);
        wakers.push(Arc::downgrade(&idle));
        let waker = Waker::from(idle);
        let mut closed = Box::pin(channel.closed());
        assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(wakers.iter().filter(|waker| waker.strong_count() > 0).count(), 0);
}

/// A call that was polled, as an executor keeps it.
type Polled = Pin<Box<dyn Future<Output = Result<u64, RpcError>> + Send>>;

/// A waker that owns a call, as that of a hand-written executor does.
struct Owner {
    _call: Mutex<Polled>,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

fn polled(mut call: Polled, waker: &Waker) -> Polled {
    assert!(call.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    call
}

/// Makes a call whose waker owns another call on the same connection, hands it to `end`, and waits until that is done.
#[track_caller]
fn with_an_owner(end: fn(Polled)) {
    let (done, is_done) = mpsc::channel();
    // A thread of its own: where it hangs, the test fails all the same.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = DeskClient::in_process(clerk().0);
            assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
            let owned = polled(Box::pin(desk.hold(1)), Waker::noop());
            let owner = Waker::from(Arc::new(Owner { _call: Mutex::new(owned) }));
            let call = polled(Box::pin(desk.hold(2)), &owner);
            drop(owner);
            end(call);
            assert_eq!(soon(desk.echo(2)).await.unwrap(), 2, "the connection lives");
        });
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(10)).unwrap();
}

#[test]
fn a_waker_that_owns_a_call_goes_when_another_takes_its_place() {
    with_an_owner(|call| drop(polled(call, Waker::noop())));
}

#[test]
fn a_waker_that_owns_a_call_goes_with_the_call_that_has_it() {
    with_an_owner(drop);
}

/// A waker that panics.
struct Angry;

impl Wake for Angry {
    fn wake(self: Arc<Self>) {
        panic!("do not wake me");
    }
}

#[tokio::test]
async fn a_waker_that_panics_harms_no_other_call() {
    let (clerk, watch) = clerk();
    let desk = DeskClient::in_process(clerk);
    let angry = Waker::from(Arc::new(Angry));
    let mut first = Box::pin(desk.hold(1));
    // Without a connection, too, it is this waker that waits for one.
    assert!(first.as_mut().poll(&mut Context::from_waker(&angry)).is_pending());
    let opened = tokio::spawn(desk.echo(0));
    assert_eq!(soon(opened).await.unwrap().unwrap(), 0);
    assert!(first.as_mut().poll(&mut Context::from_waker(&angry)).is_pending());
    assert_eq!(watch.next().await, Event::Begun(1));
    let second = tokio::spawn(desk.hold(2));
    assert_eq!(watch.next().await, Event::Begun(2));
    // Answers come in the order in which handlers end.
    for number in [1, 2] {
        watch.release(1);
        assert_eq!(watch.next().await, Event::Done(number));
    }
    assert_eq!(soon(second).await.unwrap().unwrap(), 2);
    let first = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(first, Poll::Ready(Ok(1))), "it was answered, too: {first:?}");
}

//! Channels that connect at their first call, and what a first call that goes wrong leaves behind.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::future::Future as _;
use std::task::{Context, Poll, Waker};

use rpc_core::{Channel, Code, Delivery, Server};
use tests::desk::{DeskClient, DeskServer, clerk};
use tests::soon;
use tests::world::{Office, Way, address};
use tokio::runtime::{Builder, Runtime};

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server in a run time of its own, and a client that has not connected.
fn elsewhere() -> (Runtime, Office, DeskClient) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let office = runtime.block_on(Office::open());
    let desk = DeskClient::new(Channel::builder(&office.address).lazy().unwrap());
    (runtime, office, desk)
}

#[test]
fn a_run_time_that_goes_while_it_connects_does_not_take_the_channel_with_it() {
    let (_server, _office, desk) = elsewhere();
    let first = one_thread();
    let mut begun = Box::pin(desk.echo(1).no_timeout());
    first.block_on(async {
        assert!(begun.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    drop(first);
    one_thread().block_on(async {
        assert_eq!(soon(begun).await.unwrap(), 1, "the call goes on where it is polled");
        assert_eq!(soon(desk.echo(2).no_timeout()).await.unwrap(), 2, "the next call connects");
    });
}

#[test]
fn a_call_that_is_polled_outside_of_a_run_time_spoils_nothing() {
    let (_server, _office, desk) = elsewhere();
    let outside = Box::pin(desk.echo(1).no_timeout()).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = outside else { unreachable!("{outside:?}") };
    assert_eq!((error.code(), error.delivery()), (Code::FailedPrecondition, Delivery::NotSent));
    assert_eq!(error.message(), "the first call on a channel must be made within a tokio run time, which connects it");
    one_thread().block_on(async {
        assert_eq!(soon(desk.echo(2).no_timeout()).await.unwrap(), 2);
    });
}

#[tokio::test]
async fn a_channel_that_could_not_connect_tries_again() {
    for way in [Way::Unix, Way::Memory] {
        let at = address(way);
        let desk = DeskClient::new(Channel::builder(&at).lazy().unwrap());
        for _ in 0..2 {
            let error = soon(desk.echo(1)).await.unwrap_err();
            assert_eq!((error.code(), error.is_retryable()), (Code::Unavailable, true), "{error}");
        }
        let server = Server::builder().service(DeskServer::new(clerk().0)).bind(&at).await.unwrap().spawn();
        assert_eq!(soon(desk.echo(2).wait_for_ready()).await.unwrap(), 2, "{way:?}");
        soon(server.shutdown()).await;
    }
}

//! Whether a server is ready, as it is told to those who ask and those who watch.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use rpc_core::health::{HealthClient, Serving};
use rpc_core::{Code, RpcError, ServerBuilder, Streaming};
use tests::desk::{DeskServer, clerk};
use tests::soon;
use tests::world::{Office, Way};

async fn office(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (Office, HealthClient) {
    let office = Office::with(Way::Tcp, |builder| settings(builder.health())).await;
    let health = HealthClient::connect(&office.address).await.unwrap();
    (office, health)
}

/// The next state that a watcher is told.
async fn next(states: &mut Streaming<Serving>) -> Option<Result<Serving, RpcError>> {
    soon(states.next()).await
}

async fn is_told(states: &mut Streaming<Serving>, expected: Serving) {
    assert_eq!(next(states).await.unwrap().unwrap(), expected);
}

#[tokio::test]
async fn a_server_without_health_has_no_such_service() {
    let office = Office::open().await;
    let health = HealthClient::connect(&office.address).await.unwrap();
    assert_eq!(soon(health.check("")).await.unwrap_err().code(), Code::Unimplemented);
    office.close().await;
}

#[tokio::test]
async fn a_server_and_its_services_are_ready_and_others_are_not_known() {
    let (office, health) = office(|builder| builder).await;
    for (name, expected) in
        [("", Serving::Serving), ("Desk", Serving::Serving), ("Health", Serving::Serving), ("desk", Serving::Unknown)]
    {
        assert_eq!(soon(health.check(name)).await.unwrap(), expected, "{name:?}");
        is_told(&mut health.watch(name), expected).await;
    }
    office.close().await;
}

#[tokio::test]
async fn what_is_set_by_hand_is_told_and_changes_no_calls() {
    let (office, health) = office(|builder| builder).await;
    let (mut whole, mut desk) = (health.watch(""), health.watch("Desk"));
    is_told(&mut whole, Serving::Serving).await;
    is_told(&mut desk, Serving::Serving).await;
    assert!(office.server.set_serving("Desk", false));
    is_told(&mut desk, Serving::NotServing).await;
    assert_eq!(soon(health.check("Desk")).await.unwrap(), Serving::NotServing);
    assert_eq!(soon(health.check("")).await.unwrap(), Serving::Serving, "each by itself");
    assert_eq!(soon(office.client().await.echo(1)).await.unwrap(), 1);
    assert!(office.server.set_serving("", false));
    is_told(&mut whole, Serving::NotServing).await;
    assert!(office.server.set_serving("Desk", true));
    is_told(&mut desk, Serving::Serving).await;
    assert!(!office.server.set_serving("Nothing", true), "there is no such service");
    assert_eq!(soon(health.check("Nothing")).await.unwrap(), Serving::Unknown);
}

#[tokio::test]
async fn a_service_that_comes_or_goes_is_told_of() {
    let (office, health) = office(|builder| builder).await;
    let mut spare = health.watch("Spare");
    is_told(&mut spare, Serving::Unknown).await;
    office.server.add(DeskServer::new(clerk().0).named("Spare")).unwrap();
    is_told(&mut spare, Serving::Serving).await;
    assert!(office.server.remove("Spare"));
    is_told(&mut spare, Serving::Unknown).await;
    assert_eq!(soon(health.check("Spare")).await.unwrap(), Serving::Unknown);
}

#[tokio::test]
async fn who_watches_is_told_of_a_shutdown_and_does_not_hold_it_up() {
    // Longer than any test may take.
    let (office, health) = office(|builder| builder.grace(Duration::from_secs(60))).await;
    let mut watchers = [health.watch(""), health.watch("Desk"), health.watch("Nothing")];
    for (watcher, state) in watchers.iter_mut().zip([Serving::Serving, Serving::Serving, Serving::Unknown]) {
        is_told(watcher, state).await;
    }
    let report = soon(office.server.shutdown()).await;
    assert_eq!((report.cut_connections, report.cut_calls), (0, 0));
    for watcher in &mut watchers {
        is_told(watcher, Serving::NotServing).await;
        assert!(next(watcher).await.is_none(), "a good end");
    }
}

/// The delay is longer than any test may take, so what is told is told before it is over.
#[tokio::test]
async fn health_turns_first_when_a_shutdown_begins() {
    let (office, health) = office(|builder| builder.drain_delay(Duration::from_secs(60))).await;
    let desk = office.client().await;
    let mut early = health.watch("Desk");
    is_told(&mut early, Serving::Serving).await;
    let shutdown = tokio::spawn(office.server.shutdown());
    is_told(&mut early, Serving::NotServing).await;
    assert!(next(&mut early).await.is_none());
    assert_eq!(soon(health.check("")).await.unwrap(), Serving::NotServing);
    assert!(office.server.set_serving("Desk", true));
    let mut late = health.watch("Desk");
    is_told(&mut late, Serving::NotServing).await;
    assert!(next(&mut late).await.is_none(), "nothing further will come");
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "calls are answered");
    assert!(!shutdown.is_finished());
}

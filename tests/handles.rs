//! What the holders of a server can do with it while it lives, what goes on when they go, and what does not.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::Arc;

use rpc_core::{Channel, Code, Delivery, Server, ServerHandle};
use tests::desk::{DeskClient, DeskServer, Event, clerk};
use tests::frames::{Hello, call, flag, kind};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Office, Way, address};
use tokio::io::{AsyncReadExt as _, duplex};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_outlives_its_handle() {
    let office = Office::open().await;
    let first = office.client().await;
    assert_eq!(soon(first.echo(1)).await.unwrap(), 1);
    drop(office.server);
    for number in 2..5 {
        let next = DeskClient::new(soon(Channel::connect(&office.address)).await.unwrap());
        assert_eq!(soon(next.echo(number)).await.unwrap(), number);
    }
    assert_eq!(soon(first.echo(5)).await.unwrap(), 5, "so does a connection");
}

#[tokio::test]
async fn a_server_that_is_dropped_before_it_served_closes_what_was_attached() {
    let server = Server::builder().service(DeskServer::new(clerk().0)).bind(&address(Way::Memory)).await.unwrap();
    let (near, far) = duplex(1024);
    server.attach(far, "far");
    let channel = soon(Channel::builder("near").over(near)).await.unwrap();
    let desk = DeskClient::new(channel.clone());
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    drop(server);
    soon(channel.closed()).await;
    soon(desk.echo(2)).await.unwrap_err();
}

#[tokio::test]
async fn a_server_that_is_dropped_starts_no_further_calls_while_an_answer_is_on_its_way() {
    let (clerk, watch) = clerk();
    let server = Server::builder().service(DeskServer::new(clerk)).bind(&address(Way::Memory)).await.unwrap();
    // So narrow that a long answer is stuck in it for as long as nobody reads.
    let (near, far) = duplex(1024);
    server.attach(far, "far");
    let serve = tokio::spawn(server.serve());
    let mut peer = Peer::over(near).greeted(&Hello::default()).await;
    peer.put(&call(1, "exchange", r#"{"bytes":"AQ==","answer":300000}"#)).await;
    assert_eq!(peer.frame().await.kind, kind::REPLY);
    serve.abort();
    assert!(soon(serve).await.unwrap_err().is_cancelled());
    let late = [call(3, "note", r#"{"number":3}"#).flags(flag::ONEWAY), call(5, "echo", r#"{"number":5}"#)];
    for frame in &late {
        // The server may take nothing any more.
        let _ = peer.try_send(&frame.bytes()).await;
    }
    let rest = peer.rest().await;
    assert!(!rest.iter().any(|frame| frame.kind == kind::REPLY && frame.call == 5), "{:?}", rest.last());
    assert_eq!(watch.so_far(), []);
}

#[tokio::test]
async fn a_handle_that_was_taken_before_ends_a_server_that_serves() {
    let server = Server::builder().service(DeskServer::new(clerk().0)).bind(&address(Way::Tcp)).await.unwrap();
    let handle = server.handle();
    assert_eq!(handle.local_addr(), server.local_addr());
    let serving = tokio::spawn(server.serve());
    let desk = DeskClient::connect(handle.local_addr()).await.unwrap();
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    assert_eq!(soon(handle.shutdown()).await.connections, 1);
    soon(serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_was_told_to_end_before_it_serves_ends_when_it_does() {
    let server = Server::builder().bind(&address(Way::Tcp)).await.unwrap();
    let shutdown = tokio::spawn(server.handle().shutdown());
    tokio::task::yield_now().await;
    soon(server.serve()).await.unwrap();
    assert_eq!(soon(shutdown).await.unwrap().connections, 0);
}

#[tokio::test]
async fn whoever_asks_for_a_shutdown_gets_its_report() {
    let office = Office::open().await;
    let held = tokio::spawn(office.client().await.hold(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    let (one, two) = (office.server.clone(), office.server.clone());
    let early = [tokio::spawn(one.shutdown()), tokio::spawn(two.shutdown())];
    tokio::task::yield_now().await;
    assert!(early.iter().all(|early| !early.is_finished()), "a call runs");
    office.watch.release(1);
    assert_eq!(soon(held).await.unwrap().unwrap(), 1);
    let late = soon(office.server.shutdown()).await;
    assert_eq!((late.connections, late.cut_calls), (1, 0));
    for early in early {
        assert_eq!(soon(early).await.unwrap(), late);
    }
    assert_eq!(soon(one.shutdown()).await, late, "also when it is over");
}

#[tokio::test]
async fn whoever_asks_a_server_that_is_dropped_is_told_what_went_with_it() {
    let (clerk, watch) = clerk();
    let server = Server::builder().service(DeskServer::new(clerk)).bind(&address(Way::Tcp)).await.unwrap();
    let handle = server.handle();
    let serving = tokio::spawn(server.serve());
    let desk = DeskClient::connect(handle.local_addr()).await.unwrap();
    let held = tokio::spawn(desk.hold(1));
    assert_eq!(watch.next().await, Event::Begun(1));
    serving.abort();
    let report = soon(handle.shutdown()).await;
    assert_eq!((report.connections, report.cut_connections, report.cut_calls), (1, 1, 1));
    soon(held).await.unwrap().unwrap_err();
}

#[tokio::test]
async fn a_service_that_is_added_serves_connections_that_were_there_before() {
    let office = Office::open().await;
    let channel = soon(Channel::connect(&office.address)).await.unwrap();
    let spare = DeskClient::new(channel.service("Spare"));
    let error = soon(spare.echo(1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unimplemented, Delivery::NotExecuted));
    office.server.add(DeskServer::new(clerk().0).named("Spare")).unwrap();
    assert_eq!(soon(spare.echo(1)).await.unwrap(), 1);
    let taken = office.server.add(DeskServer::new(clerk().0)).unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    assert_eq!(taken.message(), "the service Desk is registered twice; give one another name with .named(…)");
    assert_eq!(soon(DeskClient::new(channel).echo(2)).await.unwrap(), 2, "the first keeps the name");
    office.close().await;
}

#[tokio::test]
async fn a_service_that_is_removed_takes_no_further_calls_and_finishes_those_that_run() {
    let office = Office::open().await;
    let desk = office.client().await;
    let held = tokio::spawn(desk.hold(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    assert!(office.server.remove("Desk"));
    assert!(!office.server.remove("Desk"), "it is gone");
    let error = soon(desk.echo(1)).await.unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unimplemented, Delivery::NotExecuted));
    assert_eq!(error.message(), "this server has no such service");
    office.watch.release(1);
    assert_eq!(soon(held).await.unwrap().unwrap(), 1);
    office.server.add(DeskServer::new(clerk().0)).unwrap();
    assert_eq!(soon(desk.echo(2)).await.unwrap(), 2, "another takes its place");
    office.close().await;
}

#[tokio::test]
async fn a_connection_lets_go_of_a_service_that_was_removed_with_its_next_call() {
    let spare = Arc::new(clerk().0);
    let office = Office::open().await;
    let desk = office.client().await;
    office.server.add(DeskServer::from_arc(Arc::clone(&spare)).named("Spare")).unwrap();
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "now the connection has it");
    assert!(office.server.remove("Spare"));
    assert_eq!(soon(desk.echo(2)).await.unwrap(), 2);
    assert_eq!(Arc::strong_count(&spare), 1);
    office.close().await;
}

#[tokio::test]
async fn a_handle_keeps_nothing_of_a_server_that_is_over() {
    let only = Arc::new(clerk().0);
    let service = DeskServer::from_arc(Arc::clone(&only));
    let server = Server::builder().service(service).bind(&address(Way::Tcp)).await.unwrap().spawn();
    let desk = DeskClient::connect(server.local_addr()).await.unwrap();
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    soon(server.shutdown()).await;
    drop(desk);
    soon(async {
        while Arc::strong_count(&only) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    is_over(&server).await;
}

/// What a handle does when there is no server any more.
async fn is_over(server: &ServerHandle) {
    assert_eq!((server.connections(), server.calls()), (0, 0));
    let error = server.add(DeskServer::new(clerk().0)).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains(&format!("the server at {} is over", server.local_addr())), "{error}");
    assert!(!server.remove("Desk"));
    let (mut near, far) = duplex(1024);
    server.attach(far, "far");
    assert_eq!(soon(near.read(&mut [0; 8])).await.unwrap(), 0, "the stream is closed");
}

#[tokio::test]
async fn a_stream_that_is_attached_to_a_server_that_shuts_down_is_told_so() {
    let office = Office::open().await;
    let desk = office.client().await;
    let held = tokio::spawn(desk.hold(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    let shutdown = tokio::spawn(office.server.shutdown());
    soon(async { while desk.echo(1).await.is_ok() {} }).await;
    let (near, far) = duplex(1024);
    office.server.attach(far, "far");
    let mut peer = Peer::over(near).greeted(&Hello::default()).await;
    assert_eq!(peer.frame().await.goaway().0, u64::MAX);
    drop(peer);
    office.watch.release(1);
    assert_eq!(soon(held).await.unwrap().unwrap(), 1);
    assert_eq!(soon(shutdown).await.unwrap().cut_connections, 0);
}

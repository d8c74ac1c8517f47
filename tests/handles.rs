//! What goes on when the owner of a server goes, and what does not.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use rpc_core::{Channel, Server};
use tests::desk::{DeskClient, DeskServer, clerk};
use tests::frames::{Hello, call, flag, kind};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Office, Way, address};
use tokio::io::duplex;

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

//! How servers, clients and run times end, and what their calls learn of it.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::time::Duration;

use futures::FutureExt as _;
use rpc_core::health::{HealthClient, Serving};
use rpc_core::{Channel, Code, Delivery, Limits, Server};
use tests::desk::{DeskClient, DeskServer, Event, clerk};
use tests::frames::{Frame, Hello, call, kind, reply};
use tests::peer::Peer;
use tests::world::{Office, WAYS, Way};
use tests::{masked, soon, within};
use tokio::sync::oneshot;

/// F2: calls that run are finished before the server has ended.
#[tokio::test]
async fn a_shutdown_finishes_the_calls_that_run() {
    for way in WAYS.into_iter().filter(|way| *way != Way::InProcess) {
        let office = Office::with(way, |builder| builder).await;
        let (one, two) = (office.client().await, office.client().await);
        let mut calls = Vec::new();
        for number in 0..10 {
            calls.push(tokio::spawn(one.hold(number)));
            assert_eq!(office.watch.next().await, Event::Begun(number));
        }
        assert_eq!((office.server.connections(), office.server.calls()), (2, 10));
        let shutdown = tokio::spawn(office.server.shutdown());
        soon(async {
            // New calls are turned away as soon as the goodbye has come.
            while one.echo(1).await.is_ok() {}
        })
        .await;
        let late = soon(one.echo(1)).await.unwrap_err();
        assert_eq!(late.code(), Code::Unavailable);
        assert!(matches!(late.delivery(), Delivery::NotSent | Delivery::NotExecuted), "{late}");
        assert!(late.is_retryable());
        assert!(!shutdown.is_finished());
        office.watch.release(10);
        for (number, call) in (0..).zip(calls) {
            assert_eq!(soon(call).await.unwrap().unwrap(), number);
        }
        let report = soon(shutdown).await.unwrap();
        assert_eq!((report.connections, report.cut_connections, report.cut_calls), (2, 0, 0));
        drop(two);
    }
}

#[tokio::test]
async fn nobody_is_accepted_while_a_server_shuts_down() {
    let office = Office::open().await;
    let desk = office.client().await;
    let held = tokio::spawn(desk.hold(1));
    office.watch.next().await;
    let shutdown = tokio::spawn(office.server.shutdown());
    while desk.echo(1).await.is_ok() {}
    let error = soon(Channel::connect(&office.address)).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    office.watch.release(1);
    assert_eq!(soon(held).await.unwrap().unwrap(), 1);
    soon(shutdown).await.unwrap();
}

#[tokio::test]
async fn after_the_grace_period_what_still_runs_is_cut_off_and_counted() {
    let office = Office::with(Way::Tcp, |builder| builder.grace(Duration::from_millis(100))).await;
    let (one, two, idle) = (office.client().await, office.client().await, office.client().await);
    let calls: Vec<_> =
        (0..3).map(|number| tokio::spawn(if number < 2 { one.hold(number) } else { two.hold(number) })).collect();
    for _ in 0..3 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    let report = soon(office.server.shutdown()).await;
    assert_eq!((report.connections, report.cut_connections, report.cut_calls), (3, 2, 3));
    assert_eq!(report.cut_methods, [("Desk.hold".to_owned(), 3)]);
    assert!(report.took >= Duration::from_millis(100), "{report}");
    for call in calls {
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Executed));
        assert!(!error.is_retryable(), "it ran: {error}");
        assert_eq!(error.message(), "the server closed before the handler had ended");
    }
    for _ in 0..3 {
        assert!(matches!(office.watch.next().await, Event::Dropped(_)));
    }
    assert_eq!(soon(idle.echo(1)).await.unwrap_err().delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a_report_says_which_methods_were_cut_off() {
    let office = Office::with(Way::Tcp, |builder| builder.grace(Duration::ZERO)).await;
    let (one, two) = (office.client().await, office.client().await);
    // Some wait for the same door; a stream, a call that runs on, and one whose caller has gone are calls too.
    let mut calls: Vec<_> = [&one, &one, &two].into_iter().map(|desk| tokio::spawn(desk.hold(1))).collect();
    calls.push(tokio::spawn(one.hold_on(2)));
    let gone = tokio::spawn(two.hold_on(3));
    let mut doors = one.doors(4);
    assert!(doors.next().now_or_never().is_none());
    for _ in 0..6 {
        assert!(matches!(office.watch.next().await, Event::Begun(_)));
    }
    gone.abort();
    assert_eq!(office.watch.next().await, Event::Told(3));
    assert_eq!(soon(one.echo(5)).await.unwrap(), 5, "which was answered at once");
    let report = soon(office.server.shutdown()).await;
    let methods = [("Desk.hold".to_owned(), 3), ("Desk.hold_on".to_owned(), 2), ("Desk.doors".to_owned(), 1)];
    assert_eq!((report.cut_calls, &*report.cut_methods), (6, &methods[..]));
    let told = "connections open: 2, cut off: 2, calls cut off: 6 \
                (Desk.hold × 3, Desk.hold_on × 2, Desk.doors × 1), took ";
    assert!(report.to_string().starts_with(told), "{report}");
    for call in calls {
        soon(call).await.unwrap().unwrap_err();
    }
}

#[tokio::test]
async fn a_peer_that_does_not_answer_the_announcement_holds_no_shutdown() {
    let office = Office::with(Way::Tcp, |builder| builder.grace(Duration::from_millis(200))).await;
    let mut peer = Peer::greet(&office.address).await;
    peer.put(&call(1, "hold", r#"{"number":1}"#)).await;
    assert_eq!(office.watch.next().await, Event::Begun(1));
    let report = soon(office.server.shutdown()).await;
    assert_eq!((report.cut_connections, report.cut_calls), (1, 1));
    let announced = peer.frame().await.goaway();
    assert_eq!((announced.0, announced.1), (u64::MAX, 0));
    assert_eq!(peer.frame().await.kind, kind::PING);
    let frames = peer.rest().await;
    assert!(frames.iter().any(|frame| frame.kind == kind::END && frame.call == 1), "{frames:?}");
}

#[tokio::test]
async fn serve_until_ends_when_its_future_does() {
    let (service, watch) = clerk();
    let server = Server::builder().service(DeskServer::new(service)).bind("tcp://127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve_until(stopped));
    let desk = DeskClient::connect(&address).await.unwrap();
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    stop.send(()).unwrap();
    let report = soon(serving).await.unwrap().unwrap();
    assert_eq!((report.connections, report.cut_calls), (1, 0));
    assert_eq!(watch.so_far(), []);
}

#[tokio::test]
async fn serve_until_ends_when_a_handle_asks_for_it() {
    let server = Server::builder().bind("tcp://127.0.0.1:0").await.unwrap();
    let handle = server.handle();
    let serving = tokio::spawn(server.serve_until(std::future::pending::<()>()));
    let told = soon(handle.shutdown()).await;
    assert_eq!(soon(serving).await.unwrap().unwrap(), told);
}

#[tokio::test(start_paused = true)]
async fn until_the_drain_delay_is_over_all_goes_on_as_before() {
    let delay = Duration::from_secs(5);
    let office = Office::with(Way::Memory, |builder| builder.health().drain_delay(delay)).await;
    let desk = office.client().await;
    let health = HealthClient::connect(&office.address).await.unwrap();
    let mut states = health.watch("");
    assert_eq!(soon(states.next()).await.unwrap().unwrap(), Serving::Serving);
    let start = tokio::time::Instant::now();
    let shutdown = tokio::spawn(office.server.shutdown());
    assert_eq!(soon(states.next()).await.unwrap().unwrap(), Serving::NotServing);
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    assert_eq!(soon(office.client().await.echo(2)).await.unwrap(), 2, "who comes is let in");
    assert_eq!(start.elapsed(), Duration::ZERO);
    let report = within(2 * delay, shutdown).await.unwrap();
    assert_eq!((report.connections, report.cut_connections), (2, 0));
    assert!((delay..2 * delay).contains(&report.took), "{report}");
    assert_eq!(soon(desk.echo(3)).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn the_last_client_closes_the_connection() {
    let office = Office::open().await;
    let channel = Channel::connect(&office.address).await.unwrap();
    let (one, two) = (DeskClient::new(channel.clone()), DeskClient::new(channel));
    assert_eq!(soon(one.echo(1)).await.unwrap(), 1);
    drop(one);
    assert_eq!(soon(two.echo(2)).await.unwrap(), 2, "another holds it");
    let call = two.hold(3);
    drop(two);
    let call = tokio::spawn(call);
    assert_eq!(office.watch.next().await, Event::Begun(3));
    office.watch.release(1);
    assert_eq!(soon(call).await.unwrap().unwrap(), 3, "so does a call");
    while office.server.connections() > 0 {
        tokio::task::yield_now().await;
    }
    office.close().await;
}

#[tokio::test]
async fn a_server_that_vanishes_leaves_what_was_sent_unknown_and_what_was_not_untouched() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let hello = Hello { calls: 16, ..Hello::default() };
    let (mut peer, channel) = tokio::join!(
        Peer::accept(&listener, &hello),
        Channel::builder(&address).codec(rpc_core::codec::Json).no_retry().connect()
    );
    let channel = channel.unwrap();
    let desk = DeskClient::new(channel.clone());
    let calls: Vec<_> = (0..20).map(|number| tokio::spawn(desk.echo(number))).collect();
    for _ in 0..16 {
        assert_eq!(peer.frame().await.kind, kind::CALL);
    }
    drop((peer, listener));
    let mut counts = (0, 0);
    for call in calls {
        let error = soon(call).await.unwrap().unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        match error.delivery() {
            Delivery::Unknown => counts.0 += 1,
            Delivery::NotSent => counts.1 += 1,
            other => unreachable!("{other:?}"),
        }
        assert_eq!(error.is_retryable(), error.delivery() == Delivery::NotSent);
    }
    assert_eq!(counts, (16, 4));
    let error = soon(desk.echo(1)).await.unwrap_err();
    assert_eq!(
        masked(&error),
        "unavailable: the peer closed the connection (Desk.echo, at tcp://127.0.0.1:PORT, while connecting, after \
         TIME, not sent)"
    );
}

/// F2, W-36: what crosses the announcement is taken, what comes after the conclusion is not.
#[tokio::test]
async fn calls_that_cross_the_announcement_are_taken() {
    let office = Office::open().await;
    let mut peer = Peer::greet(&office.address).await;
    peer.put(&call(1, "hold", r#"{"number":1}"#)).await;
    assert_eq!(office.watch.next().await, Event::Begun(1));
    let shutdown = tokio::spawn(office.server.shutdown());
    assert_eq!(peer.frame().await.goaway().0, u64::MAX);
    let ping = peer.frame().await;
    assert_eq!(ping.kind, kind::PING);
    peer.put(&call(3, "echo", r#"{"number":3}"#)).await;
    assert_eq!(peer.frame().await, reply(3, b"3"), "it crossed");
    peer.put(&Frame::new(kind::PONG, 0, ping.payload)).await;
    assert_eq!(peer.frame().await.goaway().0, 3);
    peer.put(&call(5, "echo", r#"{"number":5}"#)).await;
    office.watch.release(1);
    assert_eq!(peer.frame().await, reply(1, b"1"));
    assert!(peer.next().await.is_none(), "call 5 is not answered: GOAWAY did");
    assert_eq!(soon(shutdown).await.unwrap().cut_calls, 0);
}

#[test]
fn a_run_time_that_goes_hangs_nobody() {
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let office = server.block_on(Office::open());
    let desk = client.block_on(office.client());
    // The call is polled in a third run time, so it outlives both.
    other.block_on(async {
        let held = tokio::spawn(desk.hold(1));
        assert_eq!(office.watch.next().await, Event::Begun(1));
        client.shutdown_background();
        let error = soon(held).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Unknown));
        assert_eq!(error.message(), "the run time of the connection was shut down");
        assert_eq!(office.watch.next().await, Event::Dropped(1));
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "the channel connects again, in this run time");

        let next = office.client().await;
        let held = tokio::spawn(next.hold(2));
        assert_eq!(office.watch.next().await, Event::Begun(2));
        server.shutdown_background();
        let error = soon(held).await.unwrap().unwrap_err();
        // The handler may go before its connection does, and then there is time to say so.
        let told = (error.code(), error.delivery());
        let ends = [(Code::Unavailable, Delivery::Unknown), (Code::Internal, Delivery::Executed)];
        assert!(ends.contains(&told), "{error}");
    });
}

/// The name of the variable that makes a child of [`a_server_without_file_descriptors_recovers`].
const CHILD: &str = "RPC_TEST_FEW_FILES";

#[cfg(unix)]
#[test]
fn a_server_without_file_descriptors_recovers() {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg("ulimit -n 40 && exec \"$0\" few_files_child --exact --ignored --nocapture")
        .arg(program)
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("recovered"), "{said}");
}

#[ignore = "run as a child process, with few file descriptors"]
#[tokio::test]
async fn few_files_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut office = Office::with(Way::Tcp, |builder| builder.limits(Limits::default())).await;
    let desk = office.client().await;
    let mut taken = Vec::new();
    // Each of these takes a descriptor here, and one more when the server accepts it.
    while let Ok(stream) = tokio::net::TcpStream::connect(office.address.trim_start_matches("tcp://")).await {
        taken.push(stream);
        tokio::task::yield_now().await;
    }
    let error = office.error().await;
    assert_eq!(error.message(), "a connection could not be accepted: Too many open files (os error 24)");
    assert_eq!(soon(desk.echo(1)).await.unwrap(), 1, "those who are in are served");
    drop(taken);
    assert_eq!(soon(office.client().await.echo(2)).await.unwrap(), 2, "and there is room again");
    println!("recovered");
}

/// W-36: there is nothing to wait for, so no time passes.
#[tokio::test(start_paused = true)]
async fn a_connection_that_drains_is_closed_with_its_last_answer() {
    let Office { server, watch, .. } = Office::with(Way::Memory, |builder| builder).await;
    let (near, far) = tokio::io::duplex(1024);
    server.attach(far, "far");
    let mut peer = Peer::over(near).greeted(&Hello::default()).await;
    peer.put(&call(1, "hold", r#"{"number":1}"#)).await;
    assert_eq!(watch.next().await, Event::Begun(1));
    let start = tokio::time::Instant::now();
    let shutdown = tokio::spawn(server.shutdown());
    assert_eq!(peer.frame().await.goaway().0, u64::MAX);
    let ping = peer.frame().await;
    peer.put(&Frame::new(kind::PONG, 0, ping.payload)).await;
    assert_eq!(peer.frame().await.goaway().0, 1);
    watch.release(1);
    assert_eq!(peer.frame().await, reply(1, b"1"));
    assert!(peer.next().await.is_none());
    drop(peer);
    assert_eq!(soon(shutdown).await.unwrap().cut_connections, 0);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_detached_handler_does_not_outlive_its_server() {
    let office = Office::with(Way::Memory, |builder| builder.grace(Duration::from_secs(1))).await;
    let call = tokio::spawn(office.client().await.hold_on(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    assert_eq!(soon(office.server.shutdown()).await.cut_calls, 1);
    assert!(office.watch.so_far().contains(&Event::Dropped(1)), "when the shutdown is over, so is the handler");
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::Executed), "{error}");
}

/// A shutdown waits for what goes on without a connection as for any other handler, as long as its grace allows.
#[tokio::test(start_paused = true)]
async fn a_handler_that_has_outlived_its_connection_does_not_outlive_its_server() {
    for is_done in [true, false] {
        let office = Office::with(Way::Memory, |builder| builder.grace(Duration::from_secs(1))).await;
        let desk = office.client().await;
        let call = tokio::spawn(desk.hold_on(1));
        assert_eq!(office.watch.next().await, Event::Begun(1));
        call.abort();
        drop(desk);
        assert_eq!(office.watch.next().await, Event::Told(1));
        soon(async {
            while office.server.connections() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let mut shutdown = Box::pin(office.server.shutdown());
        assert!(futures::future::poll_immediate(&mut shutdown).await.is_none(), "it waits");
        if is_done {
            office.watch.release(1);
        }
        let report = soon(shutdown).await;
        let cut = if is_done { vec![] } else { vec![("Desk.hold_on".to_owned(), 1)] };
        assert_eq!((report.cut_calls, report.cut_methods), (cut.len(), cut));
        let end = if is_done { Event::Done(1) } else { Event::Dropped(1) };
        assert_eq!(office.watch.next().await, end);
    }
}

#[tokio::test(start_paused = true)]
async fn a_detached_handler_that_has_outlived_its_caller_does_not_outlive_its_server() {
    let office = Office::with(Way::Memory, |builder| builder.grace(Duration::from_secs(1))).await;
    let desk = office.client().await;
    let call = tokio::spawn(desk.hold_on(1));
    assert_eq!(office.watch.next().await, Event::Begun(1));
    call.abort();
    assert_eq!(office.watch.next().await, Event::Told(1));
    assert_eq!(soon(office.server.shutdown()).await.cut_calls, 1);
    assert_eq!(office.watch.next().await, Event::Dropped(1));
}

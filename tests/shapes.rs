//! Every shape of call, over every transport and in every codec.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::cell::Cell;

use futures::future::join_all;
use rpc_core::{CallError, Channel, Code, Delivery, Server, rpc_service};
use tests::desk::{DeskClient, DeskServer, Event, Form, Refused, clerk, code_of, pattern, sum};
use tests::soon;
use tests::world::{Office, WAYS, Way, address, everywhere, on_every_channel};

#[tokio::test]
async fn a_call_without_arguments_and_result_is_answered() {
    everywhere(async |desk, _| assert_eq!(soon(desk.nothing()).await.unwrap(), ())).await;
}

#[tokio::test]
async fn a_value_comes_back_as_it_went() {
    everywhere(async |desk, _| {
        for number in [0, 1, 127, 128, u64::from(u32::MAX), i64::MAX as u64, u64::MAX] {
            assert_eq!(soon(desk.echo(number)).await.unwrap(), number);
        }
    })
    .await;
}

#[tokio::test]
async fn large_messages_go_both_ways_while_others_are_answered() {
    let sent = pattern(271_828);
    let expected = sum(&sent);
    everywhere(async |desk, _| {
        let large = desk.exchange(sent.clone(), 314_159);
        let (large, small) = soon(async { tokio::join!(large, desk.echo(7)) }).await;
        let large = large.unwrap();
        assert_eq!(large.len(), 314_159);
        assert!(large.iter().all(|byte| *byte == expected));
        assert_eq!(small.unwrap(), 7);
    })
    .await;
}

#[tokio::test]
async fn borrowed_arguments_arrive_whole() {
    let form = Form { title: "\"quoted\" \\ and ünï😈".to_owned(), pages: vec![1, 2, 3] };
    everywhere(async |desk, _| {
        for (text, bytes, note) in
            [("", &b""[..], None), ("tab\tline\n☺", &[0, 128, 255][..], Some("a \"note\"")), ("x", b"y", Some(""))]
        {
            let answer = soon(desk.borrowed(text, bytes, &form, note)).await.unwrap();
            assert_eq!(answer, format!("{text} {bytes:?} {form:?} {note:?}"));
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_services_own_type_arrives_as_that_type() {
    everywhere(async |desk, _| {
        assert_eq!(soon(desk.queue("ann", 0)).await.unwrap(), 0);
        let error = soon(desk.queue("ann", 3)).await.unwrap_err();
        assert_eq!(error.service(), Some(&Refused::Queue { name: "ann".to_owned(), number: 3 }));
        assert_eq!((error.code(), error.delivery()), (Code::Unknown, Delivery::Executed));
        assert!(!error.is_retryable());
        assert_eq!(error.to_string(), "ann is number 3");
    })
    .await;
}

#[tokio::test]
async fn a_unit_result_and_a_unit_error_are_told_apart() {
    everywhere(async |desk, _| {
        soon(desk.check(true)).await.unwrap();
        let error = soon(desk.check(false)).await.unwrap_err();
        assert!(matches!(error, CallError::Service(Refused::Closed)), "{error:?}");
    })
    .await;
}

/// B1 `status_code_and_message`, B2 `special_status_message`, B3: every code, with a text that comes back byte by byte.
#[tokio::test]
async fn a_status_keeps_code_message_and_metadata() {
    let special = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
    everywhere(async |desk, _| {
        for number in 1..=16 {
            let error = soon(desk.status(number, special)).await.unwrap_err();
            assert_eq!(error.code(), code_of(number).unwrap());
            assert_eq!(error.message(), special);
            assert_eq!(error.metadata().get("hint"), Some("look elsewhere"));
            assert_eq!(error.delivery(), Delivery::Executed);
            assert!(!error.is_retryable(), "it ran: {error}");
            assert_eq!(error.method(), Some("Desk.status"));
        }
        assert_eq!(soon(desk.status(0, special)).await.unwrap(), special);
    })
    .await;
}

/// B5 `custom_metadata`, B6: keys repeat, and order is kept, there and back.
#[tokio::test]
async fn metadata_goes_both_ways_in_order_and_with_repeated_keys() {
    let sent = [("tenant", "a"), ("trace.id", "ünï ☺"), ("tenant", "b"), ("empty", "")];
    let expected: Vec<(String, String)> = sent.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    everywhere(async |desk, _| {
        let call = sent.iter().fold(desk.metadata(), |call, (key, value)| call.metadata(*key, *value));
        let (seen, returned) = soon(call.with_metadata()).await.unwrap();
        assert_eq!(seen, expected);
        assert_eq!(returned.iter().collect::<Vec<_>>(), sent);

        let (seen, returned) = soon(desk.metadata().with_metadata()).await.unwrap();
        assert_eq!((seen.len(), returned.len()), (0, 0), "nothing is left over from the call before");
    })
    .await;
}

#[tokio::test]
async fn a_one_way_call_runs_and_is_not_answered() {
    everywhere(async |desk, watch| {
        for number in 0..100 {
            soon(desk.note(number)).await.unwrap();
        }
        let mut seen = Vec::new();
        while seen.len() < 100 {
            let Event::Begun(number) = watch.next().await else { unreachable!("notes only begin") };
            seen.push(number);
        }
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        // Its slots came back: far more than may be open go through.
        for number in 0..5000 {
            soon(desk.note(number)).await.unwrap();
        }
        assert_eq!(soon(desk.echo(1)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn answers_are_matched_by_call_and_not_by_order() {
    everywhere(async |desk, _| {
        let calls = (0..20).map(|number| desk.sleep(20 - number, number));
        let answers = soon(join_all(calls)).await;
        let answers: Vec<u64> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (0..20).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_calls_at_once_each_get_their_own_answer() {
    for way in [Way::Tcp, Way::Memory] {
        let office = Office::with(way, |builder| builder).await;
        let desk = office.client().await;
        let answers = soon(join_all((0..10_000).map(|number| desk.echo(number)))).await;
        for (number, answer) in (0..).zip(answers) {
            assert_eq!(answer.unwrap(), number);
        }
        office.close().await;
    }
}

#[tokio::test]
async fn two_hundred_large_calls_share_a_connection() {
    let office = Office::open().await;
    let desk = office.client().await;
    let calls = (0..200usize).map(|number| {
        let sent = pattern(71_828 + 1000 * number);
        let expected = sum(&sent);
        let call = desk.exchange(sent, 114_159);
        async move {
            let answer = call.await.unwrap();
            assert_eq!(answer.len(), 114_159);
            assert!(answer.iter().all(|byte| *byte == expected), "call {number} has another's answer");
        }
    });
    tests::within(std::time::Duration::from_secs(30), join_all(calls)).await;
    office.close().await;
}

#[tokio::test]
async fn two_services_and_two_codecs_share_a_server() {
    let office = Office::open().await;
    let other = office.client().await;
    let json = Channel::builder(&office.address).codec(rpc_core::codec::Json).connect().await.unwrap();
    let json = DeskClient::new(json);
    let (one, two) = soon(async { tokio::join!(other.echo(1), json.echo(2)) }).await;
    assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
    office.close().await;
}

#[tokio::test]
async fn any_stream_of_bytes_carries_calls() {
    let (clerk, _watch) = clerk();
    let server = Server::builder().service(DeskServer::new(clerk)).bind(&address(Way::Memory)).await.unwrap();
    let (near, far) = tokio::io::duplex(100);
    server.attach(far, "a pipe");
    let desk = DeskClient::new(Channel::builder("the other end").over(near).await.unwrap());
    assert_eq!(soon(desk.exchange(pattern(50_000), 50_000)).await.unwrap().len(), 50_000);
    let error = soon(desk.status(5, "no")).await.unwrap_err();
    assert_eq!(error.peer(), Some("the other end"));
}

/// The desk as a client sees it that was built from another version of the trait.
#[rpc_service(name = "Desk")]
trait OtherDesk {
    async fn echo(&self, number: u64, more: u64) -> u64;
    async fn hold(&self, number: String) -> u64;
    async fn sleep(&self, number: u64) -> u64;
    async fn absent(&self) -> u64;
}

/// B4 `unimplemented_method`, `unimplemented_service`: the call fails by its name, and nothing else does.
#[tokio::test]
async fn a_method_or_service_that_is_not_there_fails_its_call_alone() {
    on_every_channel(async |channel, watch| {
        let stranger = DeskClient::new(channel.service("Nobody"));
        let desk = DeskClient::new(channel.clone());
        let held = tokio::spawn(desk.hold(1));
        assert_eq!(watch.next().await, Event::Begun(1));
        let service = soon(stranger.hold(2)).await.unwrap_err();
        let method = soon(OtherDeskClient::new(channel).absent()).await.unwrap_err();
        for (error, name, what) in
            [(service, "Nobody.hold", "no such service"), (method, "Desk.absent", "no such method")]
        {
            assert_eq!((error.code(), error.delivery()), (Code::Unimplemented, Delivery::NotExecuted));
            assert!(!error.is_retryable());
            assert_eq!(error.method(), Some(name));
            assert!(error.message().contains(what), "{error}");
        }
        assert_eq!(watch.so_far(), [], "no handler ran");
        watch.release(1);
        assert_eq!(soon(held).await.unwrap().unwrap(), 1, "the connection lives");
    })
    .await;
}

/// B14: an argument of another type, and one that is missing, in every codec. W-40: one more is ignored by name, and
/// refused by position.
#[tokio::test]
async fn arguments_of_another_version_fail_their_call_and_do_not_run() {
    let ignored = Cell::new(0);
    on_every_channel(async |channel, watch| {
        let other = OtherDeskClient::new(channel.clone());
        for error in [soon(other.hold("seven".to_owned())).await.unwrap_err(), soon(other.sleep(1)).await.unwrap_err()]
        {
            assert_eq!((error.code(), error.delivery()), (Code::InvalidArgument, Delivery::NotExecuted), "{error}");
            assert!(!error.is_retryable());
        }
        match soon(other.echo(7, 8)).await {
            Ok(number) => ignored.set(ignored.get() + number),
            Err(error) => {
                assert_eq!((error.code(), error.delivery()), (Code::InvalidArgument, Delivery::NotExecuted), "{error}");
            }
        }
        assert_eq!(watch.so_far(), [], "no handler ran");
        assert_eq!(soon(DeskClient::new(channel).echo(7)).await.unwrap(), 7, "the connection lives");
    })
    .await;
    assert_eq!(ignored.get(), 7 * 2 * WAYS.len() as u64, "MessagePack with names, and JSON");
}

//! Streams, over every transport and in every codec.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use futures::{StreamExt as _, TryStreamExt as _, stream};
use rpc_core::{CallError, Code, Delivery};
use tests::desk::{Event, Refused, code_of, pattern};
use tests::soon;
use tests::world::{Office, everywhere};

/// A3 `client_streaming`.
#[tokio::test]
async fn client_streaming() {
    everywhere(async |desk, _| {
        let parts = stream::iter([27_182, 8, 1_828, 45_904].map(pattern));
        assert_eq!(soon(desk.total(parts)).await.unwrap(), 74_922);
    })
    .await;
}

/// A4 `server_streaming`.
#[tokio::test]
async fn server_streaming() {
    let sizes = [31_415, 9, 2_653, 58_979];
    everywhere(async |desk, _| {
        let mut items = desk.sizes(sizes.to_vec());
        for size in sizes {
            assert_eq!(soon(items.next()).await.unwrap().unwrap(), pattern(size as usize));
        }
        assert!(!items.is_complete());
        assert!(soon(items.next()).await.is_none());
        assert!(items.is_complete());
        assert!(soon(items.next()).await.is_none(), "it stays over");
    })
    .await;
}

/// A5 `ping_pong`: each item waits for the answer to the one before, so nothing is kept back until the end.
#[tokio::test]
async fn ping_pong() {
    everywhere(async |desk, _| {
        let (sender, receiver) = numbers();
        let mut answers = desk.ping_pong(receiver);
        for number in [31_415, 9, 2_653, 58_979] {
            sender.send(number).unwrap();
            assert_eq!(soon(answers.next()).await.unwrap().unwrap(), number);
        }
        drop(sender);
        assert!(soon(answers.next()).await.is_none());
        assert!(answers.is_complete());
    })
    .await;
}

/// A6 `empty_stream`, A6b: no items either way.
#[tokio::test]
async fn empty_stream() {
    everywhere(async |desk, _| {
        let mut answers = desk.ping_pong(stream::empty());
        assert!(soon(answers.next()).await.is_none());
        assert!(answers.is_complete());
        assert_eq!(soon(desk.total(stream::empty())).await.unwrap(), 0);
        assert!(soon(desk.numbers(0).try_collect::<Vec<_>>()).await.unwrap().is_empty());
    })
    .await;
}

/// A6c: the handler answers before the caller has sent all, and the caller stops.
#[tokio::test]
async fn an_answer_before_the_end_of_what_is_sent() {
    everywhere(async |desk, watch| {
        let (dropped, gone) = tokio::sync::oneshot::channel::<()>();
        let endless = stream::iter(0..).inspect(move |_| {
            let _ = &dropped;
        });
        assert_eq!(soon(desk.first(1, endless, 3)).await.unwrap(), [0, 1, 2]);
        soon(gone).await.unwrap_err();
        assert_eq!([watch.next().await, watch.next().await], [Event::Begun(1), Event::Done(1)]);
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    })
    .await;
}

/// A7 `half_duplex`.
#[tokio::test]
async fn half_duplex() {
    everywhere(async |desk, _| {
        let sent = [31_415, 9, 2_653, 58_979];
        let answers = desk.half_duplex(stream::iter(sent));
        assert_eq!(soon(answers.try_collect::<Vec<_>>()).await.unwrap(), sent);
    })
    .await;
}

/// A8 `start_no_send`: what the handler gives comes though the caller has sent nothing.
#[tokio::test]
async fn start_no_send() {
    everywhere(async |desk, _| {
        let mut items = desk.numbers(3);
        for number in 0..3 {
            assert_eq!(soon(items.next()).await.unwrap().unwrap(), number);
        }
        let (sender, receiver) = numbers();
        let mut answers = desk.ping_pong(receiver);
        // Opened, and nothing sent.
        tokio::select! {
            biased;
            _ = answers.next() => unreachable!("nothing was sent"),
            echo = desk.echo(7) => assert_eq!(echo.unwrap(), 7),
        }
        sender.send(5).unwrap();
        assert_eq!(soon(answers.next()).await.unwrap().unwrap(), 5);
    })
    .await;
}

#[tokio::test]
async fn two_streams_of_a_caller_are_told_apart() {
    everywhere(async |desk, _| {
        let right = stream::iter((0..100).map(|number| format!("{number}")));
        let pairs = desk.pairs(stream::iter(0..100), right);
        let pairs = soon(pairs.try_collect::<Vec<_>>()).await.unwrap();
        assert!(pairs.len() == 100 && pairs.iter().all(|(left, right)| left.to_string() == *right));
    })
    .await;
}

#[tokio::test]
async fn a_hundred_thousand_items_come_in_order() {
    for way in [tests::world::Way::Tcp, tests::world::Way::Memory] {
        let office = Office::with(way, |builder| builder).await;
        let desk = office.client().await;
        let mut items = desk.numbers(100_000);
        for number in 0..100_000 {
            assert_eq!(soon(items.next()).await.unwrap().unwrap(), number);
        }
        assert!(soon(items.next()).await.is_none());
        let echoed = desk.ping_pong(stream::iter(0..100_000));
        let echoed = soon(echoed.try_collect::<Vec<_>>()).await.unwrap();
        assert!(echoed.into_iter().eq(0..100_000));
        office.close().await;
    }
}

/// Items that travel in chunks, beside others and beside calls.
#[tokio::test]
async fn large_items_go_both_ways_while_calls_are_answered() {
    everywhere(async |desk, _| {
        let sizes = [1_000_000, 3, 400_000, 17_000, 0, 131_072];
        let down = desk.sizes(sizes.to_vec());
        let parts = stream::iter(sizes.map(|size| pattern(size as usize)));
        let (items, total, echo) =
            soon(async { tokio::join!(down.try_collect::<Vec<_>>(), desk.total(parts), desk.echo(7)) }).await;
        assert!(items.unwrap().iter().zip(sizes).all(|(item, size)| *item == pattern(size as usize)));
        assert_eq!(total.unwrap(), sizes.iter().map(|size| u64::from(*size)).sum::<u64>());
        assert_eq!(echo.unwrap(), 7);
    })
    .await;
}

/// B5, B6: what the caller of a stream has said comes back with the end, in order, with keys that repeat.
#[tokio::test]
async fn metadata_comes_with_the_end() {
    let sent = [("tenant", "a"), ("trace.id", "ünï ☺"), ("tenant", "b"), ("tenant", "a")];
    everywhere(async |desk, _| {
        let mut items = sent.iter().fold(desk.signed(), |items, (key, value)| items.metadata(*key, *value));
        assert_eq!(soon(items.next()).await.unwrap().unwrap(), 1);
        assert!(items.trailing_metadata().is_none());
        assert!(soon(items.next()).await.is_none());
        let trailing = items.trailing_metadata().unwrap();
        assert_eq!(trailing.get("signature"), Some("ann"));
        assert_eq!(trailing.iter().take(sent.len()).collect::<Vec<_>>(), sent);
    })
    .await;
}

/// B3, B10: the items before an error come, then the error with all it has, then nothing.
#[tokio::test]
async fn a_status_comes_behind_the_items() {
    everywhere(async |desk, _| {
        for number in 1..=16 {
            let mut items = desk.status_after(3, number);
            for item in 0..3 {
                assert_eq!(soon(items.next()).await.unwrap().unwrap(), item);
            }
            let error = soon(items.next()).await.unwrap().unwrap_err();
            assert_eq!((error.code(), error.message()), (code_of(number).unwrap(), "enough"));
            assert_eq!(error.metadata().get("hint"), Some("less"));
            assert_eq!((error.delivery(), error.method()), (Delivery::Executed, Some("Desk.status_after")));
            assert!(soon(items.next()).await.is_none());
            assert!(!items.is_complete());
        }
        assert_eq!(soon(desk.status_after(3, 0).try_collect::<Vec<_>>()).await.unwrap(), [0, 1, 2]);
    })
    .await;
}

/// B1 `status_code_and_message`, B2 `special_status_message`, B3: the same where the caller streams too.
#[tokio::test]
async fn a_status_ends_a_stream_both_ways() {
    let special = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
    everywhere(async |desk, _| {
        for (number, text) in (1..=16).map(|number| (number, special)).chain([(2, "test status message"), (2, "")]) {
            let sent = stream::iter([(70, None), (number, Some(text.to_owned())), (71, None)]);
            let mut items = desk.status_within(sent);
            assert_eq!(soon(items.next()).await.unwrap().unwrap(), 70);
            let error = soon(items.next()).await.unwrap().unwrap_err();
            assert_eq!((error.code(), error.message()), (code_of(number).unwrap(), text));
            assert!(soon(items.next()).await.is_none() && !items.is_complete());
        }
    })
    .await;
}

#[tokio::test]
async fn a_typed_error_comes_instead_of_a_stream_or_behind_its_items() {
    everywhere(async |desk, _| {
        let mut items = desk.refused_after(None);
        let error = soon(items.next()).await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Service(Refused::Closed)), "{error:?}");
        let mut items = desk.refused_after(Some(2));
        assert_eq!(soon(items.next()).await.unwrap().unwrap(), 0);
        assert_eq!(soon(items.next()).await.unwrap().unwrap(), 1);
        let error = soon(items.next()).await.unwrap().unwrap_err();
        assert_eq!(error.service(), Some(&Refused::Queue { name: "ann".to_owned(), number: 2 }));
        assert!(soon(items.next()).await.is_none() && !items.is_complete());
    })
    .await;
}

/// B11, B12: a panic is an error behind the items before it, and its text stays at home.
#[tokio::test]
async fn a_panic_within_a_stream_is_an_error_behind_its_items() {
    everywhere(async |desk, _| {
        for count in [0, 3] {
            let mut items = desk.panic_after(count);
            for item in 0..count {
                assert_eq!(soon(items.next()).await.unwrap().unwrap(), item);
            }
            let error = soon(items.next()).await.unwrap().unwrap_err();
            assert_eq!((error.code(), error.delivery()), (Code::Internal, Delivery::Executed));
            assert!(!error.to_string().contains("swordfish"), "{error}");
        }
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    })
    .await;
}

/// B13: what makes the items panics when it is dropped; every item has come by then.
#[tokio::test]
async fn a_panic_while_a_stream_is_dropped_hurts_no_other_call() {
    everywhere(async |desk, _| {
        let mut items = desk.bomb(3);
        for item in 0..3 {
            assert_eq!(soon(items.next()).await.unwrap().unwrap(), item);
        }
        let error = soon(items.next()).await.unwrap().unwrap_err();
        assert_eq!(error.code(), Code::Internal);
        assert!(!error.to_string().contains("swordfish"), "{error}");
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    })
    .await;
}

/// What the caller streams may fail too: its panic, or an item that cannot be encoded, is an error at the handler.
#[tokio::test]
async fn a_panic_of_the_callers_stream_is_an_error_at_the_handler() {
    everywhere(async |desk, _| {
        let parts = stream::iter(0..3).map(|number| match number {
            2 => panic!("the secret is swordfish"),
            _ => pattern(10),
        });
        let error = soon(desk.total(parts)).await.unwrap_err();
        assert_eq!(error.code(), Code::Aborted);
        assert!(error.message().ends_with("it panicked") && !error.message().contains("swordfish"), "{error}");
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    })
    .await;
}

/// Numbers that a test sends one by one.
fn numbers() -> (tokio::sync::mpsc::UnboundedSender<u64>, impl futures::Stream<Item = u64> + Send + 'static) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    (sender, stream::poll_fn(move |cx| receiver.poll_recv(cx)))
}

//! Credit: what waits, where, and whom it does not hold up.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{FutureExt as _, StreamExt as _, stream};
use tests::desk::{DeskClient, Event, pattern};
use tests::soon;
use tests::world::{Office, everywhere};

/// Counts the bytes that a stream is asked for.
fn counted(size: usize) -> (Arc<AtomicUsize>, impl futures::Stream<Item = Vec<u8>> + Send + 'static) {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let items = stream::iter(std::iter::repeat_with(move || {
        count.fetch_add(size, Ordering::SeqCst);
        pattern(size)
    }));
    (made, items)
}

/// Until a server has answered calls that came after whatever is to be waited for.
async fn settle(desk: &DeskClient) {
    for _ in 0..20 {
        soon(desk.echo(7)).await.unwrap();
    }
}

/// E1 `pushback`, F11: a handler that does not read lets the caller make its first credit and one item more, however
/// long it takes.
#[tokio::test]
async fn pushback() {
    everywhere(async |desk, watch| {
        soon(desk.nothing()).await.unwrap();
        for size in [1, 100, 1_000, 100_000] {
            let (made, parts) = counted(size);
            let mut call = desk.lazy_total(1, parts);
            assert!((&mut call).now_or_never().is_none());
            assert_eq!(watch.next().await, Event::Begun(1));
            settle(&desk).await;
            let made = made.load(Ordering::SeqCst);
            assert!(made > 0 && made < 2048 + size, "{made} bytes of {size} each");
            drop(call);
            assert_eq!(watch.next().await, Event::Dropped(1));
        }
    })
    .await;
}

/// E1 the other way: a client that does not read.
#[tokio::test]
async fn pushback_of_an_answer() {
    everywhere(async |desk, watch| {
        for size in [1, 100, 1_000, 100_000u32] {
            let before = watch.made();
            let mut items = desk.endless(size);
            assert_eq!(soon(items.next()).await.unwrap().unwrap().len(), size as usize);
            settle(&desk).await;
            let made = watch.made() - before;
            // What was read was granted anew, and as much again because the reader had waited.
            assert!(made < 8 * (2048 + size as usize), "{made} bytes of {size} each");
            drop(items);
        }
    })
    .await;
}

/// E2, E3: a stream that nobody reads holds up neither another stream nor a call, and can be cancelled.
#[tokio::test]
async fn a_stream_that_nobody_reads_holds_up_only_itself() {
    everywhere(async |desk, watch| {
        soon(desk.nothing()).await.unwrap();
        let (_, parts) = counted(10_000);
        let mut stalled_up = desk.lazy_total(1, parts);
        assert!((&mut stalled_up).now_or_never().is_none());
        let mut stalled_down = desk.endless(10_000);
        soon(stalled_down.next()).await.unwrap().unwrap();
        assert_eq!(watch.next().await, Event::Begun(1));

        assert_eq!(soon(desk.numbers(10_000).count()).await, 10_000);
        let sent = stream::iter((0..100).map(|_| pattern(100_000)));
        assert_eq!(soon(desk.total(sent)).await.unwrap(), 10_000_000);
        settle(&desk).await;

        drop((stalled_up, stalled_down));
        assert_eq!(watch.next().await, Event::Dropped(1));
        assert_eq!(soon(desk.echo(7)).await.unwrap(), 7);
    })
    .await;
}

/// A reader that keeps up gets more in flight: a stream is not bound by its first credit for each round trip.
#[tokio::test]
async fn credit_grows_with_its_reader() {
    let office = Office::open().await;
    let desk = office.client().await;
    let mut items = desk.endless(1_000);
    for _ in 0..20_000 {
        soon(items.next()).await.unwrap().unwrap();
    }
    settle(&desk).await;
    let (read, made) = (20_000_000, office.watch.made());
    assert!(made > read + 100_000, "only {} bytes are ahead of the reader", made - read);
    assert!(made < read + 20_000_000, "{} bytes are ahead of the reader", made - read);
    drop(items);
    office.close().await;
}

/// A caller that knows what it wants gets it from the start.
#[tokio::test]
async fn a_window_that_is_asked_for_is_there_from_the_start() {
    let office = Office::open().await;
    let desk = office.client().await;
    let mut items = desk.endless(1_000).window(60_000);
    soon(items.next()).await.unwrap().unwrap();
    settle(&desk).await;
    let made = office.watch.made();
    assert!((50_000..150_000).contains(&made), "{made}");
    drop(items);
    office.close().await;
}

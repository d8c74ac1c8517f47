//! A recorded conversation, cut anywhere, joined, and damaged in every bit.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::sync::Arc;
use std::time::Duration;

use rpc_core::Limits;
use tests::frames::{Frame, Hello, PREFACE, call, call_with, fields, flag, kind};
use tests::peer::Peer;
use tests::soon;
use tests::world::{Office, Way};
use tokio::task::JoinSet;

/// Everything a client may say: a greeting, calls of each kind, chunks, a cancel, a ping.
fn conversation() -> Vec<u8> {
    let metadata = [&[6][..], b"tenant", &[1, 0], b"a"].concat();
    let head = fields(&[(1, &9_000_000u64.to_le_bytes()), (7, &metadata), (0x31, b"?")]);
    let chunked = [&12u32.to_le_bytes()[..], br#"{"num"#].concat();
    let frames = [
        Hello::default().build(),
        call(1, "echo", r#"{"number":7}"#),
        call_with(3, "Desk", "echo", &head, br#"{"number":8}"#),
        call_with(5, "Desk", "echo", &fields(&[]), &chunked).flags(flag::CHUNKED),
        call(7, "status", r#"{"code":5,"message":"no"}"#),
        Frame::new(kind::CHUNK, 5, *br#"ber":9}"#),
        Frame::new(kind::PING, 0, *b"12345678"),
        Frame::new(0x41, 0, *b"odd"),
        call(9, "nothing", ""),
        Frame::new(kind::CANCEL, 11, []),
    ];
    let mut bytes = PREFACE.to_vec();
    frames.iter().for_each(|frame| bytes.extend(frame.bytes()));
    bytes
}

/// What the server says to bytes that are sent in these pieces, sorted by call, until both have closed.
async fn answers(address: &str, pieces: impl Iterator<Item = &[u8]>) -> Vec<Frame> {
    let mut peer = Peer::dial(address).await;
    for piece in pieces {
        // The server may close before it has taken all.
        if peer.try_send(piece).await.is_err() {
            break;
        }
    }
    peer.finish().await;
    peer.read_greeting().await;
    let mut frames = peer.rest().await;
    frames.sort_by_key(|frame| frame.call);
    frames
}

#[tokio::test]
async fn how_bytes_are_cut_makes_no_difference() {
    let office = Office::open().await;
    let bytes = conversation();
    let mut peer = Peer::dial(&office.address).await;
    peer.send(&bytes).await;
    peer.read_greeting().await;
    let mut whole = Vec::new();
    for _ in 0..6 {
        whole.push(peer.frame().await);
    }
    let replies = |frames: &[Frame], id| frames.iter().filter(|frame| frame.call == id).count();
    assert!([1, 3, 5, 7, 9].iter().all(|id| replies(&whole, *id) == 1), "{whole:?}");
    whole.sort_by_key(|frame| frame.call);
    drop(peer);
    for size in [1, 2, 3, 7, 16, 17, 100] {
        let mut peer = Peer::dial(&office.address).await;
        for piece in bytes.chunks(size) {
            peer.send(piece).await;
        }
        peer.read_greeting().await;
        let mut cut = Vec::new();
        for _ in 0..6 {
            cut.push(peer.frame().await);
        }
        cut.sort_by_key(|frame| frame.call);
        assert_eq!(cut, whole, "in pieces of {size}");
    }
    office.close().await;
}

#[tokio::test]
async fn a_conversation_cut_off_at_any_byte_ends_and_harms_nobody() {
    let office = Office::open().await;
    let good = office.client().await;
    let bytes = conversation();
    for cut in 0..bytes.len() {
        let frames = soon(answers(&office.address, std::iter::once(&bytes[..cut]))).await;
        for id in [1, 3, 5, 7, 9] {
            assert!(frames.iter().filter(|frame| frame.call == id).count() <= 1, "cut at {cut}");
        }
        assert_eq!(soon(good.echo(cut as u64)).await.unwrap(), cut as u64);
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_damaged_bit_harms_more_than_its_own_connection() {
    let limits = Limits::default().with_handshake(Duration::from_secs(5));
    let office = Arc::new(Office::with(Way::Tcp, |builder| builder.limits(limits)).await);
    let good = office.client().await;
    let bytes = conversation();
    let mut tasks = JoinSet::new();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let office = Arc::clone(&office);
        tasks.spawn(async move {
            let frames = answers(&office.address, std::iter::once(&damaged[..])).await;
            // Whatever the damage: a call has one answer, and a connection one reason.
            let mut ids: Vec<u64> = frames.iter().map(|frame| frame.call).filter(|id| *id > 0).collect();
            let all = ids.len();
            ids.dedup();
            assert_eq!(ids.len(), all, "bit {bit}: {frames:?}");
            assert!(frames.iter().filter(|frame| frame.kind == kind::GOAWAY).count() <= 1, "bit {bit}: {frames:?}");
        });
        if tasks.len() >= 32 {
            soon(tasks.join_next()).await.unwrap().unwrap();
            assert_eq!(soon(good.echo(bit as u64)).await.unwrap(), bit as u64);
        }
    }
    while let Some(task) = soon(tasks.join_next()).await {
        task.unwrap();
    }
    while office.server.connections() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(office.server.calls(), 0);
    drop(good);
    Arc::into_inner(office).unwrap().close().await;
}

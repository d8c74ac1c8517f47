//! What is too long of streams, or too much.

use super::flow::*;
use super::*;

/// An error that an item's type makes may be long; the end of a stream is short all the same.
#[test]
fn the_text_of_an_end_is_cut() {
    let mut client = Bench::roomy_client();
    let (_, id) = client.open(1, false);
    client.said();
    client.session.end_stream(id, 1, Err((Code::Internal, "no".repeat(100_000))));
    let frames = client.said();
    let [Frame::End(end)] = &frames[..] else { panic!("{frames:?}") };
    assert!(end.message.total.is_none() && end.message.bytes.len() == 8 * 1024);
}

/// W-14: before the peer's HELLO, ends and credit count to what may be sent.
#[test]
fn what_streams_send_before_hello_is_bounded() {
    let mut client = Bench::new(Role::Client, Limits::default());
    client.said();
    let text = || "no".repeat(4_000);
    for at in 0..8 {
        let size = if at == 0 { 60_000 } else { 600 };
        client.call(&Outgoing { window: 10_000, message: message(size), ..streaming(16, true) });
        for id in client.attach_opened() {
            (1..=16).for_each(|index| client.session.end_stream(id, index, Err((Code::Internal, text()))));
        }
    }
    client.session.shut_down();
    let len: usize = client.said().iter().map(len_of).sum();
    assert!(len <= EARLY_BYTES, "{len}");
    client.hear(Frame::Hello(Box::new(roomy())));
    client.attach_opened();
    assert!(ends(&client.said()).len() >= 16, "they go when it has come");
}

/// An item that is too long fails its stream behind what had come, also before the call is started.
#[test]
fn what_came_before_an_item_past_the_limit_is_kept() {
    let mut server = Bench::server();
    server.hear(streaming_call(1, 1, false));
    server.hear(data(1, 1, 3));
    server.hear(data_of(1, 1, 65_537));
    server.hear(badly(1, 1, Code::Cancelled));
    server.begin_streaming();
    assert_eq!(server.came(), [(1, vec![3], Some(Err(Code::ResourceExhausted)))]);
}

/// How long a frame is, as far as it matters here.
fn len_of(frame: &Frame) -> usize {
    HEADER
        + match frame {
            Frame::Call(call) => {
                let streams = if call.fields.streams > 1 { 4 } else { 0 };
                8 + 2 + streams + call.message.bytes.len()
            }
            Frame::End(end) => 2 + 2 + end.message.bytes.len(),
            Frame::Credit { .. } => 4,
            Frame::Goaway { .. } => 10,
            Frame::Ping(_) => 8,
            _ => 0,
        }
}

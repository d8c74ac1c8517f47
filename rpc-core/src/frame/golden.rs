//! Each kind of frame, compared with bytes on disk in both directions.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::*;

/// The file's bytes: hexadecimal, `#` starts a comment.
fn read(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(path(name)).unwrap_or_default();
    text.lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name).with_extension("hex")
}

/// Writes the file anew when `UPDATE_EXPECT` is set.
fn bless(name: &str, bytes: &[u8]) {
    let mut text = format!("# {name}\n");
    for line in bytes.chunks(16) {
        let line: Vec<String> = line.iter().map(|byte| format!("{byte:02X}")).collect();
        writeln!(text, "{}", line.join(" ")).unwrap();
    }
    std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
    std::fs::write(path(name), text).unwrap();
}

#[track_caller]
fn check(name: &str, write: impl FnOnce(&mut BytesMut), frame: Frame) {
    let mut bytes = BytesMut::new();
    write(&mut bytes);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        bless(name, &bytes);
    }
    let golden = read(name);
    assert_eq!(&bytes[..], &golden[..], "{name}: what is written differs from golden/{name}.hex");

    let mut decoder = Decoder::new(EARLY_FRAME);
    let mut stream = BytesMut::new();
    if name != "hello" {
        put_hello(&mut stream, &hello());
        decoder.decode(&mut stream).unwrap();
    }
    stream.extend_from_slice(&golden);
    assert_eq!(decoder.decode(&mut stream), Ok(Some(frame)), "{name}");
    assert!(stream.is_empty(), "{name}");
}

fn part(bytes: &'static [u8]) -> Part<'static> {
    Part { total: None, bytes: Piece::Lying(bytes) }
}

/// W-2, W-3.
#[test]
fn golden_hello() {
    let hello = Hello { credentials: Some(Bytes::from_static(b"secret")), ..hello() };
    check("hello", |out| put_hello(out, &hello), Frame::Hello(Box::new(hello.clone())));
}

/// W-11, W-13, W-17: `Arith.multiply` with a deadline and metadata.
#[test]
fn golden_call() {
    let service = crate::method::identifier("Arith");
    let method = crate::method::identifier("multiply");
    let fields = Fields {
        deadline: Some(Duration::from_secs(30)),
        metadata: Some(Box::new([("tenant", "a")].into_iter().collect())),
        ..Fields::default()
    };
    let frame = Call {
        id: 0x20_0001,
        codec: 1,
        service,
        method,
        oneway: false,
        streams: false,
        reads: false,
        fields: fields.clone(),
        message: part(br#"{"a":7,"b":8}"#),
    };
    let write = |out: &mut BytesMut| {
        Head::Call { id: 0x20_0001, codec: 1, service, method, oneway: false, streams: false, reads: false }
            .put(&fields, 13, None, out);
        out.extend_from_slice(br#"{"a":7,"b":8}"#);
    };
    check("call", write, Frame::Call(frame));
}

#[test]
fn golden_oneway_call_in_chunks() {
    let frame = Call {
        id: 3,
        codec: 0,
        service: 1,
        method: 2,
        oneway: true,
        streams: true,
        reads: false,
        fields: Fields { attempt: 1, ..Fields::default() },
        message: Part { total: Some(100_000), bytes: Piece::Lying(b"begin") },
    };
    let write = |out: &mut BytesMut| {
        Head::Call { id: 3, codec: 0, service: 1, method: 2, oneway: true, streams: true, reads: false }.put(
            &frame.fields,
            5,
            Some(100_000),
            out,
        );
        out.extend_from_slice(b"begin");
    };
    check("call_oneway_chunked", write, Frame::Call(frame.clone()));
}

#[test]
fn golden_reply() {
    let frame = Frame::Reply { id: 0x20_0001, fields: Fields::default(), message: part(b"56") };
    let write = |out: &mut BytesMut| {
        Head::Reply { id: 0x20_0001 }.put(&Fields::default(), 2, None, out);
        out.extend_from_slice(b"56");
    };
    check("reply", write, frame);
}

#[test]
fn golden_end() {
    let end = End {
        id: 5,
        index: 0,
        code: 12,
        ran: Ran::No,
        typed: false,
        fields: Fields::default(),
        message: part(b"no such method"),
    };
    let write = |out: &mut BytesMut| {
        Head::End { id: 5, index: 0, code: 12, ran: Ran::No, typed: false }.put(&Fields::default(), 14, None, out);
        out.extend_from_slice(b"no such method");
    };
    check("end", write, Frame::End(end));
}

/// W-43, W-45: a call that runs once, made anew, and what it gets where nothing is known of the first.
#[test]
fn golden_call_that_runs_once() {
    let request = RequestId { number: 0x0102_0304_0506_0708, instance: *b"sixteen bytes of" };
    let fields = Fields { attempt: 1, request: Some(Box::new(request)), ..Fields::default() };
    let frame = Call {
        id: 7,
        codec: 0,
        service: 1,
        method: 2,
        oneway: false,
        streams: false,
        reads: false,
        fields: fields.clone(),
        message: part(b"once"),
    };
    let head = Head::Call { id: 7, codec: 0, service: 1, method: 2, oneway: false, streams: false, reads: false };
    let write = |out: &mut BytesMut| {
        head.put(&fields, 4, None, out);
        out.extend_from_slice(b"once");
    };
    check("call_once", write, Frame::Call(frame));
    let end = End {
        id: 7,
        index: 0,
        code: 10,
        ran: Ran::Unknown,
        typed: false,
        fields: Fields::default(),
        message: part(b"unknown"),
    };
    let head = Head::End { id: 7, index: 0, code: 10, ran: Ran::Unknown, typed: false };
    let write = |out: &mut BytesMut| {
        head.put(&Fields::default(), 7, None, out);
        out.extend_from_slice(b"unknown");
    };
    check("end_unknown", write, Frame::End(end));
}

#[test]
fn golden_end_with_a_push_back() {
    let fields = Fields { push_back: Some(250), ..Fields::default() };
    let head = Head::End { id: 5, index: 0, code: 14, ran: Ran::Yes, typed: false };
    let end =
        End { id: 5, index: 0, code: 14, ran: Ran::Yes, typed: false, fields: fields.clone(), message: part(b"later") };
    let write = |out: &mut BytesMut| {
        head.put(&fields, 5, None, out);
        out.extend_from_slice(b"later");
    };
    check("end_push_back", write, Frame::End(end));
}

#[test]
fn golden_end_with_a_typed_error() {
    let end = End {
        id: 5,
        index: 0,
        code: 2,
        ran: Ran::Yes,
        typed: true,
        fields: Fields::default(),
        message: part(br#""DivideByZero""#),
    };
    let write = |out: &mut BytesMut| {
        Head::End { id: 5, index: 0, code: 2, ran: Ran::Yes, typed: true }.put(&Fields::default(), 14, None, out);
        out.extend_from_slice(br#""DivideByZero""#);
    };
    check("end_typed", write, Frame::End(end));
}

/// W-31.
#[test]
fn golden_data_and_credit() {
    let write = |out: &mut BytesMut| {
        out.extend_from_slice(&data_header(5, 1, 4));
        out.extend_from_slice(b"item");
    };
    check("data", write, Frame::Data { id: 5, index: 1, message: part(b"item") });
    let write = |out: &mut BytesMut| {
        Head::Data { id: 5, index: 2 }.put(&Fields::default(), 5, Some(100_000), out);
        out.extend_from_slice(b"begin");
    };
    let message = Part { total: Some(100_000), bytes: Piece::Lying(b"begin") };
    check("data_chunked", write, Frame::Data { id: 5, index: 2, message });
    check("credit", |out| put_credit(out, 5, 1, 4096), Frame::Credit { id: 5, index: 1, amount: 4096 });
}

/// W-32: a call that sends streams and reads one, and the clean end of one that it sends.
#[test]
fn golden_call_with_streams() {
    let fields = Fields { streams: 2, ..Fields::default() };
    let frame = Call {
        id: 3,
        codec: 0,
        service: 1,
        method: 2,
        oneway: false,
        streams: true,
        reads: true,
        fields: fields.clone(),
        message: part(b""),
    };
    let head = Head::Call { id: 3, codec: 0, service: 1, method: 2, oneway: false, streams: true, reads: true };
    check("call_streams", |out| head.put(&fields, 0, None, out), Frame::Call(frame));
    let end =
        End { id: 3, index: 1, code: 0, ran: Ran::Yes, typed: false, fields: Fields::default(), message: part(b"") };
    let head = Head::End { id: 3, index: 1, code: 0, ran: Ran::Yes, typed: false };
    check("end_stream", |out| head.put(&Fields::default(), 0, None, out), Frame::End(end));
}

#[test]
fn golden_chunk() {
    let write = |out: &mut BytesMut| {
        put_chunk(out, 3, 0, 4);
        out.extend_from_slice(b"more");
    };
    check("chunk", write, Frame::Chunk { id: 3, index: 0, bytes: Piece::Lying(b"more") });
}

#[test]
fn golden_control_frames() {
    check("cancel", |out| put_cancel(out, 3, 0), Frame::Cancel { id: 3, index: 0 });
    check("done", |out| put_done(out, 17), Frame::Done(17));
    check("ping", |out| put_ping(out, *b"12345678"), Frame::Ping(*b"12345678"));
    check("pong", |out| put_pong(out, *b"12345678"), Frame::Pong(*b"12345678"));
    let goaway = Frame::Goaway { last: 0x20_0001, reason: Reason::Shutdown, text: "restarting".to_owned() };
    check("goaway", |out| put_goaway(out, 0x20_0001, Reason::Shutdown, "restarting"), goaway);
}

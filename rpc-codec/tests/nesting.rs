//! Values nested to the depth limit, one level past it, and a million levels, for every codec (W-42).
//!
//! A stack overflow ends the whole process, so each case is read by a child process, on a stack of 2 MiB,
//! which is what a spawned thread has. The bytes are made by hand: a deep value would overflow on its way there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests assert by panicking")]

use std::collections::BTreeMap;
use std::env;
use std::process::Command;
use std::thread;

use rpc_codec::{AnyCodec, Bincode, Codec, DEPTH_LIMIT, DecodeError, EncodeError, Json, MessagePack, Output};
use serde::de::{Deserialize, DeserializeSeed};
use serde::{Deserialize as Read, Serialize};

const STACK: usize = 2 * 1024 * 1024;
const CASE: &str = "RPC_CODEC_NESTING_CASE";

#[test]
fn messagepack_stays_within_its_stack() {
    check("messagepack", &["enum", "struct", "tuple", "list", "map", "skipped-list", "skipped-map", "untagged"]);
}

#[test]
fn json_stays_within_its_stack() {
    check("json", &["enum", "struct", "tuple", "list", "map", "skipped-list", "skipped-map", "untagged"]);
}

#[test]
fn bincode_stays_within_its_stack() {
    check("bincode", &["enum", "struct", "tuple", "list", "map", "option"]);
}

#[test]
fn a_custom_codec_without_any_limit_stays_within_its_stack() {
    check("custom-bincode", &["enum", "struct", "tuple", "list", "map", "option"]);
    check("custom-json", &["enum", "struct", "tuple", "list", "map", "skipped-list", "skipped-map"]);
}

/// In these two formats a `Some` takes no bytes, so a type that is nothing but `Some`s goes on for ever.
#[test]
fn an_option_of_itself_is_refused_where_some_takes_no_bytes() {
    for codec in ["messagepack", "json"] {
        assert!(outcome(codec, "endless-option", 0).contains("nested more than 128 deep"), "{codec}");
    }
}

fn check(codec: &str, shapes: &[&str]) {
    for shape in shapes {
        assert_eq!(outcome(codec, shape, DEPTH_LIMIT), "read", "{codec} {shape} at the limit");
        for depth in [DEPTH_LIMIT + 1, 1_000_000] {
            let outcome = outcome(codec, shape, depth);
            assert!(outcome.contains("nested more than 128 deep"), "{codec} {shape} {depth}: {outcome}");
        }
    }
}

/// What a child process says about one case.
fn outcome(codec: &str, shape: &str, depth: usize) -> String {
    let child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(CASE, format!("{codec} {shape} {depth}"))
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&child.stdout);
    let stderr = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{codec} {shape} {depth} ended with {}:\n{stdout}\n{stderr}", child.status);
    let line = stdout.lines().find_map(|line| line.split_once("outcome: "));
    line.unwrap_or_else(|| panic!("{codec} {shape} {depth} said nothing:\n{stdout}")).1.to_owned()
}

#[test]
#[ignore = "the other tests run this one in child processes"]
fn child() {
    let case = env::var(CASE).expect("this test is one half of the others");
    let mut words = case.split(' ');
    let (codec, shape, depth) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let (codec, format) = match codec {
        "messagepack" => (AnyCodec::new(MessagePack::default()), Format::MessagePack),
        "json" => (AnyCodec::new(Json), Format::Json),
        "bincode" => (AnyCodec::new(Bincode), Format::Bincode),
        "custom-bincode" => (AnyCodec::new(LimitlessBincode), Format::Bincode),
        "custom-json" => (AnyCodec::new(LimitlessJson), Format::Json),
        other => panic!("no codec {other}"),
    };
    let (shape, depth) = (shape.to_owned(), depth.parse().unwrap());
    let reader = thread::Builder::new().stack_size(STACK);
    let reader = reader.spawn(move || read(&codec, format, &shape, depth)).unwrap();
    match reader.join().unwrap() {
        Ok(()) => println!("\noutcome: read"),
        Err(error) => println!("\noutcome: {error}"),
    }
}

#[derive(Clone, Copy)]
enum Format {
    MessagePack,
    Json,
    Bincode,
}

/// Reads a value of this shape with exactly `depth` levels.
fn read(codec: &AnyCodec, format: Format, shape: &str, depth: usize) -> Result<(), DecodeError> {
    use Format::{Json, MessagePack};
    match shape {
        "enum" => {
            let [next, close, end]: [&[u8]; 3] = match format {
                MessagePack => [b"\x81\xa4Next", b"", b"\xa3End"],
                Json => [br#"{"Next":"#, b"}", br#""End""#],
                Format::Bincode => [&[1, 0, 0, 0], b"", &[0, 0, 0, 0]],
            };
            decode::<Chain>(codec, nested(b"", next, depth - 1, end, close, b""))
        }
        "struct" => {
            // A struct and a `Some` in turn, which makes an odd number; a tuple around it makes it even.
            let [next, close, end]: [&[u8]; 3] = match format {
                MessagePack => [b"\x81\xa4next", b"", b"\x81\xa4next\xc0"],
                Json => [br#"{"next":"#, b"}", br#"{"next":null}"#],
                Format::Bincode => [&[1], b"", &[0]],
            };
            let [open, shut]: [&[u8]; 2] = match format {
                MessagePack => [b"\x91", b""],
                Json => [b"[", b"]"],
                Format::Bincode => [b"", b""],
            };
            if depth.is_multiple_of(2) {
                decode::<(Node,)>(codec, nested(open, next, depth / 2 - 1, end, close, shut))
            } else {
                decode::<Node>(codec, nested(b"", next, depth / 2, end, close, b""))
            }
        }
        "tuple" => {
            // A variant with two values is one level, and so is the one without.
            let [next, close, end]: [&[u8]; 3] = match format {
                MessagePack => [b"\x81\xa4Pair\x92\x07", b"", b"\xa3End"],
                Json => [br#"{"Pair":[7,"#, b"]}", br#""End""#],
                Format::Bincode => [&[1, 0, 0, 0, 7], b"", &[0, 0, 0, 0]],
            };
            decode::<Pairs>(codec, nested(b"", next, depth - 1, end, close, b""))
        }
        "list" => {
            let [next, close, end]: [&[u8]; 3] = match format {
                MessagePack => [b"\x91", b"", b"\x90"],
                Json => [b"[", b"]", b"[]"],
                Format::Bincode => [&[1, 0, 0, 0, 0, 0, 0, 0], b"", &[0; 8]],
            };
            decode::<List>(codec, nested(b"", next, depth - 1, end, close, b""))
        }
        "map" => {
            let [next, close, end]: [&[u8]; 3] = match format {
                MessagePack => [b"\x81\x07", b"", b"\x80"],
                Json => [br#"{"7":"#, b"}", b"{}"],
                Format::Bincode => [&[1, 0, 0, 0, 0, 0, 0, 0, 7], b"", &[0; 8]],
            };
            decode::<Map>(codec, nested(b"", next, depth - 1, end, close, b""))
        }
        "option" => {
            // Only bincode writes a byte for each `Some`, which alternates with a newtype; made even like the struct.
            if depth.is_multiple_of(2) {
                decode::<(Choice,)>(codec, nested(b"", &[1], depth / 2 - 1, &[0], b"", b""))
            } else {
                decode::<Choice>(codec, nested(b"", &[1], depth / 2, &[0], b"", b""))
            }
        }
        "skipped-list" => {
            let [open, next, close, end, shut]: [&[u8]; 5] = match format {
                MessagePack => [b"\x81\xa7unknown", b"\x91", b"", b"\x90", b""],
                Json => [br#"{"unknown":"#, b"[", b"]", b"[]", b"}"],
                Format::Bincode => panic!("bincode skips nothing"),
            };
            decode::<Known>(codec, nested(open, next, depth - 2, end, close, shut))
        }
        "skipped-map" => {
            let [open, next, close, end, shut]: [&[u8]; 5] = match format {
                MessagePack => [b"\x81\xa7unknown", b"\x81\xa1k", b"", b"\x80", b""],
                Json => [br#"{"unknown":"#, br#"{"k":"#, b"}", b"{}", b"}"],
                Format::Bincode => panic!("bincode skips nothing"),
            };
            decode::<Known>(codec, nested(open, next, depth - 2, end, close, shut))
        }
        "untagged" => {
            let [next, close, end]: [&[u8]; 3] = match format {
                MessagePack => [b"\x91", b"", b"\x90"],
                Json => [b"[", b"]", b"[]"],
                Format::Bincode => panic!("bincode has no untagged enums"),
            };
            decode::<Untagged>(codec, nested(b"", next, depth - 1, end, close, b""))
        }
        "endless-option" => decode::<Choice>(codec, if let Json = format { b"7".to_vec() } else { vec![7] }),
        other => panic!("no shape {other}"),
    }
}

fn decode<'de, T: Deserialize<'de>>(codec: &AnyCodec, bytes: Vec<u8>) -> Result<(), DecodeError> {
    // The child ends soon; leaking spares every shape a lifetime.
    codec.decode::<T>(bytes.leak()).map(drop)
}

/// `open`, then `next` so many times around `end`, each closed by `close`, then `shut`.
fn nested(open: &[u8], next: &[u8], times: usize, end: &[u8], close: &[u8], shut: &[u8]) -> Vec<u8> {
    [open, &next.repeat(times), end, &close.repeat(times), shut].concat()
}

#[derive(Read)]
#[allow(dead_code, reason = "what is read is dropped")]
enum Chain {
    End,
    Next(Box<Self>),
}

#[derive(Read)]
#[allow(dead_code, reason = "what is read is dropped")]
struct Node {
    next: Option<Box<Self>>,
}

#[derive(Read)]
#[allow(dead_code, reason = "what is read is dropped")]
enum Pairs {
    End,
    Pair(u8, Box<Self>),
}

#[derive(Read)]
#[serde(transparent)]
#[allow(dead_code, reason = "what is read is dropped")]
struct List(Vec<Self>);

#[derive(Read)]
#[serde(transparent)]
#[allow(dead_code, reason = "what is read is dropped")]
struct Map(BTreeMap<u8, Self>);

#[derive(Read)]
#[allow(dead_code, reason = "what is read is dropped")]
struct Choice(Option<Box<Self>>);

#[derive(Read)]
struct Known {}

#[derive(Read)]
#[serde(untagged)]
#[allow(dead_code, reason = "what is read is dropped")]
enum Untagged {
    Number(u64),
    List(Vec<Self>),
}

/// A user's codec over the reference implementation, which has no limit on depth and overflows the stack by itself.
struct LimitlessBincode;

impl Codec for LimitlessBincode {
    fn name(&self) -> &str {
        "limitless-bincode"
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        bincode::serialize_into(out, value).map_err(EncodeError::new)
    }

    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        use bincode::Options;
        let options = bincode::DefaultOptions::new().with_fixint_encoding();
        options.deserialize_seed(seed, bytes).map_err(DecodeError::new)
    }
}

/// A user's codec that has switched off the limit of the format below.
struct LimitlessJson;

impl Codec for LimitlessJson {
    fn name(&self) -> &str {
        "limitless-json"
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        serde_json::to_writer(out, value).map_err(EncodeError::new)
    }

    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        deserializer.disable_recursion_limit();
        let value = seed.deserialize(&mut deserializer).map_err(DecodeError::new)?;
        deserializer.end().map_err(DecodeError::new)?;
        Ok(value)
    }
}

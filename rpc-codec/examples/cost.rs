//! What the limits cost, and what our own formats save: `cargo run --release -p rpc-codec --example cost`.
//!
//! Reads and writes one small struct by this crate and bare by the crate that is the format's reference, in turn,
//! and prints the median of the ratios. Ratios of neighbouring runs hold on a busy machine where times do not.

use std::hint::black_box;
use std::time::Instant;

use rpc_codec::{AnyCodec, Bincode, Codec, Json, MessagePack, Output};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 41;
const CALLS: u32 = 50_000;

#[derive(Serialize, Deserialize)]
struct Message {
    id: u64,
    name: String,
    values: [u32; 4],
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let message =
        Message { id: 7_000_000_000, name: "sixteen letters.".to_owned(), values: [1, 200, 30_000, 4_000_000] };
    println!("{:<28} {:>8} {:>8} {:>7}", "", "ours", "bare", "ratio");

    let named = MessagePack::default();
    let bytes = encoded(&named, &message)?;
    compare(
        "messagepack decode",
        || named.decode::<Message>(&bytes).is_ok(),
        || rmp_serde::from_slice::<Message>(&bytes).is_ok(),
    );
    let bytes = encoded(&named.compact(), &message)?;
    compare(
        "messagepack compact decode",
        || named.decode::<Message>(&bytes).is_ok(),
        || rmp_serde::from_slice::<Message>(&bytes).is_ok(),
    );
    let bytes = encoded(&Json, &message)?;
    compare(
        "json decode",
        || Json.decode::<Message>(&bytes).is_ok(),
        || serde_json::from_slice::<Message>(&bytes).is_ok(),
    );
    let bytes = encoded(&Bincode, &message)?;
    compare(
        "bincode decode",
        || Bincode.decode::<Message>(&bytes).is_ok(),
        || bincode::deserialize::<Message>(&bytes).is_ok(),
    );
    let any = AnyCodec::default();
    let bytes = encoded(&named, &message)?;
    compare("AnyCodec decode", || any.decode::<Message>(&bytes).is_ok(), || named.decode::<Message>(&bytes).is_ok());

    let mut output = Output::with_capacity(256);
    let mut buffer = Vec::with_capacity(256);
    compare(
        "messagepack encode",
        || {
            output.clear();
            named.encode(&message, &mut output).is_ok()
        },
        || {
            buffer.clear();
            rmp_serde::encode::write_named(&mut buffer, &message).is_ok()
        },
    );
    compare(
        "messagepack compact encode",
        || {
            output.clear();
            named.compact().encode(&message, &mut output).is_ok()
        },
        || {
            buffer.clear();
            rmp_serde::encode::write(&mut buffer, &message).is_ok()
        },
    );
    compare(
        "json encode",
        || {
            output.clear();
            Json.encode(&message, &mut output).is_ok()
        },
        || {
            buffer.clear();
            serde_json::to_writer(&mut buffer, &message).is_ok()
        },
    );
    compare(
        "bincode encode",
        || {
            output.clear();
            Bincode.encode(&message, &mut output).is_ok()
        },
        || {
            buffer.clear();
            bincode::serialize_into(&mut buffer, &message).is_ok()
        },
    );

    let pixels: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let mut large = Output::with_capacity(8192);
    compare(
        "messagepack encode Vec<u8>",
        || {
            large.clear();
            named.encode(&pixels, &mut large).is_ok()
        },
        || {
            buffer.clear();
            rmp_serde::encode::write_named(&mut buffer, &pixels).is_ok()
        },
    );
    let bytes = encoded(&named, &pixels)?;
    compare(
        "messagepack decode Vec<u8>",
        || named.decode::<Vec<u8>>(&bytes).is_ok(),
        || rmp_serde::from_slice::<Vec<u8>>(&bytes).is_ok(),
    );
    Ok(())
}

fn encoded<C: Codec, T: Serialize>(codec: &C, message: &T) -> Result<Vec<u8>, rpc_codec::EncodeError> {
    let mut output = Output::new();
    codec.encode(message, &mut output)?;
    Ok(output.into_bytes().to_vec())
}

/// Prints the nanoseconds of both and their ratio.
fn compare(what: &str, mut ours: impl FnMut() -> bool, mut bare: impl FnMut() -> bool) {
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (nanoseconds(&mut ours), nanoseconds(&mut bare))).collect();
    rounds.sort_by(|left, right| (left.0 / left.1).total_cmp(&(right.0 / right.1)));
    let Some((ours, bare)) = rounds.get(ROUNDS / 2) else { return };
    println!("{what:<28} {ours:>5.1} ns {bare:>5.1} ns {:>7.2}", ours / bare);
}

fn nanoseconds(work: &mut impl FnMut() -> bool) -> f64 {
    let start = Instant::now();
    let done = (0..CALLS).filter(|_| black_box(work())).count();
    assert_eq!(done, CALLS as usize, "a call failed");
    start.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

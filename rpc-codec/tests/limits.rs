//! The element budget at its limit and past it, lengths that lie, and bytes that follow a value.
//! Depth has `tests/nesting.rs` to itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests assert by panicking")]

use std::collections::{BTreeMap, HashMap};

use rpc_codec::{AnyCodec, Bincode, Codec, DecodeError, EncodeError, FREE_ELEMENTS, Json, MessagePack, Output};
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

/// Past the allowance, yet few enough that a reader without limits comes to an end and fails its test.
const TOO_LONG: u64 = 1 << 20;

const TOO_MANY: &str = "more than 65536 elements beyond the number of bytes";

fn encode<T: Serialize + ?Sized>(codec: &impl Codec, value: &T) -> Vec<u8> {
    let mut output = Output::new();
    codec.encode(value, &mut output).unwrap();
    output.into_bytes().to_vec()
}

/// The reference implementation as a codec of a user's own: whatever stops it is not its own limit.
struct Limitless;

impl Codec for Limitless {
    fn name(&self) -> &str {
        "limitless"
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

#[derive(Debug, Default, Deserialize)]
struct Nothing;

#[derive(Debug, Deserialize)]
struct Skipped {
    #[serde(skip)]
    _kept: [u64; 8],
}

fn zero_sized() -> [AnyCodec; 2] {
    [AnyCodec::new(Bincode), AnyCodec::new(Limitless)]
}

#[test]
fn elements_without_bytes_are_read_up_to_the_allowance() {
    for codec in zero_sized() {
        // The eight bytes of the length pay for one element each.
        let most = 8 + FREE_ELEMENTS;
        let units: Vec<()> = codec.decode(&(most as u64).to_le_bytes()).unwrap();
        assert_eq!(units.len(), most);
        let error = codec.decode::<Vec<()>>(&(most as u64 + 1).to_le_bytes()).unwrap_err();
        assert!(error.to_string().contains(TOO_MANY), "{error}");
    }
}

#[test]
fn no_kind_of_element_without_bytes_escapes() {
    let bytes = TOO_LONG.to_le_bytes();
    for codec in zero_sized() {
        for error in [
            codec.decode::<Vec<()>>(&bytes).unwrap_err(),
            codec.decode::<Vec<Nothing>>(&bytes).unwrap_err(),
            codec.decode::<Vec<Skipped>>(&bytes).unwrap_err(),
            codec.decode::<Vec<[u8; 0]>>(&bytes).unwrap_err(),
            codec.decode::<Vec<((), Nothing)>>(&bytes).unwrap_err(),
            codec.decode::<BTreeMap<(), ()>>(&bytes).unwrap_err(),
            codec.decode::<HashMap<(), Skipped>>(&bytes).unwrap_err(),
        ] {
            assert!(error.to_string().contains(TOO_MANY), "{error}");
        }
    }
}

#[test]
fn the_allowance_is_shared_by_the_whole_message() {
    for codec in zero_sized() {
        let half = (FREE_ELEMENTS as u64 / 2).to_le_bytes();
        let twice = [2_u64.to_le_bytes(), half, half].concat();
        assert_eq!(codec.decode::<Vec<Vec<()>>>(&twice).unwrap().len(), 2);
        let thrice = [3_u64.to_le_bytes(), half, half, half].concat();
        let error = codec.decode::<Vec<Vec<()>>>(&thrice).unwrap_err();
        assert!(error.to_string().contains(TOO_MANY), "{error}");
    }
}

#[test]
fn the_allowance_is_for_one_message() {
    let most = (FREE_ELEMENTS as u64).to_le_bytes();
    for codec in zero_sized() {
        for _ in 0..3 {
            assert_eq!(codec.decode::<Vec<()>>(&most).unwrap().len(), FREE_ELEMENTS);
        }
    }
}

/// Four MiB of elements that take a byte each are legal, though they are far more than the allowance.
#[test]
fn a_message_full_of_one_byte_elements_is_read() {
    let full = vec![7_u8; 4 * 1024 * 1024];
    for codec in [AnyCodec::new(MessagePack::default()), AnyCodec::new(Bincode), AnyCodec::new(Limitless)] {
        assert!(codec.decode::<Vec<u8>>(&encode(&codec, &full)).unwrap() == full, "{codec:?}");
    }
    let full = vec![((7_i8,), true); 3 * FREE_ELEMENTS];
    for codec in [AnyCodec::new(MessagePack::default()), AnyCodec::new(Json), AnyCodec::new(Bincode)] {
        assert!(codec.decode::<Vec<((i8,), bool)>>(&encode(&codec, &full)).unwrap() == full, "{codec:?}");
    }
}

#[test]
fn a_length_that_lies_costs_nothing() {
    for length in [9_u64, 1 << 20, 1 << 32, 1 << 40, u64::MAX] {
        let bytes = [&length.to_le_bytes()[..], &[0; 8]].concat();
        for error in [
            Bincode.decode::<Vec<u64>>(&bytes).unwrap_err(),
            Bincode.decode::<Vec<u8>>(&bytes).unwrap_err(),
            Bincode.decode::<String>(&bytes).unwrap_err(),
            Bincode.decode::<bytes::Bytes>(&bytes).unwrap_err(),
            Bincode.decode::<HashMap<u64, [u64; 16]>>(&bytes).unwrap_err(),
        ] {
            assert_eq!(error.to_string(), "bincode: the message ends in the middle of a value");
        }
    }
    // An array, a map, text and bin of 2^32 - 1, then nothing.
    for marker in [b"\xdd", b"\xdf", b"\xdb", b"\xc6"] {
        let bytes = [&marker[..], &[0xff; 4]].concat();
        for error in [
            MessagePack::default().decode::<Vec<u64>>(&bytes).unwrap_err(),
            MessagePack::default().decode::<BTreeMap<u8, u8>>(&bytes).unwrap_err(),
            MessagePack::default().decode::<String>(&bytes).unwrap_err(),
            MessagePack::default().decode::<bytes::Bytes>(&bytes).unwrap_err(),
            MessagePack::default().decode::<serde_json::Value>(&bytes).unwrap_err(),
        ] {
            assert!(error.to_string().starts_with("messagepack: "), "{error}");
        }
    }
}

#[test]
fn a_message_that_is_cut_short_says_so() {
    let value = (7_u32, "seven", vec![1.5_f64]);
    for codec in AnyCodec::builtin() {
        let bytes = encode(&codec, &value);
        for cut in 0..bytes.len() {
            let error = codec.decode::<(u32, String, Vec<f64>)>(&bytes[..cut]).unwrap_err().to_string();
            assert!(error.contains("ends in the middle of a value") || error.contains("EOF"), "{codec:?}: {error}");
        }
    }
}

#[test]
fn bytes_after_the_value_are_refused() {
    for codec in AnyCodec::builtin() {
        let bytes = encode(&codec, &7_u8);
        for more in [&b"\x00"[..], b"\xc0", b"7", b"[", &[0x91; 100_000]] {
            let bytes = [&bytes, b" " as &[u8], more].concat();
            let error = codec.decode::<u8>(&bytes).unwrap_err();
            assert!(error.to_string().contains("more bytes follow the value"), "{codec:?}: {error}");
        }
    }
    assert_eq!(Json.decode::<u8>(b" 7 \n").unwrap(), 7, "white space is no more of a message");
}

/// Skipping is reading: what a struct does not know spends the same budget.
#[test]
fn a_skipped_field_is_bounded_through_a_custom_codec_too() {
    struct Wasteful;

    impl Codec for Wasteful {
        fn name(&self) -> &str {
            "wasteful"
        }

        fn encode<T: Serialize + ?Sized>(&self, _: &T, _: &mut Output) -> Result<(), EncodeError> {
            Err(EncodeError::new("this codec only reads"))
        }

        fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, _: &'de [u8]) -> Result<S::Value, DecodeError> {
            use serde::de::value::{MapDeserializer, SeqDeserializer};
            let wasteful: SeqDeserializer<_, DecodeError> =
                SeqDeserializer::new(std::iter::repeat_n((), TOO_LONG as usize));
            seed.deserialize(MapDeserializer::new([("unknown", wasteful)].into_iter()))
        }
    }

    #[derive(Debug, Deserialize)]
    struct Known {}

    for error in [
        Wasteful.decode::<Known>(b"").unwrap_err(),
        AnyCodec::new(Wasteful).decode::<Known>(b"").unwrap_err(),
        AnyCodec::new(Wasteful).decode_seed(std::marker::PhantomData::<Known>, b"").unwrap_err(),
    ] {
        assert!(error.to_string().contains(TOO_MANY), "{error}");
    }
}

//! Our bincode against the crate whose layout it keeps, over every kind of value that serde knows, both ways.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests assert by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use rpc_codec::{Bincode, Codec, FREE_ELEMENTS, Output};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Both write the same bytes, each reads what the other wrote, and both refuse the same damage.
#[track_caller]
fn agree<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let bytes = agree_undamaged(value);
    refuse_what_it_refuses::<T>(&bytes);
}

/// Both write the same bytes, and each reads what the other wrote.
#[track_caller]
fn agree_undamaged<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) -> Vec<u8> {
    let bytes = encode(&value);
    assert_eq!(bytes, bincode::serialize(&value).unwrap());
    assert_eq!(Bincode.decode::<T>(&bytes).unwrap(), value);
    assert_eq!(bincode::deserialize::<T>(&bytes).unwrap(), value);
    bytes
}

/// Every cut, and every byte changed to a few others, is accepted by both with the same value or by none.
fn refuse_what_it_refuses<T: DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    let same = |bytes: &[u8]| {
        use bincode::Options;
        let theirs = bincode::DefaultOptions::new().with_fixint_encoding().deserialize::<T>(bytes);
        let ours = Bincode.decode::<T>(bytes);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => assert_eq!(format!("{ours:?}"), format!("{theirs:?}")),
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{bytes:?}: ours {:?}, theirs {:?}", ours.err(), theirs.err()),
        }
    };
    for cut in 0..bytes.len() {
        same(&bytes[..cut]);
    }
    same(&[bytes, &[0]].concat());
    for place in 0..bytes.len() {
        for byte in [0, 1, 2, 0x7f, 0x80, 0xc3, 0xe2, 0xf0, 0xff] {
            let mut changed = bytes.to_vec();
            changed[place] = byte;
            same(&changed);
        }
    }
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut output = Output::new();
    Bincode.encode(value, &mut output).unwrap();
    output.into_bytes().to_vec()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(u16);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tuple(u8, String, bool);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Struct {
    id: u64,
    name: String,
    nested: Option<Box<Self>>,
    values: Vec<i16>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kinds {
    Unit,
    Newtype(u32),
    Tuple(u8, char),
    Struct { left: i64, right: Option<Unit> },
}

#[test]
fn integers() {
    agree((u8::MIN, u8::MAX));
    agree((u16::MIN, u16::MAX));
    agree((u32::MIN, u32::MAX));
    agree((u64::MIN, u64::MAX));
    agree((u128::MIN, u128::MAX));
    agree((i8::MIN, -1_i8, i8::MAX));
    agree((i16::MIN, -1_i16, i16::MAX));
    agree((i32::MIN, -1_i32, i32::MAX));
    agree((i64::MIN, -1_i64, i64::MAX));
    agree((i128::MIN, -1_i128, i128::MAX));
    agree((usize::MAX, isize::MIN));
}

#[test]
fn floats() {
    agree((0.0_f32, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY));
    agree((-1.5_f64, f64::EPSILON, f64::MIN, f64::NEG_INFINITY));
    for value in [f64::NAN, -f64::NAN, -0.0, f64::from_bits(0x7ff0_0000_0000_0001)] {
        assert_eq!(encode(&value), bincode::serialize(&value).unwrap());
        assert_eq!(Bincode.decode::<f64>(&encode(&value)).unwrap().to_bits(), value.to_bits());
    }
}

#[test]
fn bools_and_chars() {
    agree((true, false));
    agree(('a', '\0', 'ß', '€', '🦀', char::MAX));
    for char in ['\u{7f}', '\u{80}', '\u{7ff}', '\u{800}', '\u{ffff}', '\u{10000}'] {
        agree(char);
    }
}

#[test]
fn text_and_bytes() {
    agree(String::new());
    agree("from a to 🦀".to_owned());
    agree(serde_bytes::ByteBuf::from(vec![0, 1, 255]));
    agree(vec![0_u8, 1, 255]);
    agree([7_u8; 5]);
}

#[test]
fn bytes_and_a_list_of_bytes_look_alike() {
    assert_eq!(encode(serde_bytes::Bytes::new(&[1, 2, 3])), encode(&vec![1_u8, 2, 3]));
}

#[test]
fn options() {
    agree(None::<u8>);
    agree(Some(7_u8));
    agree((Some(None::<u8>), Some(Some(7_u8)), None::<Option<u8>>));
    agree(Some(()));
}

#[test]
fn units() {
    agree(());
    agree(Unit);
    agree((Unit, (), 7_u8));
    agree_undamaged(vec![(), (), ()]);
}

/// The one deliberate difference: a damaged length of elements that take no bytes, which the reference believes.
#[test]
fn units_without_end_are_refused_where_the_reference_reads_them() {
    let many = FREE_ELEMENTS + 1000;
    let bytes = (many as u64).to_le_bytes();
    assert_eq!(bincode::deserialize::<Vec<()>>(&bytes).unwrap().len(), many);
    let error = Bincode.decode::<Vec<()>>(&bytes).unwrap_err();
    assert!(error.to_string().contains("more than 65536 elements beyond"), "{error}");
}

#[test]
fn structs() {
    agree(Newtype(7));
    agree(Tuple(1, "two".to_owned(), true));
    let inner = Struct { id: 1, name: String::new(), nested: None, values: vec![] };
    agree(Struct { id: u64::MAX, name: "outer".to_owned(), nested: Some(Box::new(inner)), values: vec![-1, 0, 1] });
}

#[test]
fn enums() {
    agree(vec![Kinds::Unit, Kinds::Newtype(7), Kinds::Tuple(1, 'x')]);
    agree(vec![Kinds::Struct { left: -1, right: None }, Kinds::Struct { left: 1, right: Some(Unit) }]);
    agree(Result::<u8, String>::Err("no".to_owned()));
}

#[test]
fn sequences_and_maps() {
    agree(Vec::<u32>::new());
    agree(vec![vec![1_u32], vec![], vec![2, 3]]);
    agree(BTreeSet::from([3_i8, 1, 2]));
    agree(BTreeMap::from([((1_u8, 'a'), vec!["x".to_owned()]), ((2, 'b'), vec![])]));
    agree(BTreeMap::<String, Kinds>::new());
}

#[test]
fn types_that_differ_by_readability() {
    agree(IpAddr::V6(Ipv6Addr::LOCALHOST));
    agree(Duration::new(3, 7));
}

#[test]
fn a_sequence_without_a_length_is_refused_with_the_way_out() {
    #[derive(Serialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Struct,
    }
    let inner = Struct { id: 1, name: String::new(), nested: None, values: vec![] };
    let error = Bincode.encode(&Outer { inner }, &mut Output::new()).unwrap_err();
    assert!(error.to_string().contains("#[serde(flatten)]"), "{error}");
}

#[test]
fn a_type_of_any_shape_is_refused_with_the_way_out() {
    let error = Bincode.decode::<serde_json::Value>(&[1, 2, 3]).unwrap_err();
    assert!(error.to_string().contains("choose messagepack"), "{error}");
}

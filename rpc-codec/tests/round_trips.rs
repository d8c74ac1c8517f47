//! What goes through each codec and comes back the same, and the few values that do not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests assert by panicking")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use rpc_codec::{AnyCodec, Bincode, Codec, Json, MessagePack, Output};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Every codec there is, with MessagePack in both its ways.
fn codecs() -> Vec<AnyCodec> {
    let mut codecs = AnyCodec::builtin().to_vec();
    codecs.push(AnyCodec::new(MessagePack::default().compact()));
    codecs
}

fn encode<T: Serialize + ?Sized>(codec: &impl Codec, value: &T) -> Vec<u8> {
    let mut output = Output::new();
    codec.encode(value, &mut output).unwrap();
    output.into_bytes().to_vec()
}

/// Comes back the same through this codec.
#[track_caller]
fn returns_by<T: Serialize + DeserializeOwned + PartialEq + Debug>(codec: &impl Codec, value: &T) {
    let bytes = encode(codec, value);
    let back: T = codec.decode(&bytes).unwrap_or_else(|error| panic!("{} {value:?}: {error}", codec.name()));
    assert_eq!(&back, value, "{}", codec.name());
}

/// Comes back the same through every codec.
#[track_caller]
fn returns<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    for codec in codecs() {
        returns_by(&codec, &value);
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newtype(u16);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kinds {
    Unit,
    Newtype(u32),
    Tuple(u8, char),
    Struct { left: i64, right: Option<Pair> },
    Nested(Box<Self>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Person {
    id: u64,
    name: String,
    friends: Vec<Self>,
    mood: Kinds,
}

fn person() -> Person {
    let friend = Person { id: 0, name: String::new(), friends: vec![], mood: Kinds::Unit };
    let mood = Kinds::Struct { left: -1, right: Some(Pair(7, "🦀".to_owned())) };
    Person { id: u64::MAX, name: "Ada".to_owned(), friends: vec![friend.clone(), friend], mood }
}

#[test]
fn integers_at_their_limits() {
    returns((u8::MIN, u8::MAX, i8::MIN, i8::MAX));
    returns((u16::MIN, u16::MAX, i16::MIN, i16::MAX));
    returns((u32::MIN, u32::MAX, i32::MIN, i32::MAX));
    returns((u64::MIN, u64::MAX, i64::MIN, i64::MAX));
    returns((u128::MIN, u128::MAX, i128::MIN, i128::MAX));
    returns((u64::MAX as u128 + 1, i64::MIN as i128 - 1, -1_i128, 7_u128));
    for value in [-129_i64, -128, -33, -32, -1, 0, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296] {
        returns(value);
    }
}

#[test]
fn floats_come_back_to_the_last_bit() {
    let values = [0.1 + 0.2, -0.0, f64::MIN_POSITIVE, f64::MAX, 5e-324, 123_456_789.123_456_79, 2.0_f64.powi(60) - 0.5];
    for codec in codecs() {
        for value in values {
            let back: f64 = codec.decode(&encode(&codec, &value)).unwrap();
            assert_eq!(back.to_bits(), value.to_bits(), "{} {value}", codec.name());
        }
        for single in [0.1_f32 + 0.2, -0.0, f32::MIN_POSITIVE, f32::MAX, 1e-45, 16_777_217.0] {
            let back: f32 = codec.decode(&encode(&codec, &single)).unwrap();
            assert_eq!(back.to_bits(), single.to_bits(), "{} {single}", codec.name());
        }
    }
}

#[test]
fn what_is_no_number_comes_back_except_through_json() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for codec in codecs() {
            let back = codec.decode::<f64>(&encode(&codec, &value));
            if codec.name() == "json" {
                assert!(back.unwrap_err().to_string().contains("null"));
            } else {
                assert_eq!(back.unwrap().to_bits(), value.to_bits(), "{}", codec.name());
            }
        }
    }
}

#[test]
fn text() {
    for value in ["", "a", "ß€🦀", "\0\u{7f}\"\\\n\u{2028}", "\u{10ffff}"] {
        returns(value.to_owned());
        returns(value.chars().collect::<Vec<char>>());
    }
    for length in [31, 32, 255, 256, 65_535, 65_536] {
        returns("x".repeat(length));
    }
}

#[test]
fn units_and_structs() {
    returns(Unit);
    returns((Unit, 7));
    returns(((), true, false));
    returns(Newtype(7));
    returns(Pair(7, "seven".to_owned()));
    returns(person());
    returns(vec![(); 3]);
}

#[test]
fn every_kind_of_variant() {
    returns(Kinds::Unit);
    returns(Kinds::Newtype(u32::MAX));
    returns(Kinds::Tuple(7, 'ß'));
    returns(Kinds::Struct { left: i64::MIN, right: None });
    returns(Kinds::Nested(Box::new(Kinds::Nested(Box::new(Kinds::Unit)))));
    returns(Result::<Pair, String>::Err("no".to_owned()));
}

#[test]
fn options() {
    returns(None::<u8>);
    returns(Some(7_u8));
    returns(vec![Some("text".to_owned()), None]);
    returns(Some(Some(7_u8)));
    returns(None::<Option<u8>>);
}

/// MessagePack and JSON have one nil for every kind of nothing.
#[test]
fn some_nothing_is_nothing_except_in_bincode() {
    returns_by(&Bincode, &Some(None::<u8>));
    returns_by(&Bincode, &Some(()));
    for codec in [AnyCodec::new(MessagePack::default()), AnyCodec::new(Json)] {
        let back: Option<Option<u8>> = codec.decode(&encode(&codec, &Some(None::<u8>))).unwrap();
        assert_eq!(back, None);
        let back: Option<()> = codec.decode(&encode(&codec, &Some(()))).unwrap();
        assert_eq!(back, None);
    }
}

#[test]
fn collections() {
    returns(Vec::<Person>::new());
    returns((0..100_u32).collect::<Vec<_>>());
    returns((0..20_u8).collect::<BTreeSet<_>>());
    returns([1_u8, 200, 255]);
    returns(BTreeMap::from([("a".to_owned(), 1.5), ("".to_owned(), -1.0)]));
    returns((0..300_u64).map(|key| (key, key.to_string())).collect::<HashMap<_, _>>());
}

#[test]
fn maps_whose_keys_are_no_text() {
    returns(BTreeMap::from([(-7_i32, 'a'), (7, 'b')]));
    returns(BTreeMap::from([(u64::MAX, ()), (0, ())]));
    returns(BTreeMap::from([(true, 1), (false, 0)]));
    returns(BTreeMap::from([('a', 1), ('🦀', 0)]));
}

#[test]
fn a_map_whose_keys_are_structs_is_refused_by_json_alone() {
    let map = BTreeMap::from([((1_u8, 2_u8), "value".to_owned())]);
    returns_by(&MessagePack::default(), &map);
    returns_by(&Bincode, &map);
    let error = Json.encode(&map, &mut Output::new()).unwrap_err();
    assert_eq!(error.to_string(), "json: key must be a string");
}

#[test]
fn named_and_compact_read_each_other() {
    let (named, compact) = (MessagePack::default(), MessagePack::default().compact());
    let (long, short) = (encode(&named, &person()), encode(&compact, &person()));
    assert!(short.len() < long.len());
    assert_eq!(compact.decode::<Person>(&long).unwrap(), person());
    assert_eq!(named.decode::<Person>(&short).unwrap(), person());
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Old {
    id: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct New {
    id: u32,
    #[serde(default)]
    added: u8,
    more: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Strict {
    id: u32,
    needed: u8,
}

#[test]
fn a_missing_field_takes_its_default_where_fields_have_names() {
    for codec in [AnyCodec::new(MessagePack::default()), AnyCodec::new(Json)] {
        let bytes = encode(&codec, &Old { id: 7 });
        assert_eq!(codec.decode::<New>(&bytes).unwrap(), New { id: 7, added: 0, more: None });
        let error = codec.decode::<Strict>(&bytes).unwrap_err();
        assert!(error.to_string().contains("missing field `needed`"), "{error}");
    }
}

#[test]
fn a_missing_last_field_takes_its_default_in_compact_messagepack_too() {
    let bytes = encode(&MessagePack::default().compact(), &(7,));
    #[derive(Debug, PartialEq, Deserialize)]
    struct Longer {
        id: u32,
        #[serde(default)]
        added: u8,
    }
    assert_eq!(MessagePack::default().decode::<Longer>(&bytes).unwrap(), Longer { id: 7, added: 0 });
}

#[test]
fn an_unknown_field_is_ignored_where_fields_have_names() {
    let new = New { id: 7, added: 1, more: Some("text".to_owned()) };
    for codec in [AnyCodec::new(MessagePack::default()), AnyCodec::new(Json)] {
        assert_eq!(codec.decode::<Old>(&encode(&codec, &new)).unwrap(), Old { id: 7 });
    }
}

#[test]
fn a_changed_struct_is_refused_where_fields_have_no_names() {
    let new = New { id: 7, added: 1, more: None };
    for codec in [AnyCodec::new(MessagePack::default().compact()), AnyCodec::new(Bincode)] {
        assert!(codec.decode::<Old>(&encode(&codec, &new)).is_err(), "{codec:?}");
        assert!(codec.decode::<Strict>(&encode(&codec, &Old { id: 7 })).is_err(), "{codec:?}");
    }
}

/// A type that differs at the two ends is an error of that message, never a panic.
#[test]
fn a_wrong_type_is_an_error() {
    for codec in codecs() {
        let bytes = encode(&codec, &"text");
        assert!(codec.decode::<u64>(&bytes).is_err(), "{codec:?}");
        assert!(codec.decode::<Person>(&bytes).is_err(), "{codec:?}");
        assert!(codec.decode::<Vec<bool>>(&bytes).is_err(), "{codec:?}");
        assert!(codec.decode::<Kinds>(&bytes).is_err(), "{codec:?}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Blob { data: Vec<u8>, size: u64 },
    Empty,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Bytes(Vec<u8>),
    Text(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, Vec<u8>>,
}

/// serde keeps what it reads for these and decides later; the bytes of a `Vec<u8>` must survive that.
#[test]
fn types_that_tell_themselves_apart_come_back_where_values_tell_their_types() {
    for codec in codecs().iter().filter(|codec| codec.name() != "bincode") {
        returns_by(codec, &Tagged::Blob { data: vec![0, 200, 255], size: u64::MAX });
        returns_by(codec, &Tagged::Empty);
        returns_by(codec, &Untagged::Number(7));
        returns_by(codec, &Untagged::Bytes(vec![0, 200, 255]));
        returns_by(codec, &Untagged::Text("text".to_owned()));
        returns_by(codec, &Flat { id: 7, rest: BTreeMap::from([("a".to_owned(), vec![1, 255])]) });
        returns_by(codec, &serde_json::json!({"a": [1, -1.5, null, {"b": "c"}], "d": true}));
    }
}

/// What the crate's documentation says of each change to a type.
#[test]
fn a_type_may_change_as_documented() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Before {
        First,
        Second(u8),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Appended {
        First,
        Second(u8),
        Third,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Moved {
        Second(u8),
        First,
    }
    for codec in codecs() {
        let open = codec.name() != "bincode";
        let number = encode(&codec, &7_u8);
        assert_eq!(codec.decode::<Newtype>(&encode(&codec, &7_u16)).unwrap(), Newtype(7), "{codec:?}");
        assert_eq!(codec.decode::<u64>(&number).is_ok_and(|wide| wide == 7), open, "{codec:?}");
        assert_eq!(codec.decode::<f64>(&number).is_ok_and(|float| float == 7.0), open, "{codec:?}");
        assert_eq!(codec.decode::<Option<u8>>(&number).is_ok_and(|option| option == Some(7)), open, "{codec:?}");

        let variant = encode(&codec, &Before::Second(7));
        assert_eq!(codec.decode::<Appended>(&variant).unwrap(), Appended::Second(7), "{codec:?}");
        assert_eq!(codec.decode::<Moved>(&variant).is_ok_and(|moved| moved == Moved::Second(7)), open, "{codec:?}");
        assert!(codec.decode::<Before>(&encode(&codec, &Appended::Third)).is_err(), "{codec:?}");
    }
}

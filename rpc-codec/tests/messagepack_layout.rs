//! Our MessagePack against the crate whose layout it keeps, over every kind of value that serde knows, both ways.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests assert by panicking")]

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Debug;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use rmp_serde::config::BytesMode;
use rpc_codec::{Codec, FREE_ELEMENTS, MessagePack, Output};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Both write the same bytes, with names and without, each reads what the other wrote, and both refuse the same damage.
#[track_caller]
fn agree<T: Serialize + DeserializeOwned + Debug>(value: T) {
    let bytes = agree_undamaged(&value);
    for bytes in &bytes {
        refuse_what_it_refuses::<T>(bytes);
    }
}

/// Both write the same bytes, with names and without, and each reads what the other wrote.
#[track_caller]
fn agree_undamaged<T: Serialize + DeserializeOwned + Debug>(value: &T) -> [Vec<u8>; 2] {
    write_alike(value).inspect(|bytes| {
        let (ours, theirs) = (MessagePack::default().decode::<T>(bytes), rmp_serde::from_slice::<T>(bytes));
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    })
}

#[track_caller]
fn write_alike<T: Serialize + ?Sized>(value: &T) -> [Vec<u8>; 2] {
    let named = encode(MessagePack::default(), value);
    assert_eq!(named, reference(value, true));
    let compact = encode(MessagePack::default().compact(), value);
    assert_eq!(compact, reference(value, false));
    [named, compact]
}

trait Inspect: Sized {
    fn inspect(self, look: impl Fn(&[u8])) -> Self;
}

impl Inspect for [Vec<u8>; 2] {
    fn inspect(self, look: impl Fn(&[u8])) -> Self {
        self.iter().for_each(|bytes| look(bytes));
        self
    }
}

/// Every cut is refused, and every byte changed to a few others is read by both as the same value or by none.
#[track_caller]
fn refuse_what_it_refuses<T: DeserializeOwned + Debug>(bytes: &[u8]) {
    for cut in 0..bytes.len() {
        assert!(MessagePack::default().decode::<T>(&bytes[..cut]).is_err(), "{cut} of {bytes:?}");
    }
    read_alike::<T>(&[bytes, &[0]].concat());
    for place in 0..bytes.len() {
        for byte in [0, 1, 0x7f, 0x81, 0x91, 0xa1, 0xc0, 0xc1, 0xc3, 0xc4, 0xc7, 0xca, 0xcc, 0xd0, 0xd4, 0xd9, 0xff] {
            let mut changed = bytes.to_vec();
            changed[place] = byte;
            read_alike::<T>(&changed);
        }
    }
}

/// Read by both as the same value, or by none.
#[track_caller]
fn read_alike<T: DeserializeOwned + Debug>(bytes: &[u8]) {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    let theirs = T::deserialize(&mut deserializer);
    let theirs = theirs.ok().filter(|_| bool::deserialize(&mut deserializer).is_err_and(|error| is_end(&error)));
    let ours = MessagePack::default().decode::<T>(bytes);
    match (ours, theirs) {
        (Ok(ours), Some(theirs)) => assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{bytes:?}"),
        (Err(_), None) => {}
        (ours, theirs) => panic!("{bytes:x?}: ours {ours:?}, theirs {theirs:?}"),
    }
}

fn is_end(error: &rmp_serde::decode::Error) -> bool {
    matches!(error, rmp_serde::decode::Error::InvalidMarkerRead(_))
}

fn encode<T: Serialize + ?Sized>(codec: MessagePack, value: &T) -> Vec<u8> {
    let mut output = Output::new();
    codec.encode(value, &mut output).unwrap();
    output.into_bytes().to_vec()
}

fn reference<T: Serialize + ?Sized>(value: &T, named: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_bytes(BytesMode::ForceIterables);
    if named {
        value.serialize(&mut serializer.with_struct_map()).unwrap();
    } else {
        value.serialize(&mut serializer).unwrap();
    }
    bytes
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newtype(u16);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tuple(u8, String, bool);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Struct {
    id: u64,
    name: String,
    a_field_with_a_rather_long_name_that_is_no_short_text: Option<Box<Self>>,
    values: Vec<i16>,
    bytes: Vec<u8>,
    kinds: Vec<Kinds>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kinds {
    Unit,
    Newtype(u32),
    Tuple(u8, char),
    Struct { left: i64, right: Option<Unit> },
}

#[test]
fn integers() {
    for shift in 0..64 {
        for value in [(1_u64 << shift) - 1, 1 << shift, u64::MAX >> shift] {
            agree(value);
            write_alike(&value.cast_signed());
            write_alike(&value.cast_signed().wrapping_neg());
            agree_undamaged(&(value as u32, value as u16, value as u8));
            agree_undamaged(&(value as i32, value as i16, value as i8));
            agree_undamaged(&(-(value as i32 >> 1), -(value as i16 >> 1), -(value as i8 >> 1)));
        }
    }
    agree((i64::MIN, i32::MIN, i16::MIN, i8::MIN, -33_i8, -32_i8, -1_i64));
    agree((usize::MAX, isize::MIN));
}

#[test]
fn integers_of_128_bits() {
    agree((i128::MIN, -1_i128, 0_i128, i128::MAX));
    for value in [0, 7, u128::from(u64::MAX) + 1, u128::MAX] {
        agree_undamaged(&value);
    }
    for byte in 0..=255 {
        read_alike::<i128>(&[byte]);
        read_alike::<i128>(&[byte, 200, 1, 2, 3, 4, 5, 6, 7]);
        read_alike::<i128>(&[byte, 200]);
    }
}

/// The one deliberate difference: the reference reads a negative number as a huge one.
#[test]
fn a_negative_number_is_no_u128() {
    for value in [-1_i64, -33, -129, -32_769, i64::MIN] {
        let bytes = encode(MessagePack::default(), &value);
        assert!(rmp_serde::from_slice::<u128>(&bytes).unwrap() > u128::MAX / 2);
        let error = MessagePack::default().decode::<u128>(&bytes).unwrap_err();
        assert_eq!(error.to_string(), "messagepack: a negative integer is not of the type expected here");
        assert_eq!(MessagePack::default().decode::<i128>(&bytes).unwrap(), i128::from(value));
    }
    assert_eq!(MessagePack::default().decode::<u128>(b"\xcc\xff").unwrap(), 255);
}

#[test]
fn floats() {
    agree((0.0_f32, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY));
    agree((-1.5_f64, f64::EPSILON, f64::MIN, f64::NEG_INFINITY));
    write_alike(&[f64::NAN, -f64::NAN, -0.0, f64::from_bits(0x7ff0_0000_0000_0001)]);
}

#[test]
fn every_number_is_read_from_the_same_markers() {
    for byte in 0..=255 {
        for more in
            [&b""[..], b"\x00", b"\x7f\x80", b"\x00\x00\x00\x7f", b"\x40\x49\x0f\xdb\x00\x00\x00\x00", &[0xff; 8]]
        {
            let bytes = [&[byte], more].concat();
            read_alike::<u8>(&bytes);
            read_alike::<i8>(&bytes);
            read_alike::<u16>(&bytes);
            read_alike::<i16>(&bytes);
            read_alike::<u32>(&bytes);
            read_alike::<i32>(&bytes);
            read_alike::<u64>(&bytes);
            read_alike::<i64>(&bytes);
            read_alike::<f32>(&bytes);
            read_alike::<f64>(&bytes);
            read_alike::<bool>(&bytes);
            read_alike::<char>(&bytes);
            read_alike::<String>(&bytes);
            read_alike::<()>(&bytes);
            read_alike::<Unit>(&bytes);
            read_alike::<Option<u8>>(&bytes);
            read_alike::<Newtype>(&bytes);
            read_alike::<Kinds>(&bytes);
            read_alike::<IgnoredAny>(&bytes);
        }
    }
}

#[test]
fn bools_chars_and_units() {
    agree((true, false, (), Unit));
    agree(('a', '\0', 'ß', '€', '🦀', char::MAX));
    agree(vec![(); 20]);
}

#[test]
fn text() {
    for length in [0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 65_535, 65_536] {
        let bytes = agree_undamaged(&"x".repeat(length));
        assert!(MessagePack::default().decode::<String>(&bytes[0][..bytes[0].len() - 1]).is_err());
        agree_undamaged(&(1_u8, "ß".repeat(length)));
    }
    agree("from a to 🦀".to_owned());
    // What is not UTF-8 may still be bytes.
    for bytes in [&b"\xa2\xff\xfe"[..], b"\xd9\x02\xc3\x28", b"\xa1\x80"] {
        read_alike::<String>(bytes);
        read_alike::<serde_bytes::ByteBuf>(bytes);
        read_alike::<IgnoredAny>(bytes);
        assert_eq!(
            MessagePack::default().decode::<String>(bytes).unwrap_err().to_string().split(": ").nth(1),
            Some("text is not UTF-8")
        );
    }
}

#[test]
fn bytes() {
    for length in [0, 1, 2, 15, 16, 255, 256, 65_535, 65_536] {
        let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
        agree_undamaged(&bytes);
        agree_undamaged(&serde_bytes::ByteBuf::from(bytes.clone()));
        agree_undamaged(&(vec![Some(bytes.clone())], 1_u8));
        agree_undamaged(&bytes.iter().copied().collect::<VecDeque<_>>());
        agree_undamaged(&bytes.iter().copied().collect::<BTreeSet<_>>());
        agree_undamaged(&bytes.iter().map(|byte| byte.cast_signed()).collect::<Vec<_>>());
        agree_undamaged(&bytes.iter().map(|byte| Some(*byte)).collect::<Vec<_>>());
        write_alike(&bytes.iter().map(|byte| Newtype((*byte).into())).collect::<Vec<_>>());
    }
    agree([7_u8, 200, 0, 1, 5]);
    agree(vec![vec![1_u8, 200], vec![], vec![3]]);
    agree(vec![1_u8, 200, 7]);
    agree(serde_bytes::ByteBuf::from(vec![0, 1, 255]));
}

#[test]
fn options() {
    agree(None::<u8>);
    agree((Some(7_u8), Some(Some("x".to_owned())), None::<Option<u8>>));
    agree_undamaged(&(Some(()), Some(None::<u8>)));
    agree(Some(Some(Newtype(7))));
}

#[test]
fn structs() {
    agree(Newtype(7));
    agree(Tuple(1, "two".to_owned(), true));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20 {
        agree(random.value());
    }
}

#[test]
fn structs_are_read_from_maps_in_any_order_and_with_unknown_fields() {
    #[derive(Debug, Serialize)]
    struct Moved {
        kinds: Vec<Kinds>,
        unknown: BTreeMap<String, (i8, f64)>,
        values: Vec<i16>,
        bytes: Vec<u8>,
        name: String,
        id: u64,
    }
    let unknown = BTreeMap::from([("name".to_owned(), (1, 1.5))]);
    let moved =
        Moved { kinds: vec![Kinds::Unit], unknown, values: vec![1], bytes: vec![2], name: "x".to_owned(), id: 300 };
    let [named, _] = write_alike(&moved);
    let read: Struct = MessagePack::default().decode(&named).unwrap();
    assert_eq!((read.id, read.name.as_str(), read.values, read.bytes), (300, "x", vec![1], vec![2]));
    refuse_what_it_refuses::<IgnoredAny>(&named);
    for place in 0..named.len() {
        for byte in [0, 0x80, 0x90, 0xa0, 0xc0, 0xc4] {
            let mut changed = named.clone();
            changed[place] = byte;
            read_alike::<Struct>(&changed);
        }
    }
}

#[test]
fn enums() {
    agree(vec![Kinds::Unit, Kinds::Newtype(7), Kinds::Tuple(1, 'x')]);
    agree(vec![Kinds::Struct { left: -1, right: None }, Kinds::Struct { left: 1, right: Some(Unit) }]);
    agree(Result::<u8, String>::Err("no".to_owned()));
    // By index, as bin, with the wrong number of entries, and a unit variant with content.
    for bytes in [
        &b"\x00"[..],
        b"\x03",
        b"\x04",
        b"\xcc\x00",
        b"\x81\x01\x07",
        b"\x81\x00\xc0",
        b"\xc4\x04Unit",
        b"\x80",
        b"\x82\xa7Newtype\x07\xa4Unit\xc0",
        b"\x81\xa4Unit\xc0",
        b"\x81\xa4Unit\x90",
        b"\xa7Newtype",
        b"\x81\xa6Struct\x92\x01\xc0",
        b"\xde\x00\x01\xa7Newtype\x07",
        b"\xdf\x00\x00\x00\x01\xa7Newtype\x07",
        b"\xde\x00",
        b"\x91\xa4Unit",
        b"\xd4\x01\x01",
        b"\x81\xa5Tuple\xc4\x02\x01\x02",
    ] {
        read_alike::<Kinds>(bytes);
    }
}

#[test]
fn sequences_and_maps() {
    agree(Vec::<u32>::new());
    agree(vec![vec![1_u32], vec![], vec![2, 3]]);
    agree(BTreeMap::from([((1_u8, 'a'), vec!["x".to_owned()]), ((2, 'b'), vec![])]));
    agree(BTreeMap::<String, Kinds>::new());
    for length in [15, 16, 17, 65_535, 65_536] {
        agree_undamaged(&(0..length).collect::<Vec<u32>>());
        agree_undamaged(&(0..length).map(|key| (key, true)).collect::<BTreeMap<u32, bool>>());
    }
}

#[test]
fn an_array_of_another_length_than_the_type_is_refused() {
    for bytes in [&b"\x93\x01\x02"[..], b"\x92\x01\x02", b"\x91\x01", b"\xc4\x03\x01\x02\x03", b"\xc4\x01\x01"] {
        read_alike::<(u8, u8)>(bytes);
        read_alike::<[u8; 2]>(bytes);
        read_alike::<((u8, u8), u8)>(&[b"\x92", bytes, b"\x03"].concat());
    }
    let error = MessagePack::default().decode::<(u8, u8)>(b"\x93\x01\x02").unwrap_err();
    assert_eq!(error.to_string(), "messagepack: 2 elements are not as many as expected here");
}

#[test]
fn lengths_that_are_not_known() {
    struct Unknown(usize);

    impl Serialize for Unknown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut outer = serializer.serialize_map(None)?;
            outer.serialize_entry("numbers", &Numbers(self.0))?;
            outer.serialize_entry("more", &Numbers(1))?;
            outer.end()
        }
    }

    struct Numbers(usize);

    impl Serialize for Numbers {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut inner = serializer.serialize_seq(None)?;
            for number in 0..self.0 {
                inner.serialize_element(&(number, vec![1_u8]))?;
            }
            inner.end()
        }
    }

    for length in [0, 1, 15, 16, 70_000] {
        write_alike(&Unknown(length));
    }
    let odd = (0..40_u8).filter(|number| number % 2 == 1);
    struct Collected<I>(I);
    impl<I: Iterator<Item = u8> + Clone> Serialize for Collected<I> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.clone())
        }
    }
    write_alike(&Collected(odd));
    write_alike(&Collected(0..200));
    write_alike(&Collected([1, 2, 3].into_iter()));
}

#[test]
fn values_that_serde_keeps_before_it_knows_their_type() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, Vec<i64>>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Around {
        id: u8,
        #[serde(flatten)]
        inner: Newtypes,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtypes {
        one: Newtype,
        bytes: Vec<u8>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Blob { data: Vec<u64>, size: f32 },
        Empty,
    }
    let rest = BTreeMap::from([("a".to_owned(), vec![1, -255]), ("b".to_owned(), vec![])]);
    agree(Flat { id: 7, rest });
    agree(Tagged::Blob { data: vec![0, 200, 70_000], size: 1.5 });
    agree(Tagged::Empty);
    // Of bin, the reference keeps bytes, which are no `Vec<u8>` any more; ours keeps a sequence.
    let around = Around { id: 1, inner: Newtypes { one: Newtype(300), bytes: vec![1, 200] } };
    let [named, compact] = write_alike(&around);
    assert_eq!(MessagePack::default().decode::<Around>(&named).unwrap(), around);
    assert_eq!(MessagePack::default().decode::<Around>(&compact).unwrap(), around);
    agree(serde_json::json!({"a": [1, -1.5, null, {"b": "c"}], "d": true, "e": []}));
}

#[test]
fn types_that_differ_by_readability() {
    agree(IpAddr::V6(Ipv6Addr::LOCALHOST));
    agree(Duration::new(3, 7));
}

#[test]
fn ext_values() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "_ExtStruct")]
    struct Ext((i8, serde_bytes::ByteBuf));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Known {
        id: u8,
    }

    for length in [0, 1, 2, 3, 4, 8, 15, 16, 17, 255, 256, 65_535, 65_536] {
        for tag in [-128, -1, 0, 127] {
            let value = (Ext((tag, vec![7; length].into())), 1_u8);
            let [bytes, _] = agree_undamaged(&value);
            MessagePack::default().decode::<(IgnoredAny, u8)>(&bytes).unwrap();
            assert!(MessagePack::default().decode::<(u8, u8)>(&bytes).is_err());
            assert!(MessagePack::default().decode::<(Vec<u8>, u8)>(&bytes).is_err());
            let skipped = [b"\x82\xa1x", &bytes[1..bytes.len() - 1], b"\xa2id\x07"].concat();
            assert_eq!(MessagePack::default().decode::<Known>(&skipped).unwrap(), Known { id: 7 });
        }
    }
    agree(Ext((5, vec![1, 2, 3].into())));
    #[derive(Serialize)]
    #[serde(rename = "_ExtStruct")]
    struct Wrong(u8);
    let error = MessagePack::default().encode(&Wrong(1), &mut Output::new()).unwrap_err();
    assert!(error.to_string().starts_with("messagepack: a struct named _ExtStruct holds"), "{error}");
}

/// What each element takes is up to its type, so even here there may be elements that take nothing.
#[test]
fn elements_that_read_nothing_are_read_up_to_the_allowance() {
    #[derive(Debug)]
    struct Nothing;

    impl<'de> Deserialize<'de> for Nothing {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }

    let most = 5 + FREE_ELEMENTS as u32;
    let array = |length: u32| [&[0xdd][..], &length.to_be_bytes()].concat();
    let read = MessagePack::default().decode::<Vec<Nothing>>(&array(most)).unwrap();
    assert_eq!(read.len(), most as usize);
    let error = MessagePack::default().decode::<Vec<Nothing>>(&array(most + 1)).unwrap_err();
    assert!(error.to_string().starts_with("messagepack: more than 65536 elements beyond"), "{error}");
}

#[test]
fn random_bytes_are_read_alike() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..20_000 {
        let length = random.below(24) as usize;
        let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        read_alike::<IgnoredAny>(&bytes);
        read_alike::<Struct>(&bytes);
        read_alike::<(Kinds, Option<Tuple>)>(&bytes);
        read_alike::<Vec<HashMap<u8, String>>>(&bytes);
        read_alike::<(i128, char, f32)>(&bytes);
        read_alike::<Vec<Vec<u8>>>(&bytes);
        read_alike::<[u8; 3]>(&bytes);
        let _ = MessagePack::default().decode::<serde_json::Value>(&bytes);
    }
}

/// Marsaglia's xorshift, from a fixed seed: a failure comes back at every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number of any size.
    fn number(&mut self) -> u64 {
        self.next() >> self.below(64)
    }

    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| one(self)).collect()
    }

    fn kind(&mut self) -> Kinds {
        match self.below(4) {
            0 => Kinds::Unit,
            1 => Kinds::Newtype(self.number() as u32),
            2 => Kinds::Tuple(self.number() as u8, char::from(self.number() as u8)),
            _ => Kinds::Struct {
                left: self.number().cast_signed(),
                right: self.next().is_multiple_of(2).then_some(Unit),
            },
        }
    }

    fn value(&mut self) -> Struct {
        Struct {
            id: self.number(),
            name: self.many(|random| char::from(random.next() as u8)).into_iter().collect(),
            a_field_with_a_rather_long_name_that_is_no_short_text: (self.below(3) == 0).then(|| Box::new(self.value())),
            values: self.many(|random| random.number() as i16),
            bytes: self.many(|random| random.number() as u8),
            kinds: self.many(Self::kind),
        }
    }
}

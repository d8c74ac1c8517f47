//! Bytes in each codec: how they are written, what is read as bytes, and which are not copied.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests assert by panicking")]

use bytes::Bytes;
use rpc_codec::bytes::{AsBytes, sharing};
use rpc_codec::{AnyCodec, Bincode, Codec, Json, MessagePack, Output};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

fn encode<T: Serialize + ?Sized>(codec: &impl Codec, value: &T) -> Vec<u8> {
    let mut output = Output::new();
    codec.encode(value, &mut output).unwrap();
    output.into_bytes().to_vec()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Owned {
    #[serde(with = "rpc_codec::bytes")]
    vec: Vec<u8>,
    #[serde(with = "rpc_codec::bytes")]
    bytes: Bytes,
}

#[derive(Serialize)]
struct Borrowed<'a> {
    #[serde(with = "rpc_codec::bytes")]
    vec: &'a &'a [u8],
    #[serde(with = "rpc_codec::bytes")]
    bytes: &'a Bytes,
}

#[test]
fn borrowed_bytes_are_read_as_owned_ones() {
    let bytes = Bytes::from_static(b"\x00\xff");
    for codec in AnyCodec::builtin() {
        let written = encode(&codec, &Borrowed { vec: &&[1, 2][..], bytes: &bytes });
        let read: Owned = codec.decode(&written).unwrap();
        assert_eq!(read, Owned { vec: vec![1, 2], bytes: bytes.clone() });
    }
}

#[test]
fn results_are_bytes_in_their_wrapper() {
    for length in [0, 1, 2, 3, 255, 256, 767, 768, 769, 100_000] {
        let vec: Vec<u8> = (0..=255).cycle().take(length).collect();
        for codec in AnyCodec::builtin() {
            let written = encode(&codec, &AsBytes(&vec));
            assert_eq!(codec.decode::<AsBytes<Vec<u8>>>(&written).unwrap().0, vec, "{codec:?} {length}");
            assert_eq!(codec.decode::<AsBytes<Bytes>>(&written).unwrap().0, vec, "{codec:?} {length}");
            assert_eq!(codec.decode::<Bytes>(&written).unwrap(), vec, "{codec:?} {length}");
            assert_eq!(codec.decode::<ByteBuf>(&written).unwrap(), vec, "{codec:?} {length}");
        }
    }
}

#[test]
fn json_writes_bytes_as_padded_base64_and_plain_vectors_as_arrays() {
    assert_eq!(encode(&Json, &AsBytes([0, 255])), br#""AP8=""#);
    assert_eq!(encode(&Json, &Bytes::from_static(b"\xfb\xff\xbf")), br#""+/+/""#);
    assert_eq!(encode(&Json, &ByteBuf::new()), br#""""#);
    assert_eq!(encode(&Json, &vec![0_u8, 255]), b"[0,255]");
}

#[test]
fn json_reads_arrays_as_bytes() {
    assert_eq!(Json.decode::<AsBytes<Vec<u8>>>(b"[0,255]").unwrap().0, [0, 255]);
    assert_eq!(Json.decode::<Bytes>(b"[0,255]").unwrap(), &[0, 255][..]);
    assert!(Json.decode::<ByteBuf>(b"[]").unwrap().is_empty());
    assert!(Json.decode::<Bytes>(b"[256]").is_err());
}

/// `Bytes` and `ByteBuf` would take the text's UTF-8 bytes, which is never what the sender meant.
#[test]
fn json_refuses_text_that_is_not_base64() {
    for text in [r#""hello""#, r#""AP8""#, r#""AP8=\n""#, r#""AP9=""#, r#""_-8=""#, r#"" ""#, r#""=""#] {
        for error in [
            Json.decode::<Bytes>(text.as_bytes()).unwrap_err(),
            Json.decode::<ByteBuf>(text.as_bytes()).unwrap_err(),
            Json.decode::<AsBytes<Vec<u8>>>(text.as_bytes()).unwrap_err(),
        ] {
            assert!(error.to_string().contains("this string is not base64"), "{text}: {error}");
        }
    }
    for other in ["7", "null", "true", r#"{"a":1}"#] {
        assert!(Json.decode::<Bytes>(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn json_reads_bytes_behind_options_maps_and_variants() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Part {
        One(Option<Bytes>),
        Many { parts: Vec<Bytes> },
    }
    let text = br#"[{"One":"AAE="},{"Many":{"parts":["","/w=="]}},{"One":null}]"#;
    let parts: Vec<Part> = Json.decode(text).unwrap();
    assert_eq!(parts[0], Part::One(Some(Bytes::from_static(&[0, 1]))));
    assert_eq!(parts[1], Part::Many { parts: vec![Bytes::new(), Bytes::from_static(&[255])] });
    assert_eq!(encode(&Json, &parts), text);
}

/// Where serde reads before it knows the type, base64 cannot be told from text; the attribute makes that an error.
#[test]
fn marked_bytes_in_a_flattened_struct_are_refused_rather_than_mistaken() {
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        _inner: Owned,
    }
    let error = Json.decode::<Outer>(br#"{"vec":"AAE=","bytes":""}"#).unwrap_err();
    assert!(error.to_string().contains("invalid type: string"), "{error}");
}

#[test]
fn messagepack_writes_every_vector_of_bytes_as_bin() {
    let named = MessagePack::default();
    assert_eq!(encode(&named, &vec![1_u8, 200]), b"\xc4\x02\x01\xc8");
    assert_eq!(encode(&named, &[1_u8, 200][..]), b"\xc4\x02\x01\xc8");
    assert_eq!(encode(&named, &AsBytes([1, 200])), b"\xc4\x02\x01\xc8");
    assert_eq!(encode(&named, &Some(vec![vec![1_u8], vec![200]])), b"\x92\xc4\x01\x01\xc4\x01\xc8");
    assert_eq!(encode(&named.compact(), &(7, vec![200_u8])), b"\x92\x07\xc4\x01\xc8");
    assert_eq!(encode(&named, &[1_u8, 200]), b"\x92\x01\xcc\xc8", "a fixed array is a tuple");
    assert_eq!(encode(&named, &vec![1_i8]), b"\x91\x01", "other numbers are no bytes");
    assert_eq!(encode(&named, &Vec::<u8>::new()), b"\x90", "an empty vector shows nothing of its type");
}

#[test]
fn messagepack_reads_bin_and_arrays_alike() {
    let named = MessagePack::default();
    for written in [&b"\xc4\x02\x01\xc8"[..], b"\x92\x01\xcc\xc8"] {
        assert_eq!(named.decode::<Vec<u8>>(written).unwrap(), [1, 200]);
        assert_eq!(named.decode::<[u8; 2]>(written).unwrap(), [1, 200]);
        assert_eq!(named.decode::<Bytes>(written).unwrap(), &[1, 200][..]);
        assert_eq!(named.decode::<ByteBuf>(written).unwrap(), [1, 200]);
        assert_eq!(named.decode::<AsBytes<Vec<u8>>>(written).unwrap().0, [1, 200]);
    }
    for written in [&b"\x90"[..], b"\xc4\x00"] {
        assert!(named.decode::<Vec<u8>>(written).unwrap().is_empty());
        assert_eq!(named.decode::<Bytes>(written).unwrap(), Bytes::new());
    }
}

#[test]
fn lent_bytes_are_shared_and_not_copied() {
    #[derive(Serialize)]
    struct Upload {
        id: u8,
        content: Bytes,
        checksum: u8,
    }
    let content = Bytes::from(vec![7; 100_000]);
    let upload = Upload { id: 1, content: content.clone(), checksum: 2 };
    let named = MessagePack::default();
    for codec in [AnyCodec::new(named), AnyCodec::new(named.compact()), AnyCodec::new(Bincode)] {
        let mut output = Output::new();
        output.lend(content.clone());
        codec.encode(&upload, &mut output).unwrap();
        let segments: Vec<Bytes> = output.into_segments().collect();
        assert_eq!(segments.len(), 3, "{codec:?}");
        assert_eq!(segments[1].as_ptr(), content.as_ptr(), "{codec:?}");
        assert_eq!(segments.concat(), encode(&codec, &upload), "{codec:?}");
    }
}

#[test]
fn bytes_are_borrowed_from_the_message() {
    for codec in [AnyCodec::new(MessagePack::default()), AnyCodec::new(Bincode)] {
        let written = encode(&codec, &AsBytes(b"abc"));
        let read: &[u8] = codec.decode(&written).unwrap();
        assert_eq!(read, b"abc");
        assert!(written.as_ptr_range().contains(&read.as_ptr()));
    }
}

/// At the least that is worth sharing, and one below it; and only within `sharing`.
#[test]
fn long_bytes_share_the_message_they_are_read_from() {
    const SHARED_MIN: usize = 64 * 1024;
    for codec in AnyCodec::builtin() {
        for len in [SHARED_MIN - 1, SHARED_MIN] {
            let message = Bytes::from(encode(&codec, &AsBytes(vec![7; len])));
            let lies_within = |bytes: &Bytes| message.as_ptr_range().contains(&bytes.as_ptr());
            let AsBytes(read) = sharing(&message, || codec.decode::<AsBytes<Bytes>>(&message)).unwrap();
            let is_shared = len == SHARED_MIN && codec.name() != "json";
            assert_eq!((read.len(), lies_within(&read)), (len, is_shared), "{} {len}", codec.name());
            let AsBytes(alone) = codec.decode::<AsBytes<Bytes>>(&message).unwrap();
            assert!(!lies_within(&alone));
            let AsBytes(vec) = sharing(&message, || codec.decode::<AsBytes<Vec<u8>>>(&message)).unwrap();
            assert_eq!(vec.len(), len);
        }
    }
}

/// What is read while something else is shared does not mix the two up, and neither does a panic.
#[test]
fn sharing_ends_with_the_reading() {
    let codec = MessagePack::default();
    let message = Bytes::from(encode(&codec, &AsBytes(vec![7; 100_000])));
    let other = Bytes::from(encode(&codec, &AsBytes(vec![8; 100_000])));
    let read = |message: &Bytes| codec.decode::<AsBytes<Bytes>>(message).unwrap().0;
    sharing(&message, || {
        assert!(!other.as_ptr_range().contains(&read(&other).as_ptr()));
        assert_eq!(sharing(&other, || read(&other))[0], 8);
        assert!(message.as_ptr_range().contains(&read(&message).as_ptr()));
    });
    let panics = std::panic::catch_unwind(|| sharing(&message, || std::panic::resume_unwind(Box::new(()))));
    assert!(panics.is_err());
    assert!(!message.as_ptr_range().contains(&read(&message).as_ptr()));
}

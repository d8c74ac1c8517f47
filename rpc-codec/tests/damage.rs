//! Messages damaged at random: whatever comes, reading ends with a value or an error.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests assert by panicking")]

use std::collections::BTreeMap;

use bytes::Bytes;
use rpc_codec::{AnyCodec, Codec, MessagePack, Output};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rich {
    id: u128,
    float: f32,
    text: Option<String>,
    content: Bytes,
    tree: Vec<Tree>,
    map: BTreeMap<i16, char>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Tree {
    Leaf,
    One(Box<Self>),
    Two(Box<Self>, bool),
    Named { left: Box<Self>, unit: () },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Blob { data: Vec<u8>, more: Box<Option<Self>> },
    Empty,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "reading it is the test")]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[test]
fn a_damaged_message_is_read_or_refused() {
    let leaf = || Box::new(Tree::Leaf);
    let tree = vec![Tree::One(Box::new(Tree::Two(leaf(), true))), Tree::Named { left: leaf(), unit: () }, Tree::Leaf];
    let content = Bytes::from_static(b"\x00\xff bytes");
    let map = BTreeMap::from([(-300, 'ß'), (7, 'x')]);
    let rich = Rich { id: 1 << 100, float: 1.5, text: Some("text 🦀".to_owned()), content, tree, map };
    let tagged = Tagged::Blob { data: vec![1, 200], more: Box::new(Some(Tagged::Empty)) };
    let mut codecs = AnyCodec::builtin().to_vec();
    codecs.push(AnyCodec::new(MessagePack::default().compact()));

    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    for codec in &codecs {
        for original in [encoded(codec, &rich), encoded(codec, &tagged)] {
            for _ in 0..3_000 {
                let damaged = random.damage(&original);
                for ended_well in [
                    codec.decode::<Rich>(&damaged).is_ok(),
                    codec.decode::<Tagged>(&damaged).is_ok(),
                    codec.decode::<Flat>(&damaged).is_ok(),
                    codec.decode::<serde_json::Value>(&damaged).is_ok(),
                ] {
                    if ended_well { read += 1 } else { refused += 1 }
                }
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "damage that never or always shows tests nothing: {read} {refused}");
}

fn encoded<T: Serialize>(codec: &AnyCodec, value: &T) -> Vec<u8> {
    let mut output = Output::new();
    codec.encode(value, &mut output).unwrap();
    output.into_bytes().to_vec()
}

/// Marsaglia's xorshift, from a fixed seed: a failure comes back at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    /// One to four bytes changed, and sometimes a piece cut out or doubled.
    fn damage(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            let place = self.below(bytes.len());
            bytes[place] = self.below(256) as u8;
        }
        let (from, to) = (self.below(bytes.len()), self.below(bytes.len()));
        match self.below(4) {
            0 if from < to => bytes.drain(from..to).for_each(drop),
            1 if from < to => bytes.extend_from_within(from..to),
            _ => {}
        }
        bytes
    }
}

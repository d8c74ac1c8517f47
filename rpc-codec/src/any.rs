mod erased;

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed};
use serde::ser::Serialize;

use crate::bounded::{Bounded, Budget, Plain};
use crate::{Bincode, Codec, DecodeError, EncodeError, Json, MessagePack, Output};

/// A codec that is chosen at run time.
///
/// The codecs of this crate are called directly; one of your own goes through `erased-serde`, behind the same limits,
/// also where its [`decode_seed`](Codec::decode_seed) has none.
#[derive(Clone)]
#[non_exhaustive]
pub enum AnyCodec {
    /// The default format.
    MessagePack(MessagePack),
    /// The format for people and other languages.
    Json(Json),
    /// The format for two ends with the same types.
    Bincode(Bincode),
    /// A format of one's own, made by [`AnyCodec::new`].
    Custom(Custom),
}

impl AnyCodec {
    /// Any codec, known to this crate or not.
    pub fn new<C: Codec>(codec: C) -> Self {
        let known: &dyn Any = &codec;
        if let Some(same) = known.downcast_ref::<Self>() {
            return same.clone();
        }
        if let Some(messagepack) = known.downcast_ref() {
            return Self::MessagePack(*messagepack);
        }
        if known.is::<Json>() {
            return Self::Json(Json);
        }
        if known.is::<Bincode>() {
            return Self::Bincode(Bincode);
        }
        Self::Custom(Custom(Arc::new(codec)))
    }

    /// The codecs of this crate, in the order in which a server prefers them.
    pub fn builtin() -> [Self; 3] {
        [Self::MessagePack(MessagePack::default()), Self::Json(Json), Self::Bincode(Bincode)]
    }
}

impl Default for AnyCodec {
    fn default() -> Self {
        Self::MessagePack(MessagePack::default())
    }
}

impl fmt::Debug for AnyCodec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AnyCodec").field(&self.name()).finish()
    }
}

impl Codec for AnyCodec {
    fn name(&self) -> &str {
        match self {
            Self::MessagePack(codec) => codec.name(),
            Self::Json(codec) => codec.name(),
            Self::Bincode(codec) => codec.name(),
            Self::Custom(Custom(codec)) => codec.name(),
        }
    }

    #[inline]
    fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
        match self {
            Self::MessagePack(codec) => codec.encode(value, out),
            Self::Json(codec) => codec.encode(value, out),
            Self::Bincode(codec) => codec.encode(value, out),
            Self::Custom(Custom(codec)) => codec.encode(&value, out),
        }
    }

    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(&self, seed: S, bytes: &'de [u8]) -> Result<S::Value, DecodeError> {
        match self {
            Self::MessagePack(codec) => codec.decode_seed(seed, bytes),
            Self::Json(codec) => codec.decode_seed(seed, bytes),
            Self::Bincode(codec) => codec.decode_seed(seed, bytes),
            Self::Custom(Custom(codec)) => {
                let budget = Budget::of(bytes);
                let seed: Bounded<'_, S, Plain> = budget.bound(seed);
                erased::decode_seed(&**codec, seed, bytes)
            }
        }
    }

    #[inline]
    fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        self.decode_seed(PhantomData, bytes)
    }
}

/// A codec that this crate does not know.
#[derive(Clone)]
pub struct Custom(Arc<dyn erased::Erased>);

impl fmt::Debug for Custom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Custom").field(&self.0.name()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Renamed;

    impl Codec for Renamed {
        fn name(&self) -> &str {
            "renamed"
        }

        fn encode<T: Serialize + ?Sized>(&self, value: &T, out: &mut Output) -> Result<(), EncodeError> {
            Json.encode(value, out)
        }

        fn decode_seed<'de, S: DeserializeSeed<'de>>(
            &self,
            seed: S,
            bytes: &'de [u8],
        ) -> Result<S::Value, DecodeError> {
            Json.decode_seed(seed, bytes)
        }
    }

    #[test]
    fn the_builtin_codecs_are_recognised() {
        let compact = AnyCodec::new(MessagePack::default().compact());
        assert!(matches!(compact, AnyCodec::MessagePack(codec) if codec == MessagePack::default().compact()));
        assert!(matches!(AnyCodec::new(Json), AnyCodec::Json(_)));
        assert!(matches!(AnyCodec::new(Bincode), AnyCodec::Bincode(_)));
        assert!(matches!(AnyCodec::new(Renamed), AnyCodec::Custom(_)));
    }

    #[test]
    fn an_any_codec_is_not_wrapped_again() {
        assert!(matches!(AnyCodec::new(AnyCodec::new(Json)), AnyCodec::Json(_)));
        let twice = AnyCodec::new(AnyCodec::new(Renamed));
        assert_eq!(format!("{twice:?}"), r#"AnyCodec("renamed")"#);
    }

    #[test]
    fn the_builtin_codecs_come_in_their_order() {
        let names = AnyCodec::builtin().map(|codec| codec.name().to_owned());
        assert_eq!(names, ["messagepack", "json", "bincode"]);
    }

    #[test]
    fn a_custom_codec_carries_borrowed_values() {
        let codec = AnyCodec::new(Renamed);
        let mut output = Output::new();
        codec.encode("text", &mut output).unwrap();
        let bytes = output.into_bytes();
        let text: &str = codec.decode(&bytes).unwrap();
        assert_eq!(text, "text");
        assert!(bytes.as_ptr_range().contains(&text.as_ptr()));
    }
}

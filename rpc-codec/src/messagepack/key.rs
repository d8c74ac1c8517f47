//! The key of a map, which for a struct is most likely the name of its next field.

use serde::de::{Deserializer, Visitor};

use super::value::Value;
use crate::DecodeError;

/// A key, and the name that it is expected to be.
///
/// A name that is there as expected need not be looked through for what is not UTF-8. The visitor is shown the name, and
/// never its place among the fields: with aliases that is another one, and a hand-written type may take only text.
pub(super) struct Key<'r, 'de> {
    pub(super) place: Value<'r, 'de>,
    pub(super) name: Option<&'static &'static str>,
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, DecodeError> {
            self.place.$method($($argument,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.name {
            Some(name) if self.place.reader.take_name(name) => visitor.visit_borrowed_str(name),
            _ => self.place.deserialize_identifier(visitor),
        }
    }

    forward! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_ignored_any();
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.place.is_human_readable()
    }
}

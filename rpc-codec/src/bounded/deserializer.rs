use serde::de::{Deserializer, Visitor};

use super::{Bounded, Dialect};

/// Forwards a method that takes only a visitor.
macro_rules! forward {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let visitor: Bounded<'_, V, F> = Bounded::new(visitor, self.bounds);
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>, F: Dialect> Deserializer<'de> for Bounded<'_, D, F> {
    type Error = D::Error;

    forward! {
        deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string
        deserialize_option deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_any
    }

    /// Reads instead of skipping: a format's own way to skip might recurse without showing us the levels.
    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F> = Bounded::new(visitor, self.bounds);
        self.inner.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F> = Bounded::new(visitor, self.bounds);
        F::bytes(self.inner, visitor)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F> = Bounded::new(visitor, self.bounds);
        F::byte_buf(self.inner, visitor)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F> = Bounded::new(visitor, self.bounds);
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F> = Bounded::new(visitor, self.bounds);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F, false> = Bounded::new(visitor, self.bounds);
        self.inner.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F, false> = Bounded::new(visitor, self.bounds);
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F, false> = Bounded::new(visitor, self.bounds);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor: Bounded<'_, V, F> = Bounded::new(visitor, self.bounds);
        self.inner.deserialize_enum(name, variants, visitor)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

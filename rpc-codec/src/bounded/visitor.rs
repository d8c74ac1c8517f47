use std::fmt;

use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use super::{Bounded, Dialect};

/// Forwards the visits of values that hold no others.
macro_rules! forward {
    ($($method:ident: $value:ty,)*) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $value) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>, F: Dialect, const COUNTED: bool> Visitor<'de> for Bounded<'_, V, F, COUNTED> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    forward! {
        visit_bool: bool,
        visit_i8: i8,
        visit_i16: i16,
        visit_i32: i32,
        visit_i64: i64,
        visit_i128: i128,
        visit_u8: u8,
        visit_u16: u16,
        visit_u32: u32,
        visit_u64: u64,
        visit_u128: u128,
        visit_f32: f32,
        visit_f64: f64,
        visit_char: char,
        visit_str: &str,
        visit_borrowed_str: &'de str,
        visit_string: String,
        visit_bytes: &[u8],
        visit_borrowed_bytes: &'de [u8],
        visit_byte_buf: Vec<u8>,
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let bounded: Bounded<'_, D, F> = Bounded::new(deserializer, self.bounds.deeper()?);
        self.inner.visit_some(bounded)
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let bounded: Bounded<'_, D, F> = Bounded::new(deserializer, self.bounds.deeper()?);
        self.inner.visit_newtype_struct(bounded)
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let bounded: Bounded<'_, A, F, COUNTED> = Bounded::new(access, self.bounds.deeper()?);
        self.inner.visit_seq(bounded)
    }

    /// Entries always count: a struct that comes as a map may have unknown keys without end.
    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let bounded: Bounded<'_, A, F> = Bounded::new(access, self.bounds.deeper()?);
        self.inner.visit_map(bounded)
    }

    /// The level is taken where the variant is read, see [`EnumAccess`] for [`Bounded`].
    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let bounded: Bounded<'_, A, F> = Bounded::new(access, self.bounds);
        self.inner.visit_enum(bounded)
    }
}

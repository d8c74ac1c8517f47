use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{Bounded, Dialect};

impl<'de, A: SeqAccess<'de>, F: Dialect, const COUNTED: bool> SeqAccess<'de> for Bounded<'_, A, F, COUNTED> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed: Bounded<'_, S, F> = Bounded::new(seed, self.bounds);
        let element = self.inner.next_element_seed(seed)?;
        if COUNTED && element.is_some() {
            self.bounds.spend()?;
        }
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.bounds.believe(self.inner.size_hint())
    }
}

impl<'de, A: MapAccess<'de>, F: Dialect> MapAccess<'de> for Bounded<'_, A, F> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let seed: Bounded<'_, K, F> = Bounded::new(seed, self.bounds);
        let key = self.inner.next_key_seed(seed)?;
        if key.is_some() {
            self.bounds.spend()?;
        }
        Ok(key)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed: Bounded<'_, S, F> = Bounded::new(seed, self.bounds);
        self.inner.next_value_seed(seed)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.bounds.believe(self.inner.size_hint())
    }
}

/// Every enum is one level, whichever kind its variant is.
///
/// The name of the variant lies on that level too, since a hand-written type may read a value there that nests.
impl<'de, 'b, A: EnumAccess<'de>, F: Dialect> EnumAccess<'de> for Bounded<'b, A, F> {
    type Error = A::Error;
    type Variant = Bounded<'b, A::Variant, F>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let seed: Bounded<'_, S, F> = Bounded::new(seed, self.bounds.deeper()?);
        let (name, variant) = self.inner.variant_seed(seed)?;
        Ok((name, Bounded::new(variant, self.bounds)))
    }
}

/// The bounds are those outside the enum: tuple and struct variants take their level as they are visited.
impl<'de, A: VariantAccess<'de>, F: Dialect> VariantAccess<'de> for Bounded<'_, A, F> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed: Bounded<'_, S, F> = Bounded::new(seed, self.bounds.deeper()?);
        self.inner.newtype_variant_seed(seed)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor: Bounded<'_, V, F, false> = Bounded::new(visitor, self.bounds);
        self.inner.tuple_variant(len, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor: Bounded<'_, V, F, false> = Bounded::new(visitor, self.bounds);
        self.inner.struct_variant(fields, visitor)
    }
}

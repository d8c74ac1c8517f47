//! The limits in front of every format.
//!
//! [`Bounded`] wraps whatever serde passes around while it reads (a seed, a deserializer, a visitor, an access)
//! and hands on only wrapped pieces, so that no part of a message is read past the limits, whatever the format does.

mod access;
mod deserializer;
mod visitor;

use std::cell::Cell;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// How deep values may lie in each other: 128.
///
/// Every sequence, map, tuple, struct, enum, newtype and `Some` counts one, in the value read and in skipped fields.
/// Each level takes stack, and a stack overflow cannot be caught;
/// 128 fits the 2 MiB stack of a spawned thread in a debug build, with room for the caller.
pub const DEPTH_LIMIT: usize = 128;

/// How many elements of sequences and entries of maps a message may have beyond one for each of its bytes: 65,536.
///
/// An element that takes at least a byte is paid for by that byte, so a message can be full of them.
/// Elements that take none, such as the `()` of a `Vec<()>` in bincode, would otherwise cost their sender nothing
/// and their reader time and memory without end; all of a message's share this allowance.
/// The fields of structs and tuples are free: their type says how many there are, not the peer.
pub const FREE_ELEMENTS: usize = 65_536;

/// What one message may still spend on elements.
#[derive(Debug)]
pub(crate) struct Budget {
    elements: Cell<usize>,
}

impl Budget {
    /// The budget of the message `bytes`.
    #[inline]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { elements: Cell::new(bytes.len().saturating_add(FREE_ELEMENTS)) }
    }

    /// A seed that reads what `seed` reads, within the limits.
    #[inline]
    pub(crate) fn bound<S, F: Dialect>(&self, seed: S) -> Bounded<'_, S, F> {
        let bounds = Bounds { elements: &self.elements, depth: DEPTH_LIMIT };
        Bounded::new(seed, bounds)
    }
}

/// What a format reads otherwise than its serde deserializer does by itself.
pub(crate) trait Dialect {
    /// Reads bytes for a visitor that prefers to borrow them.
    #[inline]
    fn bytes<'de, D: Deserializer<'de>, V: Visitor<'de>>(deserializer: D, visitor: V) -> Result<V::Value, D::Error> {
        deserializer.deserialize_bytes(visitor)
    }

    /// Reads bytes for a visitor that prefers to own them.
    #[inline]
    fn byte_buf<'de, D: Deserializer<'de>, V: Visitor<'de>>(deserializer: D, visitor: V) -> Result<V::Value, D::Error> {
        deserializer.deserialize_byte_buf(visitor)
    }
}

/// A format that is read as its deserializer reads it.
#[derive(Debug)]
pub(crate) struct Plain;

impl Dialect for Plain {}

/// A piece of serde's reading machinery within the limits.
///
/// `COUNTED` is false on the way into a tuple or struct, whose elements are free when they come as a sequence.
pub(crate) struct Bounded<'b, T, F, const COUNTED: bool = true> {
    inner: T,
    bounds: Bounds<'b>,
    dialect: PhantomData<fn() -> F>,
}

impl<'b, T, F, const COUNTED: bool> Bounded<'b, T, F, COUNTED> {
    #[inline]
    fn new(inner: T, bounds: Bounds<'b>) -> Self {
        Self { inner, bounds, dialect: PhantomData }
    }
}

impl<'de, S: DeserializeSeed<'de>, F: Dialect> DeserializeSeed<'de> for Bounded<'_, S, F> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let bounded: Bounded<'_, D, F> = Bounded::new(deserializer, self.bounds);
        self.inner.deserialize(bounded)
    }
}

/// What is left of the limits at one place in a message.
#[derive(Clone, Copy)]
struct Bounds<'b> {
    /// Shared by the whole message.
    elements: &'b Cell<usize>,
    /// The levels that may still follow below this place.
    depth: usize,
}

impl Bounds<'_> {
    /// The bounds one level further down.
    #[inline]
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(too_deep()),
        }
    }

    /// Pays for one element.
    #[inline]
    fn spend<E: Error>(self) -> Result<(), E> {
        match self.elements.get().checked_sub(1) {
            Some(left) => {
                self.elements.set(left);
                Ok(())
            }
            None => Err(too_many()),
        }
    }

    /// The length a sequence claims, as far as the budget believes it.
    #[inline]
    fn believe(self, length: Option<usize>) -> Option<usize> {
        length.map(|length| length.min(self.elements.get()))
    }
}

#[cold]
pub(crate) fn too_deep<E: Error>() -> E {
    E::custom(format_args!(
        "values are nested more than {DEPTH_LIMIT} deep; refer to them by index or key instead of nesting them"
    ))
}

#[cold]
pub(crate) fn too_many<E: Error>() -> E {
    E::custom(format_args!(
        "more than {FREE_ELEMENTS} elements beyond the number of bytes; \
         send a count instead of elements that take no bytes"
    ))
}

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::header;
use super::write::Writer;
use crate::{EncodeError, Output};

/// The elements of a sequence, or the entries of a map.
pub(super) struct Parts<'o, const NAMED: bool> {
    out: &'o mut Output,
    /// Where they are kept if their number is to be written before them and is not known.
    apart: Option<Box<Apart>>,
}

struct Apart {
    out: Output,
    count: usize,
}

/// Room for a small struct with a flattened one in it.
const APART_CAPACITY: usize = 128;

impl<'o, const NAMED: bool> Parts<'o, NAMED> {
    /// Their number has been written.
    #[inline]
    pub(super) fn counted(out: &'o mut Output) -> Self {
        Self { out, apart: None }
    }

    /// Their number is not known.
    #[cold]
    pub(super) fn uncounted(out: &'o mut Output) -> Self {
        let apart = Apart { out: Output::with_capacity(APART_CAPACITY), count: 0 };
        Self { out, apart: Some(Box::new(apart)) }
    }

    #[inline]
    fn part(&mut self) -> Writer<'_, NAMED> {
        Writer::new(match &mut self.apart {
            None => self.out,
            Some(apart) => {
                apart.count += 1;
                &mut apart.out
            }
        })
    }
}

impl<const NAMED: bool> SerializeSeq for Parts<'_, NAMED> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self.part())
    }

    #[inline]
    fn end(self) -> Result<(), EncodeError> {
        let Some(apart) = self.apart else {
            return Ok(());
        };
        header::array(self.out, apart.count)?;
        self.out.put(&apart.out.into_bytes());
        Ok(())
    }
}

impl<const NAMED: bool> SerializeMap for Parts<'_, NAMED> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        key.serialize(self.part())
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self.part())
    }

    #[inline]
    fn end(self) -> Result<(), EncodeError> {
        let Some(apart) = self.apart else {
            return Ok(());
        };
        header::map(self.out, apart.count / 2)?;
        self.out.put(&apart.out.into_bytes());
        Ok(())
    }
}

/// Writes the parts of a compound value one after the other; no compound value has an end mark.
macro_rules! compound {
    ($($compound:ident: $method:ident $(($name:ident))?;)*) => {$(
        impl<const NAMED: bool> $compound for Writer<'_, NAMED> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: &'static str,)?
                value: &T,
            ) -> Result<(), EncodeError> {
                $(if NAMED {
                    self.name($name)?;
                })?
                value.serialize(self.part())
            }

            #[inline]
            fn end(self) -> Result<(), EncodeError> {
                Ok(())
            }
        }
    )*};
}

compound! {
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
    SerializeStruct: serialize_field(name);
    SerializeStructVariant: serialize_field(name);
}

use bytes::{BufMut, Bytes, BytesMut};

use super::field::{each, tag};
use super::{Breach, EARLY_CALLS, EARLY_FRAME};

/// What an end says of itself first (W-12).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hello {
    /// Random, new for each start of the program, and for each server in it.
    pub(crate) instance: [u8; 16],
    pub(crate) features: u64,
    /// The longest payload this end takes.
    pub(crate) frame: u32,
    /// The longest message this end takes.
    pub(crate) message: u32,
    /// How many calls its peer may have open.
    pub(crate) calls: u32,
    /// The sum of the totals of unfinished messages this end takes.
    pub(crate) assembly: u32,
    /// What each stream towards this end may send at first.
    pub(crate) credit: u32,
    /// The codecs that this end's calls name by their place.
    pub(crate) codecs: Vec<Box<str>>,
    pub(crate) credentials: Option<Bytes>,
}

impl Hello {
    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.instance);
        out.put_u64_le(self.features);
        for limit in [self.frame, self.message, self.calls, self.assembly, self.credit] {
            out.put_u32_le(limit);
        }
        out.put_u8(self.codecs.len() as u8);
        for codec in &self.codecs {
            out.put_u8(codec.len() as u8);
            out.put_slice(codec.as_bytes());
        }
        let fields = self.credentials.as_ref().map_or(0, |credentials| 3 + credentials.len());
        out.put_u16_le(fields as u16);
        if let Some(credentials) = &self.credentials {
            out.put_u8(tag::CREDENTIALS);
            out.put_u16_le(credentials.len() as u16);
            out.put_slice(credentials);
        }
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, Breach> {
        let torn = || Breach::new("HELLO is too short");
        let (instance, rest) = payload.split_first_chunk::<16>().ok_or_else(torn)?;
        let (features, mut rest) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
        let mut limits = [0u32; 5];
        for limit in &mut limits {
            let (bytes, after) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
            *limit = u32::from_le_bytes(*bytes);
            rest = after;
        }
        let [frame, message, calls, assembly, credit] = limits;
        let (count, mut rest) = rest.split_first().ok_or_else(torn)?;
        let mut codecs = Vec::with_capacity(usize::from(*count));
        for _ in 0..*count {
            let (length, after) = rest.split_first().ok_or_else(torn)?;
            let (name, after) = after.split_at_checked(usize::from(*length)).ok_or_else(torn)?;
            let name = str::from_utf8(name).map_err(|_| Breach::new("a codec's name in HELLO is not UTF-8"))?;
            codecs.push(name.into());
            rest = after;
        }
        let (length, fields) = rest.split_first_chunk::<2>().ok_or_else(torn)?;
        if fields.len() != usize::from(u16::from_le_bytes(*length)) {
            return Err(Breach::new("HELLO has a wrong length of fields"));
        }
        let mut credentials = None;
        each(fields, |tag, value| match tag {
            tag::CREDENTIALS => {
                credentials = Some(Bytes::copy_from_slice(value));
                Ok(())
            }
            even if even % 2 == 0 => {
                Err(Breach::new(format!("HELLO needs field {even:#04x}, which is not known here")))
            }
            _ => Ok(()),
        })?;
        let hello = Self {
            instance: *instance,
            features: u64::from_le_bytes(*features),
            frame,
            message,
            calls,
            assembly,
            credit,
            codecs,
            credentials,
        };
        hello.keeps_minima()?;
        Ok(hello)
    }

    fn keeps_minima(&self) -> Result<(), Breach> {
        let least = EARLY_FRAME as u32;
        for (name, value, least) in [
            ("frame", self.frame, least),
            ("message", self.message, least),
            ("calls", self.calls, EARLY_CALLS as u32),
            ("assembly", self.assembly, self.message),
            ("credit", self.credit, 1),
            ("codecs", self.codecs.len() as u32, 1),
        ] {
            if value < least {
                return Err(Breach::new(format!("HELLO says {name} {value}; the least is {least}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A HELLO with the least that the protocol allows.
    pub(crate) fn hello() -> Hello {
        Hello {
            instance: [7; 16],
            features: 0,
            frame: 65_536,
            message: 65_536,
            calls: 16,
            assembly: 65_536,
            credit: 2048,
            codecs: vec!["messagepack".into(), "json".into()],
            credentials: None,
        }
    }

    fn bytes(hello: &Hello) -> BytesMut {
        let mut out = BytesMut::new();
        hello.put(&mut out);
        out
    }

    #[test]
    fn hello_round_trips() {
        let with_credentials = Hello { credentials: Some(Bytes::from_static(b"token")), ..hello() };
        for hello in [hello(), with_credentials] {
            assert_eq!(Hello::read(&bytes(&hello)), Ok(hello));
        }
    }

    /// W-12: each minimum, at the limit (above) and one below it.
    #[test]
    fn hello_keeps_its_minima() {
        let below = [
            Hello { frame: 65_535, ..hello() },
            Hello { message: 65_535, ..hello() },
            Hello { calls: 15, ..hello() },
            Hello { assembly: 65_535, ..hello() },
            Hello { credit: 0, ..hello() },
            Hello { codecs: vec![], ..hello() },
        ];
        for hello in below {
            assert!(Hello::read(&bytes(&hello)).is_err(), "{hello:?}");
        }
    }

    #[test]
    fn a_torn_hello_is_a_breach() {
        let whole = bytes(&hello());
        for cut in 0..whole.len() {
            assert!(Hello::read(&whole[..cut]).is_err(), "{cut}");
        }
    }
}

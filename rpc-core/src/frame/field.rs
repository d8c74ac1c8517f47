use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};

use super::Breach;
use super::encode::Start;
use crate::metadata::{METADATA_MAX_BYTES, METADATA_MAX_ENTRIES, Metadata, is_key, is_value};

/// The tags of fields, by their number.
pub(in crate::frame) mod tag {
    pub(in crate::frame) const DEADLINE: u8 = 0x01;
    pub(in crate::frame) const ATTEMPT: u8 = 0x03;
    pub(in crate::frame) const REQUEST_ID: u8 = 0x04;
    pub(in crate::frame) const STREAMS: u8 = 0x06;
    pub(in crate::frame) const METADATA: u8 = 0x07;
    pub(in crate::frame) const PUSH_BACK: u8 = 0x0B;
    pub(in crate::frame) const CREDENTIALS: u8 = 0x0A;
}

/// The optional fields of a CALL, REPLY or END.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields {
    /// The time that remains for the call (W-11).
    pub(crate) deadline: Option<Duration>,
    /// Which attempt this is; 0 for the first.
    pub(crate) attempt: u32,
    /// How many streams the caller sends, where it is more than one (W-32).
    pub(crate) streams: u8,
    /// What a call that runs once is known by.
    pub(crate) request: Option<Box<RequestId>>,
    pub(crate) metadata: Option<Box<Metadata>>,
    /// How long the caller pauses before it tries again, in milliseconds; the longest is for ever (W-47).
    pub(crate) push_back: Option<u32>,
    /// An even tag that is not known: what carries it is refused (W-9).
    pub(crate) unknown: Option<u8>,
}

/// What a call that runs once is known by, together with the instance of its caller (W-43).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId {
    /// Of all calls of the caller's instance no other has it. It grows in the order of first attempts.
    pub(crate) number: u64,
    /// That of the peer to which the call was first sent; all zero in the first attempt.
    pub(crate) instance: [u8; 16],
}

/// The length of a request id on the wire.
const REQUEST_ID: usize = 8 + 16;

impl RequestId {
    /// Whether the call may have been sent before.
    pub(crate) fn is_retry(&self) -> bool {
        self.instance != [0; 16]
    }

    fn read(value: [u8; REQUEST_ID]) -> Self {
        let whole = |at: usize| value.get(at..).unwrap_or_default();
        let number = whole(0).first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Self { number, instance: whole(8).first_chunk().copied().unwrap_or_default() }
    }
}

impl Fields {
    /// The length of the fields as encoded, without the `u16` that says it.
    #[inline(always)]
    pub(super) fn encoded_len(&self) -> usize {
        let deadline = if self.deadline.is_some() { 3 + 8 } else { 0 };
        let attempt = if self.attempt > 0 { 3 + 4 } else { 0 };
        let streams = if self.streams > 1 { 3 + 1 } else { 0 };
        let metadata = self.metadata.as_ref().map_or(0, |metadata| 3 + metadata.encoded_len());
        let request = if self.request.is_some() { 3 + REQUEST_ID } else { 0 };
        let push_back = if self.push_back.is_some() { 3 + 4 } else { 0 };
        deadline + attempt + streams + request + push_back + metadata
    }

    /// Puts the length of all fields, and those that are short. Nearly every frame has none but a deadline; where that is
    /// known, the rest of this is not there.
    #[inline(always)]
    pub(super) fn put_short(&self, start: &mut Start) {
        start.put((self.encoded_len() as u16).to_le_bytes());
        if let Some(deadline) = self.deadline {
            start.put([tag::DEADLINE, 8, 0]);
            start.put(micros(deadline).to_le_bytes());
        }
        if self.attempt > 0 {
            start.put([tag::ATTEMPT, 4, 0]);
            start.put(self.attempt.to_le_bytes());
        }
        if self.streams > 1 {
            start.put([tag::STREAMS, 1, 0, self.streams]);
        }
        if let Some(push_back) = self.push_back {
            start.put([tag::PUSH_BACK, 4, 0]);
            start.put(push_back.to_le_bytes());
        }
    }

    /// Appends the fields that are long, or may be, which go last.
    pub(super) fn put_long(&self, out: &mut BytesMut) {
        if let Some(request) = &self.request {
            out.put_u8(tag::REQUEST_ID);
            out.put_u16_le(REQUEST_ID as u16);
            out.put_u64_le(request.number);
            out.put_slice(&request.instance);
        }
        let Some(metadata) = &self.metadata else {
            return;
        };
        out.put_u8(tag::METADATA);
        out.put_u16_le(metadata.encoded_len() as u16);
        for (key, value) in metadata.iter() {
            out.put_u8(key.len() as u8);
            out.put_slice(key.as_bytes());
            out.put_u16_le(value.len() as u16);
            out.put_slice(value.as_bytes());
        }
    }

    /// The deadline at the beginning of `payload` where there is no other field, or that there is none at all, and how many
    /// bytes say so.
    #[inline(always)]
    pub(super) fn lone_deadline(payload: &[u8]) -> Option<(Option<Duration>, usize)> {
        match *payload {
            [0, 0, ..] => Some((None, 2)),
            [11, 0, tag::DEADLINE, 8, 0, a, b, c, d, e, f, g, h, ..] => {
                let micros = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
                Some((Some(Duration::from_micros(micros)), 2 + 11))
            }
            _ => None,
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Breach> {
        let mut fields = Self::default();
        each(bytes, |tag, value| {
            match tag {
                tag::DEADLINE => fields.deadline = Some(Duration::from_micros(u64::from_le_bytes(exact(value)?))),
                tag::ATTEMPT => fields.attempt = u32::from_le_bytes(exact(value)?),
                tag::REQUEST_ID => fields.request = Some(Box::new(RequestId::read(exact(value)?))),
                tag::PUSH_BACK => fields.push_back = Some(u32::from_le_bytes(exact(value)?)),
                tag::STREAMS => [fields.streams] = exact(value)?,
                tag::METADATA => fields.metadata = Some(Box::new(read_metadata(value)?)),
                even if even % 2 == 0 => fields.unknown = Some(even),
                _ => {}
            }
            Ok(())
        })?;
        Ok(fields)
    }
}

/// Calls `visit` with each tag and value (W-9).
pub(super) fn each<'a>(
    mut bytes: &'a [u8],
    mut visit: impl FnMut(u8, &'a [u8]) -> Result<(), Breach>,
) -> Result<(), Breach> {
    let mut seen = [0u64; 4];
    while !bytes.is_empty() {
        let (tag, rest) = bytes.split_first().ok_or_else(torn)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(torn)?;
        let (value, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into()).ok_or_else(torn)?;
        let mark = 1u64 << (tag % 64);
        let word = seen.get_mut(usize::from(tag / 64)).ok_or_else(torn)?;
        if *word & mark != 0 {
            return Err(Breach::new(format!("field {tag:#04x} appears twice")));
        }
        *word |= mark;
        visit(*tag, value)?;
        bytes = rest;
    }
    Ok(())
}

fn read_metadata(mut bytes: &[u8]) -> Result<Metadata, Breach> {
    if bytes.len() > METADATA_MAX_BYTES {
        return Err(Breach::new(format!("{} bytes of metadata are over {METADATA_MAX_BYTES}", bytes.len())));
    }
    let mut metadata = Metadata::new();
    while !bytes.is_empty() {
        if metadata.len() == METADATA_MAX_ENTRIES {
            return Err(Breach::new(format!("more than {METADATA_MAX_ENTRIES} metadata entries")));
        }
        let key_length = bytes.get_u8().into();
        let (key, rest) = bytes.split_at_checked(key_length).ok_or_else(torn)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(torn)?;
        let (value, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into()).ok_or_else(torn)?;
        let (Ok(key), Ok(value)) = (str::from_utf8(key), str::from_utf8(value)) else {
            return Err(Breach::new("metadata is not UTF-8"));
        };
        if !is_key(key) || !is_value(value) {
            return Err(Breach::new("a metadata key or value has characters that it must not have"));
        }
        metadata.append(key, value);
        bytes = rest;
    }
    Ok(metadata)
}

/// The microseconds of a duration, those begun included: no deadline comes early. What is more than half a million years
/// is cut off.
fn micros(duration: Duration) -> u64 {
    let begun = duration.subsec_nanos().div_ceil(1_000);
    duration.as_secs().saturating_mul(1_000_000).saturating_add(begun.into())
}

fn exact<const N: usize>(value: &[u8]) -> Result<[u8; N], Breach> {
    value.try_into().map_err(|_| Breach::new(format!("a field of {} bytes should have {N}", value.len())))
}

fn torn() -> Breach {
    Breach::new("a field's length passes the end of the fields")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(fields: &Fields) -> BytesMut {
        let mut out = BytesMut::new();
        let mut start = Start::new();
        fields.put_short(&mut start);
        out.extend_from_slice(start.bytes());
        fields.put_long(&mut out);
        assert_eq!(usize::from(out.get_u16_le()), out.len());
        out
    }

    #[test]
    fn fields_round_trip() {
        let fields = Fields {
            deadline: Some(Duration::from_micros(1_500_000)),
            attempt: 2,
            streams: 3,
            request: Some(Box::new(RequestId { number: u64::MAX - 1, instance: [9; 16] })),
            metadata: Some(Box::new([("tenant", "a"), ("tenant", "ü")].into_iter().collect())),
            push_back: Some(250),
            unknown: None,
        };
        assert_eq!(Fields::read(&put(&fields)), Ok(fields));
        assert_eq!(Fields::read(&[]), Ok(Fields::default()));
    }

    /// W-11: what is left is never said to be less than it is.
    #[test]
    fn a_deadline_is_rounded_up() {
        for (nanos, micros) in [(1_000, 1), (1_001, 2), (1_999_999_999, 2_000_000)] {
            let fields = Fields { deadline: Some(Duration::from_nanos(nanos)), ..Fields::default() };
            assert_eq!(Fields::read(&put(&fields)).unwrap().deadline, Some(Duration::from_micros(micros)));
        }
    }

    /// W-9.
    #[test]
    fn unknown_odd_is_ignored_unknown_even_is_kept_and_twice_is_a_breach() {
        assert_eq!(Fields::read(&[0x7F, 1, 0, 9]), Ok(Fields::default()));
        assert_eq!(Fields::read(&[0x70, 0, 0]), Ok(Fields { unknown: Some(0x70), ..Fields::default() }));
        assert!(Fields::read(&[0x7F, 0, 0, 0x7F, 0, 0]).is_err());
    }

    /// W-10: whatever metadata a peer invents, it is taken whole or is a breach.
    #[test]
    fn bad_metadata_is_a_breach() {
        for bad in [
            &[1, b'K', 0, 0][..],
            &[1, b'k', 1, 0, 0x0A],
            &[0, 0, 0],
            &[9, b'k'],
            &[1, b'k', 9, 0],
            &[1, b'k', 1, 0, 0xFF],
        ] {
            let mut bytes = vec![tag::METADATA, bad.len() as u8, 0];
            bytes.extend_from_slice(bad);
            assert!(Fields::read(&bytes).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_torn_field_is_a_breach() {
        let fields = Fields { deadline: Some(Duration::from_secs(1)), ..Fields::default() };
        let bytes = put(&fields);
        for cut in 1..bytes.len() {
            assert!(Fields::read(&bytes[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn a_deadline_alone_is_seen_at_a_glance() {
        let payload = |fields: &Fields| {
            let bytes = put(fields);
            [&(bytes.len() as u16).to_le_bytes(), &bytes[..], b"message"].concat()
        };
        for deadline in [None, Some(Duration::ZERO), Some(Duration::from_micros(u64::MAX))] {
            let fields = Fields { deadline, ..Fields::default() };
            let payload = payload(&fields);
            let length = payload.len() - b"message".len();
            assert_eq!(Fields::lone_deadline(&payload), Some((deadline, length)));
            assert_eq!(Fields::read(&payload[2..length]), Ok(fields));
            for cut in 0..length {
                assert_eq!(Fields::lone_deadline(&payload[..cut]), None, "{cut}");
            }
        }
        let deadline = Some(Duration::from_secs(1));
        for others in [Fields { attempt: 1, ..Fields::default() }, Fields { deadline, streams: 2, ..Fields::default() }]
        {
            assert_eq!(Fields::lone_deadline(&payload(&others)), None);
        }
    }
}

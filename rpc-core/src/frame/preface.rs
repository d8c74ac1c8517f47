use super::{Breach, Reason};

/// What each end sends first (W-2): a byte that is never text, the name, a line end that text mode would change, and
/// the version.
pub(crate) const PREFACE: [u8; 8] = [0xF7, b'R', b'P', b'C', 0x0D, 0x0A, VERSION as u8, (VERSION >> 8) as u8];

const VERSION: u16 = 1;
/// The part of the preface that every version shares.
const MARK: &[u8] = &[0xF7, b'R', b'P', b'C', 0x0D, 0x0A];

/// Whether `bytes`, the first of a connection, hold a whole preface of this version (W-4).
///
/// A wrong byte is found at once, not only when eight have come.
pub(crate) fn check(bytes: &[u8]) -> Result<bool, Breach> {
    let agrees = bytes.iter().zip(MARK).all(|(byte, mark)| byte == mark);
    if !agrees {
        return Err(Breach::new(stranger(bytes)));
    }
    let Some(version) = bytes.get(MARK.len()..PREFACE.len()) else {
        return Ok(false);
    };
    let version = version.iter().rev().fold(0u16, |sum, byte| sum << 8 | u16::from(*byte));
    if version != VERSION {
        return Err(Breach::because(
            Reason::Version,
            format!(
                "the peer speaks version {version} of the protocol, this end version {VERSION}; update the older one"
            ),
        ));
    }
    Ok(true)
}

/// What seems to speak on the other side.
fn stranger(bytes: &[u8]) -> String {
    const HTTP: [&[u8]; 9] = [b"GET ", b"POST", b"PUT ", b"HEAD", b"HTTP", b"DELE", b"OPTI", b"PATC", b"CONN"];
    let starts = |mark: &[u8]| bytes.starts_with(mark) || (!bytes.is_empty() && mark.starts_with(bytes));
    let what = if starts(b"PRI * HTTP/2") && bytes.len() > 2 {
        "HTTP/2 (perhaps gRPC)"
    } else if HTTP.into_iter().any(starts) {
        "HTTP"
    } else if matches!(bytes, [0x15 | 0x16, 0x03, ..] | [0x15 | 0x16]) {
        "TLS"
    } else if starts(b"SSH-") {
        "SSH"
    } else {
        return "the peer does not speak this protocol (its first bytes are strange); check address and port"
            .to_owned();
    };
    format!("the peer speaks {what}, not this protocol; check address and port")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W-2, W-4.
    #[test]
    fn a_stranger_is_known_at_its_first_bytes() {
        for (bytes, name) in [
            (&b"GET / HTTP/1.1\r\n"[..], "HTTP"),
            (b"PRI * HTTP/2.0\r\n", "HTTP/2"),
            (b"HTTP/1.1 400 Bad Request", "HTTP"),
            (&[0x16, 0x03, 0x01, 0x02], "TLS"),
            (&[0x15, 0x03, 0x03], "TLS"),
            (b"SSH-2.0-x", "SSH"),
            (&[0, 1, 2, 3], "strange"),
        ] {
            let breach = check(bytes).unwrap_err();
            assert!(breach.text().contains(name), "{breach}");
        }
        assert!(check(b"G").is_err());
    }

    #[test]
    fn a_preface_may_come_in_pieces() {
        for cut in 0..PREFACE.len() {
            assert_eq!(check(&PREFACE[..cut]), Ok(false));
        }
        assert_eq!(check(&PREFACE), Ok(true));
    }

    #[test]
    fn another_version_says_both() {
        let mut other = PREFACE;
        other[6] = 9;
        let breach = check(&other).unwrap_err();
        assert_eq!(breach.reason(), Reason::Version);
        assert!(breach.text().contains("version 9") && breach.text().contains("version 1"));
    }
}

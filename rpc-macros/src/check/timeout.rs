//! `timeout = "2s"`.

const EXPECTED: &str = "a timeout is a whole number and a unit: \"250ms\", \"2s\" or \"1m\"";

/// The milliseconds in `text`, or why there are none.
pub(super) fn milliseconds(text: &str) -> Result<u64, String> {
    let unit = text.trim_start_matches(|char: char| char.is_ascii_digit());
    let digits = text.strip_suffix(unit).unwrap_or_default();
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err(format!("{EXPECTED}, not {text:?}")),
    };
    let number: u64 = match digits.parse() {
        Ok(number) => number,
        Err(_) if digits.is_empty() => return Err(format!("{EXPECTED}, not {text:?}")),
        Err(_) => return Err(format!("{text:?} is longer than a call can last")),
    };
    if number == 0 {
        return Err("no call is that fast: give a timeout above zero, or leave it out".to_owned());
    }
    // The wire counts microseconds in 64 bits.
    let milliseconds = number.checked_mul(scale).filter(|milliseconds| milliseconds.checked_mul(1_000).is_some());
    milliseconds.ok_or_else(|| format!("{text:?} is longer than a call can last"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_counted_in_milliseconds() {
        assert_eq!(milliseconds("250ms"), Ok(250));
        assert_eq!(milliseconds("2s"), Ok(2_000));
        assert_eq!(milliseconds("1m"), Ok(60_000));
    }

    #[test]
    fn what_is_no_timeout_is_refused() {
        for wrong in ["", "2", "s", "2 s", "1.5s", "2h", "-2s", "0s", "0ms", "２s", "99999999999999999999s"] {
            assert!(milliseconds(wrong).is_err(), "{wrong:?} was taken for a timeout");
        }
        assert!(milliseconds("307445734561m").is_ok());
        assert!(milliseconds("307445734562m").is_err());
    }
}

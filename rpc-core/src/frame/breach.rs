use std::fmt;

/// A rule of the wire that the peer broke, which ends the connection (W-38, W-39).
///
/// One pointer wide: the results of everything that reads frames then travel in registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach(Box<Broken>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Broken {
    reason: Reason,
    text: String,
}

impl Breach {
    #[cold]
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::because(Reason::Misbehaviour, text)
    }

    #[cold]
    pub(crate) fn because(reason: Reason, text: impl Into<String>) -> Self {
        Self(Box::new(Broken { reason, text: text.into() }))
    }

    pub(crate) fn reason(&self) -> Reason {
        self.0.reason
    }

    /// One sentence; it goes to the peer too, so it holds nothing private.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Why a connection ends, as GOAWAY says it (W-35).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Shutdown,
    Misbehaviour,
    Version,
    Refused,
    Crowded,
    Flood,
    Timeout,
    /// A number that this version does not know.
    Other(u16),
}

impl Reason {
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Shutdown => 0,
            Self::Misbehaviour => 1,
            Self::Version => 2,
            Self::Refused => 3,
            Self::Crowded => 4,
            Self::Flood => 5,
            Self::Timeout => 6,
            Self::Other(number) => number,
        }
    }

    pub(crate) const fn from_number(number: u16) -> Self {
        match number {
            0 => Self::Shutdown,
            1 => Self::Misbehaviour,
            2 => Self::Version,
            3 => Self::Refused,
            4 => Self::Crowded,
            5 => Self::Flood,
            6 => Self::Timeout,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shutdown => f.write_str("shutdown"),
            Self::Misbehaviour => f.write_str("misbehaviour"),
            Self::Version => f.write_str("version"),
            Self::Refused => f.write_str("refused"),
            Self::Crowded => f.write_str("too many connections"),
            Self::Flood => f.write_str("flood"),
            Self::Timeout => f.write_str("timeout"),
            Self::Other(number) => write!(f, "reason {number}"),
        }
    }
}

use std::fmt;

/// What a channel is doing.
///
/// A channel of several connections is as well off as the best of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelState {
    /// It has no connection, and opens one with the next call.
    Idle,
    /// It is opening a connection; calls wait for it.
    Connecting,
    /// It has a connection.
    Ready,
    /// It could not connect, and tries again after a pause. Calls fail at once, unless they
    /// [wait](crate::Call::wait_for_ready).
    Failing,
    /// It was closed, or its stream has ended and cannot be opened again.
    Closed,
}

impl fmt::Display for ChannelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Ready => "ready",
            Self::Failing => "failing",
            Self::Closed => "closed",
        })
    }
}

use std::sync::Arc;
use std::time::Duration;

/// What one end of a connection takes from the other, and how long it waits.
///
/// Both ends have the same defaults. What concerns the peer is told to it in HELLO.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// The longest message that this end takes, in bytes: arguments, a result, an error, an item.
    /// Default 4 MiB; least 64 KiB. The peer checks it before sending, this end before allocating. A message is held
    /// whole in memory.
    pub message: usize,
    /// The longest payload of a frame, in bytes. Default 128 KiB; least 64 KiB.
    /// Longer messages travel in chunks of this size, so it bounds how long a small call waits behind a large one.
    pub frame: usize,
    /// How many calls the peer may have open. Default 2,048; least 16, most 65,536. Further ones are refused.
    pub calls: usize,
    /// The sum of the lengths of messages that are arriving in chunks, in bytes. Default 32 MiB; least `message`.
    /// It also bounds the calls that wait to be started, the long answers that wait to be sent, and how far the producers
    /// of all streams are ahead of what has been written.
    pub assembly: usize,
    /// How much more than their first 2 KiB all streams towards this end may have in flight or unread, in bytes. Default
    /// 16 MiB. A stream whose reader keeps up gets more of it, up to a half of what is left, and a slow one none.
    pub streams: usize,
    /// How much may wait to be written before no further work of the peer is started, in bytes. Default 1 MiB.
    /// A peer that lets four times as much (and at least 8 MiB) pile up on top is disconnected.
    pub write_queue: usize,
    /// How long the peer may take for its HELLO. Default 10 s: it is due at once.
    pub handshake: Duration,
    /// How long the peer may take none of what is waiting to be written, or leave a frame half sent. Default 30 s.
    pub stall: Duration,
    /// How long the peer may say nothing while calls are open, before it is asked with a PING. Default 30 s; least 1 s.
    /// It is counted from what came last, so the first call after a long silence asks at once. Both ends do so: the
    /// server learns of a client that has vanished, and stops its handlers.
    pub keepalive: Duration,
    /// How long the peer may take to answer that, with whatever it sends. Default 10 s. Then the connection is given up.
    pub keepalive_timeout: Duration,
    /// How long no call may be open. Default 10 min; least 1 s. Then a client closes the connection (a channel opens
    /// another with its next call), and a server asks with a PING whether the client is still there. A connection that
    /// cannot be opened again, or on which this end serves, stays.
    pub idle: Duration,
    /// How long a connection is used, more or less a tenth, so that not all end at once. Default: as long as it lives;
    /// least 1 s.
    /// Then a client opens another, and a server sends GOAWAY; calls that are open go on to their end.
    pub max_age: Option<Duration>,
}

/// How many bytes a stream may send before its first CREDIT; streams start small and grow with their reader.
pub(crate) const INITIAL_CREDIT: u32 = 2 * 1024;

/// Longer than any connection.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
const SECOND: Duration = Duration::from_secs(1);

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 4 * 1024 * 1024,
            frame: 128 * 1024,
            calls: 2048,
            assembly: 32 * 1024 * 1024,
            streams: 16 * 1024 * 1024,
            write_queue: 1024 * 1024,
            handshake: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            keepalive: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            idle: Duration::from_secs(600),
            max_age: None,
        }
    }
}

impl Limits {
    /// Sets [`message`](Self::message), and raises [`assembly`](Self::assembly) to it where needed.
    #[must_use]
    pub fn with_message(mut self, bytes: usize) -> Self {
        self.message = bytes;
        self
    }

    /// Sets [`frame`](Self::frame).
    #[must_use]
    pub fn with_frame(mut self, bytes: usize) -> Self {
        self.frame = bytes;
        self
    }

    /// Sets [`calls`](Self::calls).
    #[must_use]
    pub fn with_calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// Sets [`assembly`](Self::assembly).
    #[must_use]
    pub fn with_assembly(mut self, bytes: usize) -> Self {
        self.assembly = bytes;
        self
    }

    /// Sets [`streams`](Self::streams).
    #[must_use]
    pub fn with_streams(mut self, bytes: usize) -> Self {
        self.streams = bytes;
        self
    }

    /// Sets [`write_queue`](Self::write_queue).
    #[must_use]
    pub fn with_write_queue(mut self, bytes: usize) -> Self {
        self.write_queue = bytes;
        self
    }

    /// Sets [`handshake`](Self::handshake).
    #[must_use]
    pub fn with_handshake(mut self, duration: Duration) -> Self {
        self.handshake = duration;
        self
    }

    /// Sets [`stall`](Self::stall).
    #[must_use]
    pub fn with_stall(mut self, duration: Duration) -> Self {
        self.stall = duration;
        self
    }

    /// Sets [`keepalive`](Self::keepalive) and [`keepalive_timeout`](Self::keepalive_timeout).
    #[must_use]
    pub fn with_keepalive(mut self, interval: Duration, timeout: Duration) -> Self {
        (self.keepalive, self.keepalive_timeout) = (interval, timeout);
        self
    }

    /// Sets [`idle`](Self::idle).
    #[must_use]
    pub fn with_idle(mut self, duration: Duration) -> Self {
        self.idle = duration;
        self
    }

    /// Sets [`max_age`](Self::max_age).
    #[must_use]
    pub fn with_max_age(mut self, duration: Duration) -> Self {
        self.max_age = Some(duration);
        self
    }

    /// These limits with each brought within what the protocol allows, for all the connections that have them.
    pub(crate) fn within_protocol(mut self) -> Arc<Self> {
        const LEAST: usize = 64 * 1024;
        const MOST: usize = u32::MAX as usize;
        self.message = self.message.clamp(LEAST, MOST);
        self.frame = self.frame.clamp(LEAST, MOST);
        self.calls = self.calls.clamp(16, 65_536);
        self.assembly = self.assembly.clamp(self.message, MOST);
        // No stream's credit passes what the protocol allows.
        self.streams = self.streams.min(1 << 30);
        self.write_queue = self.write_queue.max(LEAST);
        // Longer ones would pass the end of some clocks.
        self.handshake = self.handshake.min(LONGEST);
        self.stall = self.stall.min(LONGEST);
        // A PING each second is within what every end takes (W-39).
        self.keepalive = self.keepalive.clamp(SECOND, LONGEST);
        self.keepalive_timeout = self.keepalive_timeout.min(LONGEST);
        self.idle = self.idle.clamp(SECOND, LONGEST);
        // A client opens the next one at once.
        self.max_age = self.max_age.map(|age| age.clamp(SECOND, LONGEST));
        Arc::new(self)
    }
}

use std::ops::Range;
use std::time::Duration;

use super::Random;

/// What a [`FaultProxy`](super::FaultProxy) does to the bytes that pass. [`none`](Self::none) passes them as they come.
///
/// Two of them set the *pace* of all connections, at once: [`delay`](Self::delay) and [`trickle`](Self::trickle). The
/// others *end* something at some byte, and concern only the connections that are accepted from then on. Where several
/// ends are set, each direction meets the one that comes first.
///
/// "At a byte" is exact as seen from the proxy: it passes so many and no more. A reset overtakes what the system has
/// not delivered yet, so the receiver may see fewer.
///
/// ```
/// use std::time::Duration;
///
/// use rpc_core::testing::{Direction, Faults};
///
/// let slow = Faults::none().delay(Duration::from_millis(5)..Duration::from_millis(50)).trickle(10);
/// let broken = slow.clone().cut_within(1..5000);
/// let half_open = Faults::none().half_close_after(Direction::ToServer, 1000);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Faults {
    delay: Range<Duration>,
    trickle: Option<usize>,
    cut: Option<Cut>,
    half_close: Option<(Direction, u64)>,
    black_hole: Option<u64>,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cut {
    After(u64),
    Within(Range<u64>),
}

/// How a direction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Both ends are reset.
    Reset,
    /// Nothing passes any more, either way, and nobody is told.
    Hang,
    /// The receiver sees the end, by a fault or because the sender said it, and the other direction goes on.
    HalfClose,
}

/// How many bytes a direction passes before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) bytes: u64,
    pub(super) stop: Stop,
}

impl Faults {
    /// Bytes pass as they come.
    pub fn none() -> Self {
        Self::default()
    }

    /// Each write waits before it passes, for a time out of this range (its end excluded; where it is empty, its start),
    /// which the seed decides. Order is kept, and the next write waits only after it: what comes meanwhile is passed
    /// together. The end of a stream waits like a write. Default none.
    ///
    /// It holds for the open connections at once, also for what waits already. It follows tokio's clock, whose grain is
    /// a millisecond.
    pub fn delay(mut self, range: Range<Duration>) -> Self {
        self.delay = range;
        self
    }

    /// Bytes pass in writes of at most this many (at least 1), with the [`delay`](Self::delay) before each. Default
    /// 65,536. A receiver that reads late finds several writes at once.
    ///
    /// It holds for the open connections at once.
    pub fn trickle(mut self, bytes: usize) -> Self {
        self.trickle = Some(bytes.max(1));
        self
    }

    /// A connection is reset, at both ends, as soon as so many bytes have passed in one of its directions, whichever is
    /// first. 0 is right after it was accepted. Default never. Takes the place of [`cut_within`](Self::cut_within).
    pub fn cut_after(mut self, bytes: u64) -> Self {
        self.cut = Some(Cut::After(bytes));
        self
    }

    /// A connection is reset, at both ends, as soon as so many bytes have passed in one of its directions: the seed
    /// decides for each connection how many, out of this range (its end excluded; where it is empty, its start), and in
    /// which direction. Default never. Takes the place of [`cut_after`](Self::cut_after).
    pub fn cut_within(mut self, range: Range<u64>) -> Self {
        self.cut = Some(Cut::Within(range));
        self
    }

    /// A direction ends for its receiver as soon as so many bytes have passed in it; the other goes on. What is sent
    /// against that is thrown away. 0 is right after the connection was accepted. Default never.
    pub fn half_close_after(mut self, direction: Direction, bytes: u64) -> Self {
        self.half_close = Some((direction, bytes));
        self
    }

    /// Nothing passes on a connection any more, either way, as soon as so many bytes have passed in one of its
    /// directions, whichever is first: not even its end. It hangs until [`FaultProxy::reset_all`], or until the proxy is
    /// dropped. 0 is right after it was accepted. Default never.
    ///
    /// [`FaultProxy::reset_all`]: super::FaultProxy::reset_all
    pub fn black_hole_after(mut self, bytes: u64) -> Self {
        self.black_hole = Some(bytes);
        self
    }

    pub(super) fn delays(&self) -> &Range<Duration> {
        &self.delay
    }

    /// How many bytes a write has at most.
    pub(super) fn most(&self) -> usize {
        self.trickle.unwrap_or(usize::MAX)
    }

    /// The limit of one direction of a connection, of which `random` decides.
    pub(super) fn limit(&self, direction: Direction, random: &Random) -> Option<Limit> {
        let cut = match &self.cut {
            None => None,
            Some(Cut::After(bytes)) => Some(*bytes),
            Some(Cut::Within(range)) => {
                let mut random = random.clone();
                let bytes = random.draw().within(range);
                let chosen = [Direction::ToServer, Direction::ToClient].get(random.draw().within(&(0..2)) as usize);
                (chosen == Some(&direction)).then_some(bytes)
            }
        };
        let half_close = self.half_close.filter(|(closed, _)| *closed == direction).map(|(_, bytes)| bytes);
        let limits = [(cut, Stop::Reset), (self.black_hole, Stop::Hang), (half_close, Stop::HalfClose)];
        let limits = limits.into_iter().filter_map(|(bytes, stop)| Some(Limit { bytes: bytes?, stop }));
        limits.min_by_key(|limit| limit.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

    fn limits(faults: &Faults, connection: u64) -> [Option<Limit>; 2] {
        let random = Random::new(7).branch(connection);
        WAYS.map(|direction| faults.limit(direction, &random))
    }

    #[test]
    fn a_limit_holds_for_the_directions_it_was_set_for() {
        let reset = Some(Limit { bytes: 9, stop: Stop::Reset });
        assert_eq!(limits(&Faults::none().trickle(1).delay(Duration::ZERO..Duration::MAX), 1), [None, None]);
        assert_eq!(limits(&Faults::none().cut_after(9), 1), [reset, reset]);
        let half = Some(Limit { bytes: 3, stop: Stop::HalfClose });
        assert_eq!(limits(&Faults::none().half_close_after(Direction::ToClient, 3), 1), [None, half]);
    }

    #[test]
    fn the_first_of_several_limits_counts() {
        let faults = Faults::none().cut_after(9).black_hole_after(8).half_close_after(Direction::ToServer, 7);
        let hang = Some(Limit { bytes: 8, stop: Stop::Hang });
        assert_eq!(limits(&faults, 1), [Some(Limit { bytes: 7, stop: Stop::HalfClose }), hang]);
        assert_eq!(limits(&faults.cut_after(1), 1), [Some(Limit { bytes: 1, stop: Stop::Reset }); 2]);
    }

    #[test]
    fn a_seeded_cut_is_in_one_direction_and_differs_between_connections() {
        let faults = Faults::none().cut_within(1..5000);
        let all: Vec<[Option<Limit>; 2]> = (0..100).map(|connection| limits(&faults, connection)).collect();
        assert_eq!(all, (0..100).map(|connection| limits(&faults, connection)).collect::<Vec<_>>());
        assert!(all.iter().all(|[up, down]| up.is_some() != down.is_some()), "{all:?}");
        let up = all.iter().filter(|[up, _]| up.is_some()).count();
        assert!((30..70).contains(&up), "{up} of 100 are cut on the way to the server");
        let mut bytes: Vec<u64> = all.iter().flatten().flatten().map(|limit| limit.bytes).collect();
        assert!(bytes.iter().all(|bytes| (1..5000).contains(bytes)), "{bytes:?}");
        bytes.sort_unstable();
        bytes.dedup();
        assert!(bytes.len() > 90, "{bytes:?}");
    }

    #[test]
    fn a_write_has_at_least_a_byte() {
        assert_eq!(Faults::none().trickle(0).most(), 1);
    }
}

//! The kinds of work that are compared.

use std::time::Duration;

/// How long the handler of [`Method::Timer`] sleeps: one tick of tokio's timer.
pub(crate) const NAP: Duration = Duration::from_millis(1);

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// The handler gives the item back at once.
    Echo,
    /// The handler awaits `tokio::task::yield_now` once before, or what a contestant's runtime has like it.
    Yield,
    /// The handler sleeps for [`NAP`] before.
    Timer,
    /// The handler gives back so many bytes.
    Blob(usize),
    /// A server stream of [`ITEMS`] small messages.
    Down,
    /// A client stream of as many, with one small reply.
    Up,
    /// As many both ways: the handler gives back each as it comes.
    Both,
    /// A server stream of [`BULK_ITEMS`] items of so many bytes.
    Bulk(usize),
}

/// What fills the same connection, and is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    /// So many calls of 1 MiB in flight.
    Calls(usize),
    /// A server stream of items of 1 MiB that does not end.
    Stream,
}

/// One kind of work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) method: Method,
    pub(crate) connections: usize,
    /// Calls in flight on each connection.
    pub(crate) in_flight: usize,
    /// Both processes run on core 0.
    pub(crate) pinned: bool,
    pub(crate) beside: Beside,
}

/// The size of a large call, or item.
pub(crate) const MIB: usize = 1024 * 1024;
/// Small messages of one stream: so many that what opening and ending it costs does not count.
pub(crate) const ITEMS: u64 = 100_000;
/// Large items of one stream; no more, because one that has begun is read to its end.
pub(crate) const BULK_ITEMS: u64 = 64;

const SMALL: Workload = Workload {
    name: "c1",
    title: "1 in flight",
    method: Method::Echo,
    connections: 1,
    in_flight: 1,
    pinned: false,
    beside: Beside::Nothing,
};

pub(crate) const ALL: [Workload; 15] = [
    Workload { name: "c1@1", title: "1 in flight, both processes on one core", pinned: true, ..SMALL },
    SMALL,
    Workload { name: "c64", title: "64 in flight, one connection", in_flight: 64, ..SMALL },
    Workload { name: "c512", title: "512 in flight, one connection", in_flight: 512, ..SMALL },
    Workload { name: "16x32", title: "16 connections with 32 in flight each", connections: 16, in_flight: 32, ..SMALL },
    Workload {
        name: "yield",
        title: "512 in flight, the handler yields once",
        method: Method::Yield,
        in_flight: 512,
        ..SMALL
    },
    Workload {
        name: "timer",
        title: "512 in flight, the handler sleeps for 1 ms",
        method: Method::Timer,
        in_flight: 512,
        ..SMALL
    },
    Workload {
        name: "64k",
        title: "64 KiB each way, 8 in flight",
        method: Method::Blob(64 * 1024),
        in_flight: 8,
        ..SMALL
    },
    Workload { name: "1m", title: "1 MiB each way, 8 in flight", method: Method::Blob(MIB), in_flight: 8, ..SMALL },
    Workload {
        name: "mix",
        title: "1 small call in flight beside 8 of 1 MiB, one connection",
        beside: Beside::Calls(8),
        ..SMALL
    },
    Workload { name: "stream-down", title: "a server stream of small items", method: Method::Down, ..SMALL },
    Workload { name: "stream-up", title: "a client stream of small items", method: Method::Up, ..SMALL },
    Workload {
        name: "stream-both",
        title: "small items both ways, each given back as it comes",
        method: Method::Both,
        ..SMALL
    },
    Workload { name: "stream-1m", title: "a server stream of items of 1 MiB", method: Method::Bulk(MIB), ..SMALL },
    Workload {
        name: "beside",
        title: "1 small call in flight beside a server stream of items of 1 MiB, one connection",
        beside: Beside::Stream,
        ..SMALL
    },
];

impl Workload {
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|workload| workload.name == name)
    }

    /// Beside large calls or items it is the delay that counts, not the rate.
    pub(crate) fn is_about_delay(&self) -> bool {
        self.beside != Beside::Nothing
    }

    /// Items are counted, not calls.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.method, Method::Down | Method::Up | Method::Both | Method::Bulk(_))
    }

    /// A contestant without streams takes no part.
    pub(crate) fn needs_streams(&self) -> bool {
        self.is_stream() || self.beside == Beside::Stream
    }

    /// Bytes of what is large: each way of calls, one way of streams.
    pub(crate) fn large(&self) -> Option<usize> {
        match self.method {
            Method::Blob(size) | Method::Bulk(size) => Some(size),
            _ if self.beside != Beside::Nothing => Some(MIB),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contestants_in_go_have_the_same_workloads() {
        let go = include_str!("../go/workload.go").replace("64 * 1024", "65536").replace("mib,", "1048576,");
        for constant in [format!("const items = {ITEMS}"), format!("const bulkItems = {BULK_ITEMS}")] {
            assert!(go.lines().any(|line| line == constant), "{constant}");
        }
        for Workload { name, method, connections, in_flight, beside, .. } in ALL {
            let (method, size) = match method {
                Method::Echo if beside != Beside::Nothing => ("callEcho", MIB),
                Method::Echo => ("callEcho", 0),
                Method::Yield => ("callYield", 0),
                Method::Timer => ("callTimer", 0),
                Method::Blob(size) => ("callBlob", size),
                Method::Down => ("streamDown", 0),
                Method::Up => ("streamUp", 0),
                Method::Both => ("streamBoth", 0),
                Method::Bulk(size) => ("streamBulk", size),
            };
            let beside = match beside {
                Beside::Nothing => "nothing".to_owned(),
                Beside::Calls(calls) => format!("largeCalls({calls})"),
                Beside::Stream => "largeStream".to_owned(),
            };
            let (name, work) =
                (format!("\"{name}\":"), format!("{{{connections}, {in_flight}, {method}, {size}, {beside}}},"));
            assert!(go.lines().any(|line| line.trim().starts_with(&name) && line.ends_with(&work)), "{name} {work}");
        }
    }
}

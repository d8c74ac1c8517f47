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
    /// Calls of 1 MiB that are in flight on the same connection, and are not counted.
    pub(crate) beside: usize,
}

/// The size of a large call.
pub(crate) const MIB: usize = 1024 * 1024;

const SMALL: Workload = Workload {
    name: "c1",
    title: "1 in flight",
    method: Method::Echo,
    connections: 1,
    in_flight: 1,
    pinned: false,
    beside: 0,
};

pub(crate) const ALL: [Workload; 10] = [
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
    Workload { name: "mix", title: "1 small call in flight beside 8 of 1 MiB, one connection", beside: 8, ..SMALL },
];

impl Workload {
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|workload| workload.name == name)
    }

    /// Beside large calls it is the delay that counts, not the rate.
    pub(crate) fn is_about_delay(&self) -> bool {
        self.beside > 0
    }

    /// Bytes that a call carries each way, where that is what is of interest.
    pub(crate) fn payload(&self) -> Option<usize> {
        match self.method {
            Method::Blob(size) => Some(size),
            Method::Echo | Method::Yield | Method::Timer => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contestants_in_go_have_the_same_workloads() {
        let go = include_str!("../go/workload.go").replace("64 * 1024", "65536").replace("mib,", "1048576,");
        for Workload { name, method, connections, in_flight, beside, .. } in ALL {
            let (method, size) = match method {
                Method::Echo if beside > 0 => ("callEcho", MIB),
                Method::Echo => ("callEcho", 0),
                Method::Yield => ("callYield", 0),
                Method::Timer => ("callTimer", 0),
                Method::Blob(size) => ("callBlob", size),
            };
            let (name, work) =
                (format!("\"{name}\":"), format!("{{{connections}, {in_flight}, {method}, {size}, {beside}}},"));
            assert!(go.lines().any(|line| line.trim().starts_with(&name) && line.ends_with(&work)), "{name} {work}");
        }
    }
}

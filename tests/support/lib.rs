//! What the end-to-end tests share: a service to call, servers over every transport, and a peer that speaks raw frames.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "only tests use this, and they assert by panicking"
)]

pub mod desk;
pub mod frames;
pub mod peer;
pub mod stage;
pub mod tap;
pub mod world;

use std::time::Duration;

/// The output of `future`, which must come within ten seconds: no test may hang.
///
/// # Panics
///
/// When it does not.
pub async fn soon<F: Future>(future: F) -> F::Output {
    within(Duration::from_secs(10), future).await
}

/// The output of `future`, which must come within `limit`.
///
/// # Panics
///
/// When it does not.
pub async fn within<F: Future>(limit: Duration, future: F) -> F::Output {
    match tokio::time::timeout(limit, future).await {
        Ok(output) => output,
        Err(_) => panic!("nothing came within {limit:?}"),
    }
}

/// How long `attempt` takes, at best: others use the machine too, which makes some attempts slow, and none fast.
/// The first that is within `limit` is the last.
pub async fn quickest(limit: Duration, attempt: impl AsyncFn() -> Duration) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..10 {
        best = best.min(attempt().await);
        if best <= limit {
            break;
        }
    }
    best
}

/// The text of an error with what differs from run to run taken out: ports, durations and socket names.
pub fn masked(error: &impl std::fmt::Display) -> String {
    let mut words: Vec<String> = Vec::new();
    let text = error.to_string();
    let mut rest = text.as_str();
    while let Some(at) = ["127.0.0.1:", "after "].iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min() {
        let (start, mark) = at;
        let (head, tail) = rest.split_at(start + mark.len());
        words.push(head.to_owned());
        let digits = tail.len() - tail.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let mut tail_left = &tail[digits..];
        if mark == "after " && digits > 0 {
            words.push("TIME".to_owned());
            tail_left = [" ms", " µs", " s"].iter().find_map(|unit| tail_left.strip_prefix(unit)).unwrap_or(tail_left);
        } else if digits > 0 {
            words.push("PORT".to_owned());
        }
        rest = tail_left;
    }
    words.push(rest.to_owned());
    words.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_times_are_masked() {
        assert_eq!(
            masked(&"x (at tcp://127.0.0.1:4000, after 50 ms, y)"),
            "x (at tcp://127.0.0.1:PORT, after TIME, y)"
        );
        assert_eq!(masked(&"after that 127.0.0.1:1"), "after that 127.0.0.1:PORT");
    }
}

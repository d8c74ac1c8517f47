//! What a process has used, as Linux tells it.

use std::fs;
use std::time::Duration;

use crate::contestant::Fault;

/// What one unit of processor time in `/proc` lasts; Linux shows hundredths of a second to all programs.
const TICK: Duration = Duration::from_millis(10);
const PAGE: u64 = 4096;

/// The processor time of a process and of all its threads, in user code and in the kernel.
pub(crate) fn processor_time(process: u32) -> Result<Duration, Fault> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let ticks = ticks(&text, 14).ok_or("/proc/…/stat does not look like Linux's")?;
    Ok(TICK * ticks)
}

/// The processor time of all processes that this one has started and that have ended, and of theirs.
pub(crate) fn processor_time_of_children() -> Result<Duration, Fault> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let ticks = ticks(&text, 16).ok_or("/proc/self/stat does not look like Linux's")?;
    Ok(TICK * ticks)
}

/// The memory of a process that is resident, in bytes.
pub(crate) fn resident(process: u32) -> Result<u64, Fault> {
    let text = fs::read_to_string(format!("/proc/{process}/statm"))?;
    let pages: u64 = text.split(' ').nth(1).ok_or("/proc/…/statm does not look like Linux's")?.parse()?;
    Ok(pages * PAGE)
}

/// The time that all cores together have been busy, with anything.
pub(crate) fn busy_time() -> Result<Duration, Fault> {
    let text = fs::read_to_string("/proc/stat")?;
    let ticks = busy_ticks(&text).ok_or("/proc/stat does not look like Linux's")?;
    Ok(TICK * ticks)
}

/// How many tasks wanted to run, on average over the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

/// User, nice, system, (idle, waiting for disks,) interrupts, soft interrupts, stolen by other machines.
fn busy_ticks(stat: &str) -> Option<u32> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let fields: Vec<u32> = fields.take(8).map(|field| field.parse().ok()).collect::<Option<_>>()?;
    let idle: u32 = fields.iter().skip(3).take(2).sum();
    Some(fields.iter().sum::<u32>() - idle)
}

/// User and system time, which are a field and the next one. The second field is a name and may hold anything.
fn ticks(stat: &str, first: usize) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(first - 3);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let stat = "812 (a) b (c) S 1 812 794 0 -1 4194304 2845 6519 0 0 31 11 4 2 20 0 1 0 62";
        assert_eq!(ticks(stat, 14), Some(42));
        assert_eq!(ticks(stat, 16), Some(6));
    }

    #[test]
    fn a_machine_is_busy_but_when_it_is_idle_or_waits() {
        assert_eq!(busy_ticks("cpu  1 20 300 9999 9999 4000 50000 600000 7 7\ncpu0 1"), Some(654_321));
    }

    #[test]
    fn our_own_use_grows() {
        let before = processor_time(std::process::id()).unwrap();
        let mut sum = 0_u64;
        while processor_time(std::process::id()).unwrap() == before {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(resident(std::process::id()).unwrap() > 0);
    }
}

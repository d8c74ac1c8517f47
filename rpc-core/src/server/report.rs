use std::fmt;
use std::time::Duration;

use crate::error::Brief;

/// What a shutdown came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many connections were open when they were told.
    pub connections: usize,
    /// How many of them had not ended when the grace period was over.
    pub cut_connections: usize,
    /// How many calls were cut off with them, and how many handlers that had gone on without a connection.
    pub cut_calls: usize,
    /// The methods of those calls, as in `Desk.hold`, and how many calls each had; the most first. Calls whose handlers
    /// had not been made are not among them: those did not run, and their callers know it.
    pub cut_methods: Vec<(String, usize)>,
    /// How long it took, from when it was asked for.
    pub took: Duration,
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, cut_connections, cut_calls, cut_methods, took } = self;
        write!(f, "connections open: {connections}, cut off: {cut_connections}, calls cut off: {cut_calls}")?;
        let methods: Vec<String> = cut_methods.iter().map(|(method, calls)| format!("{method} × {calls}")).collect();
        if !methods.is_empty() {
            write!(f, " ({})", methods.join(", "))?;
        }
        write!(f, ", took {}", Brief(*took))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line() {
        let report = ShutdownReport { connections: 2, took: Duration::from_millis(12), ..ShutdownReport::default() };
        assert_eq!(report.to_string(), "connections open: 2, cut off: 0, calls cut off: 0, took 12 ms");
        let cut_methods = vec![("Desk.hold".to_owned(), 3), ("Desk.echo".to_owned(), 1)];
        let report = ShutdownReport { cut_connections: 1, cut_calls: 4, cut_methods, ..report };
        assert_eq!(
            report.to_string(),
            "connections open: 2, cut off: 1, calls cut off: 4 (Desk.hold × 3, Desk.echo × 1), took 12 ms"
        );
    }
}

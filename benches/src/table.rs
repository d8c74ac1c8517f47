//! Results as Markdown.

use std::fmt::Write as _;

use crate::results::{Results, Spread};
use crate::rounds::Plan;
use crate::workload::Workload;

/// A summary of ratios, then a table for each workload.
pub(crate) fn markdown(results: &Results, plan: &Plan) -> String {
    let mut text = format!(
        "# Comparison\n\n{} cores; load {:.2} before; {} rounds of {} ms; in a tenth of the runs other programs had \
         {:.0} % of the machine or more.\n\n",
        results.cores,
        results.load,
        plan.rounds,
        plan.measured.as_millis(),
        100.0 * results.others()
    );
    if !results.notes.is_empty() {
        let _ = write!(text, "{}\n\n", results.notes.join(" "));
    }
    summary(&mut text, results, plan);
    for workload in &plan.workloads {
        details(&mut text, results, plan, workload);
    }
    text
}

fn summary(text: &mut String, results: &Results, plan: &Plan) {
    text.push_str("## Ratio to the floor of the same round, median\n\n| |");
    for workload in &plan.workloads {
        let _ = write!(text, " {} |", workload.name);
    }
    text.push_str("\n| --- |");
    text.push_str(&" ---: |".repeat(plan.workloads.len()));
    for contestant in &plan.contestants {
        let _ = write!(text, "\n| {contestant} |");
        for workload in &plan.workloads {
            match results.ratio(workload, contestant) {
                Some(ratio) => {
                    let _ = write!(text, " {:.2} |", ratio.median);
                }
                None => text.push_str(" – |"),
            }
        }
    }
    text.push('\n');
    let about_delay = plan.workloads.iter().filter(|workload| workload.is_about_delay());
    let about_delay: Vec<String> = about_delay.map(|workload| format!("`{}`", workload.name)).collect();
    if !about_delay.is_empty() {
        let names = about_delay.join(" and ");
        let _ = writeln!(text, "\nIn {names} the ratio is the floor's p99 of small calls to the contestant's.");
    }
}

fn details(text: &mut String, results: &Results, plan: &Plan, workload: &Workload) {
    let mut columns = if workload.is_stream() {
        vec!["items/s", "ratio", "server CPU µs/item", "client CPU µs/item"]
    } else {
        vec!["calls/s", "ratio", "p50 µs", "p99 µs", "server CPU µs/call", "client CPU µs/call"]
    };
    if workload.large().is_some() {
        columns.push(if workload.needs_streams() { "MB/s" } else { "MB/s each way" });
    }
    let _ = write!(text, "\n## {}: {}\n\n", workload.name, workload.title);
    let _ = writeln!(text, "| | {} |\n| --- |{}", columns.join(" | "), " ---: |".repeat(columns.len()));
    for contestant in plan.contestants_in(workload) {
        let row = row(results, workload, contestant);
        let failed = || format!("failed: {}", results.failure(workload.name, contestant).unwrap_or("not run"));
        let _ = writeln!(text, "| {contestant} | {} |", row.unwrap_or_else(failed));
    }
}

fn row(results: &Results, workload: &Workload, contestant: &str) -> Option<String> {
    let figure = |pick| results.figure(workload.name, contestant, pick);
    let mut row = format!(
        "{} | {}",
        spread(figure(|outcome| outcome.rate)?, count),
        results.ratio(workload, contestant).map_or("–".to_owned(), |ratio| spread(ratio, |it| format!("{it:.2}"))),
    );
    if !workload.is_stream() {
        let p50 = micros(figure(|outcome| outcome.p50)?.median);
        let p99 = spread(figure(|outcome| outcome.p99)?, micros);
        let _ = write!(row, " | {p50} | {p99}");
    }
    let (server, client) = (figure(|outcome| outcome.server_cpu)?.median, figure(|outcome| outcome.client_cpu)?.median);
    // An item takes a small part of what a call takes.
    let digits = if workload.is_stream() { 3 } else { 2 };
    let _ = write!(row, " | {server:.digits$} | {client:.digits$}");
    if workload.large().is_some() {
        let _ = write!(row, " | {}", count(figure(|outcome| outcome.bytes)?.median / 1e6));
    }
    Some(row)
}

fn spread(spread: Spread, show: fn(f64) -> String) -> String {
    format!("{} [{}–{}]", show(spread.median), show(spread.min), show(spread.max))
}

fn micros(micros: f64) -> String {
    if micros < 100.0 { format!("{micros:.1}") } else { count(micros) }
}

/// A whole number with its thousands apart.
fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(count(7.4), "7");
        assert_eq!(count(999.0), "999");
        assert_eq!(count(1_234_567.0), "1,234,567");
    }
}

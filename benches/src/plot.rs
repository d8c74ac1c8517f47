//! Results as a picture: for each workload a bar per contestant, as long as its ratio to the floor.

use std::fmt::Write as _;

use crate::results::Results;
use crate::rounds::Plan;
use crate::workload::Workload;

const NAMES_WIDTH: f64 = 130.0;
const BARS_WIDTH: f64 = 430.0;
const BAR: f64 = 13.0;
const TITLE: f64 = 34.0;
const MARGIN: f64 = 10.0;
/// Panels beside each other.
const COLUMNS: usize = 2;

/// An SVG of all workloads.
pub(crate) fn svg(results: &Results, plan: &Plan) -> String {
    let panel_width = NAMES_WIDTH + BARS_WIDTH + 2.0 * MARGIN + 60.0;
    let panel_height = TITLE + BAR * plan.contestants.len() as f64 + MARGIN;
    let rows = plan.workloads.len().div_ceil(COLUMNS);
    let width = panel_width * COLUMNS as f64;
    let height = panel_height * rows as f64 + 30.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (index, workload) in plan.workloads.iter().enumerate() {
        let x = panel_width * (index % COLUMNS) as f64 + MARGIN;
        let y = panel_height * (index / COLUMNS) as f64;
        panel(&mut text, results, plan, workload, x, y);
    }
    let _ = writeln!(
        text,
        "<text x=\"{MARGIN}\" y=\"{}\" fill=\"#555\">ratio to the floor of the same round: median, minimum and \
         maximum of {} rounds; more is better</text>\n</svg>",
        height - MARGIN,
        plan.rounds
    );
    text
}

fn panel(text: &mut String, results: &Results, plan: &Plan, workload: &Workload, x: f64, y: f64) {
    let _ = writeln!(
        text,
        "<text x=\"{x}\" y=\"{}\" font-weight=\"bold\">{}: {}</text>",
        y + TITLE - 12.0,
        escape(workload.name),
        escape(workload.title)
    );
    let contestants = plan.contestants_in(workload);
    let ratios: Vec<_> = contestants.iter().map(|name| (name, results.ratio(workload, name))).collect();
    let longest = ratios.iter().filter_map(|(_, ratio)| ratio.map(|ratio| ratio.max)).fold(1.0, f64::max);
    let scale = BARS_WIDTH / longest;
    let zero = x + NAMES_WIDTH;
    for (index, (name, ratio)) in ratios.into_iter().enumerate() {
        let top = y + TITLE + BAR * index as f64;
        let base = top + BAR - 3.0;
        let _ = writeln!(text, "<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">{}</text>", zero - 6.0, escape(name));
        let Some(ratio) = ratio else {
            continue;
        };
        let (length, middle) = (ratio.median * scale, top + BAR / 2.0);
        let _ = writeln!(
            text,
            "<rect x=\"{zero}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{}\"/>\n\
             <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle}\" y2=\"{middle}\" stroke=\"#222\"/>\n\
             <text x=\"{:.1}\" y=\"{base}\">{:.2}</text>",
            top + 1.0,
            BAR - 2.0,
            colour(name),
            zero + ratio.min * scale,
            zero + ratio.max * scale,
            zero + ratio.max.max(ratio.median) * scale + 4.0,
            ratio.median
        );
    }
}

fn colour(contestant: &str) -> &'static str {
    match contestant {
        "floor" | "floor+msgpack" => "#bbbbbb",
        name if name.starts_with("ours") => "#2a7fb8",
        _ => "#e0a458",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! The table of conformance cases in `README.md` is true: each case is there, and held by tests that say so.
#![allow(clippy::unwrap_used, reason = "tests assert by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

/// A row of the table.
struct Case<'a> {
    id: &'a str,
    tests: Vec<&'a str>,
}

fn cases() -> Vec<Case<'static>> {
    let rows = include_str!("README.md").lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [id, _, tests] = cells[..] else { unreachable!("three cells: {row}") };
        Case { id, tests: tests.split(", ").map(|test| test.trim_matches('`')).collect() }
    })
    .collect()
}

/// What is said of a test: the comment in front of its `fn`, which must be there, and be a test's.
fn documentation(test: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (file, name) = test.rsplit_once("::").unwrap();
    let path = match file.strip_prefix("session::") {
        Some(file) => here.join("../rpc-core/src/session/tests").join(file),
        None => here.join(file),
    };
    let text = std::fs::read_to_string(path.with_extension("rs")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let named = |line: &&str| line.trim_start_matches("async ").starts_with(&format!("fn {name}("));
    let place = lines.iter().position(named).unwrap_or_else(|| unreachable!("{test} is not there"));
    let above = lines.iter().take(place).rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
    let (attributes, comment): (Vec<&str>, Vec<&str>) = above.partition(|line| line.starts_with("#["));
    assert!(attributes.iter().any(|line| line.contains("test")), "{test} is no test");
    comment.into_iter().rev().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_case_is_held_by_tests_that_say_so() {
    for Case { id, tests } in cases() {
        for test in tests {
            let said = documentation(test);
            let mut words = said.split(|letter: char| !letter.is_ascii_alphanumeric());
            assert!(words.any(|word| word == id), "{test} does not say that it holds {id}: {said}");
        }
    }
}

/// G13 needs compression, which there is none of.
#[test]
fn no_case_is_missing() {
    let there: BTreeSet<String> = cases().iter().map(|case| case.id.to_owned()).collect();
    let group = |letter: char, last: u32| (1..=last).map(move |number| format!("{letter}{number}"));
    let all = group('B', 14).chain(group('C', 11)).chain(group('D', 10)).chain(group('F', 18)).chain(group('G', 12));
    let expected: BTreeSet<String> = all.chain(["L".to_owned()]).collect();
    assert_eq!(there, expected);
}

//! The road has an order, and the modules keep to it: each uses only what comes before it in `lib.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test asserts by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// What a module may not so much as name.
const NEVER: [(&str, &[&str]); 8] = [
    ("code", &["tokio", "serde"]),
    ("metadata", &["tokio", "serde"]),
    ("error", &["tokio", "serde", "rpc_codec"]),
    ("method", &["tokio", "serde"]),
    ("frame", &["tokio", "serde", "rpc_codec", "Instant", "Waker"]),
    ("session", &["tokio", "serde", "Waker", "AnyCodec", "async "]),
    ("transport", &["crate::frame", "crate::session", "rpc_codec"]),
    ("connection", &["rpc_codec", "crate::service", "serde"]),
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of `lib.rs`, in order.
fn modules() -> Vec<String> {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let name = |line: &str| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned);
    lib.lines().filter_map(name).collect()
}

/// The Rust files of a module, with their text but for comments.
fn files(module: &str) -> Vec<(PathBuf, String)> {
    fn collect(path: &Path, into: &mut Vec<PathBuf>) {
        if path.is_dir() {
            fs::read_dir(path).unwrap().for_each(|entry| collect(&entry.unwrap().path(), into));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path.to_owned());
        }
    }
    let mut paths = Vec::new();
    collect(&src().join(module), &mut paths);
    collect(&src().join(module).with_extension("rs"), &mut paths);
    let read = |path: PathBuf| path.is_file().then(|| (path.clone(), without_comments(&path)));
    paths.into_iter().filter_map(read).collect()
}

fn without_comments(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules that a text names as `crate::…`.
fn used(text: &str) -> Vec<String> {
    let ident = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    text.split("crate::").skip(1).map(ident).collect()
}

#[test]
fn modules_use_only_what_comes_before_them() {
    let modules = modules();
    assert!(modules.len() > 10, "{modules:?}");
    let place = |name: &str| modules.iter().position(|module| module == name);
    for (own, module) in modules.iter().enumerate() {
        for (path, text) in files(module) {
            for other in used(&text) {
                assert!(
                    !other.is_empty(),
                    "{} imports from crate in a group, which this test cannot read",
                    path.display()
                );
                let Some(other_place) = place(&other) else { continue };
                assert!(other_place <= own, "{} uses crate::{other}, which comes after it", path.display());
            }
        }
    }
}

#[test]
fn modules_do_not_know_what_is_not_theirs() {
    for (module, words) in NEVER {
        let files = files(module);
        assert!(!files.is_empty(), "{module} has no files");
        for (path, text) in files {
            for word in words {
                assert!(!text.contains(word), "{} knows {word}", path.display());
            }
        }
    }
}

//! What the compiler says to users: each file in `ui/fail` is named for its mistake.
//!
//! `TRYBUILD=overwrite cargo test -p tests --test ui` writes the messages anew; then read the difference.

#[test]
fn users_mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/*.rs");
    cases.pass("ui/pass/*.rs");
}

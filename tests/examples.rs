//! The examples do what they promise: each is run as a newcomer runs it, and what it prints is compared.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests assert by panicking")]

#[path = "examples/program.rs"]
mod program;

use program::{Ended, Program, run};

#[test]
fn quickstart_shows_codecs_a_typed_error_a_deadline_and_a_cancellation() {
    let lines = run("quickstart", &[]);
    let (first, lines) = lines.split_first().unwrap();
    let address = first.strip_prefix("serving Arith at ").unwrap();
    assert!(port(address) > 0, "{address}");

    let about = lines.iter().position(|line| line == "a deadline:").unwrap() + 1;
    let deadline = &lines[about];
    assert!(deadline.contains("deadline exceeded: "), "{deadline}");
    assert!(deadline.contains(&format!("(Arith.nap, at {address}, ")), "{deadline}");

    let mut rest = lines.to_vec();
    rest.remove(about);
    let expected = [
        "",
        "typed calls, in three codecs:",
        "  messagepack: 7 * 8 = 56; 17 / 5 = 3, remainder 2",
        "  json: 7 * 8 = 56; 17 / 5 = 3, remainder 2",
        "  bincode: 7 * 8 = 56; 17 / 5 = 3, remainder 2",
        "",
        "a typed error:",
        "  1 / 0 is ArithError::DivideByZero",
        "",
        "a deadline:",
        "",
        "a cancellation:",
        "  server: ponder has begun",
        "  client: drops the call",
        "  server: ponder was dropped",
        "",
        "a graceful end:",
        "  calls cut off: 0",
    ];
    assert_eq!(rest, expected);
}

#[test]
fn hello_greets() {
    assert_eq!(run("hello", &[]), ["hello:yekai"]);
}

#[test]
fn rect_measures() {
    assert_eq!(run("rect", &[]), ["Rect.Area(50, 100) = 5000", "Rect.Perimeter(50, 100) = 300"]);
}

#[test]
fn calculator_has_numbered_errors() {
    let expected = [
        "add 1 2 -> msg: OK reply: 3",
        "mul 10 23 -> msg: OK reply: 230",
        "div 10 0 -> code: 100 msg: Divisor is zero",
        r#"pow 2 8 -> code: 404 msg: there is no operator "pow"; use add, sub, mul or div"#,
    ];
    assert_eq!(run("calculator", &[]), expected);
}

#[test]
fn calculator_takes_what_is_typed() {
    assert_eq!(run("calculator", &["div", "9", "2"]), ["div 9 2 -> msg: OK reply: 4.5"]);

    let Ended { lines, errors, succeeded } = Program::start("calculator", &["mul", "10", "x"]).end();
    assert!(!succeeded);
    assert!(lines.is_empty(), "{lines:?}");
    assert!(errors.contains("write an operator and two numbers"), "{errors}");
}

#[test]
fn multiply_multiplies() {
    assert_eq!(run("multiply", &[]), ["7 * 8", "Result: 56"]);
}

#[test]
fn divide_later_joins_what_it_sent() {
    let expected = [
        "Divide(17, 5) is on its way",
        "meanwhile, 7 * 8 = 56",
        "17 / 5: Quo: 3 Rem: 2",
        "6 * 7 = 42",
        "1 / 0: divide by zero",
    ];
    assert_eq!(run("divide_later", &[]), expected);
}

#[test]
fn greeter_requires_a_name() {
    assert_eq!(run("greeter", &[]), ["Hello, World!", r#"refused: InvalidArgument "name is required""#]);
}

#[test]
fn bearer_refuses_all_but_the_right_token_and_prints_none() {
    let expected = [
        "the right token: the vault is open",
        r#"another token: refused, Unauthenticated "authorization failed""#,
        r#"no token: refused, Unauthenticated "authorization failed""#,
    ];
    assert_eq!(run("bearer", &[]), expected);
}

#[test]
fn users_have_unique_names() {
    let expected = [
        "registered ada",
        "registered grace",
        r#"refused other@example.org: the name "ada" is taken"#,
        "ada is ada@example.org",
        r#"eve: there is no user "eve""#,
        "everyone: ada, grace",
    ];
    assert_eq!(run("users", &[]), expected);
}

#[test]
#[cfg(unix)]
fn two_programs_share_a_contract_and_ctrl_c_ends_the_server() {
    let mut server = Program::start("contract_server", &["tcp://127.0.0.1:0"]);
    let open = server.line().unwrap();
    let address = open.strip_prefix("the guestbook lies open at ").unwrap();
    assert!(port(address) > 0, "{address}");
    assert_eq!(server.line().unwrap(), "ctrl-c closes it");

    let expected = [
        "signed as number 1",
        "signed as number 2",
        "refused: an entry needs a name",
        "Grace: No bugs found.",
        "Ada: A fine engine.",
    ];
    assert_eq!(run("contract_client", &[address]), expected);
    assert_eq!(server.line().unwrap(), "entry 1 is by Ada");
    assert_eq!(server.line().unwrap(), "entry 2 is by Grace");

    // A client that is still there when ctrl-c comes is told to go, and does.
    server.interrupt();
    let Ended { lines, errors, succeeded } = server.end();
    assert!(succeeded, "the server did not end in good order: {errors}");
    assert_eq!(errors, "");
    let [closed] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(closed.starts_with("closed; connections: "), "{closed}");
    assert!(closed.ends_with(", calls cut off: 0"), "{closed}");
}

#[test]
#[cfg(unix)]
fn a_client_without_a_server_says_how_to_start_one() {
    let Ended { lines, errors, succeeded } = Program::start("contract_client", &["unix:///nowhere/guestbook"]).end();
    assert!(!succeeded);
    assert!(lines.is_empty(), "{lines:?}");
    assert!(errors.contains("unavailable: cannot connect"), "{errors}");
    assert!(errors.contains("cargo run --example contract_server"), "{errors}");
}

#[test]
fn own_codec_works_where_both_ends_have_it() {
    let lines = run("own_codec", &[]);
    let (last, lines) = lines.split_last().unwrap();
    let expected = [
        "the opposite of Greenwich is at -51.5, 180",
        "on the wire:",
        "{",
        r#"  "name": "opposite of Greenwich","#,
        r#"  "latitude": -51.5,"#,
        r#"  "longitude": 180.0"#,
        "}",
    ];
    assert_eq!(lines, expected);
    assert!(last.starts_with(r#"elsewhere: the server does not have the codec "pretty-json""#), "{last}");
}

#[test]
fn in_process_checks_hold() {
    let expected = [
        "ok: an order is confirmed",
        "ok: an order for more than there is, is refused as sold out",
        "ok: a warehouse that cannot be asked is not called sold out",
    ];
    assert_eq!(run("in_process", &[]), expected);
}

#[test]
fn rolling_restart_loses_no_call() {
    let expected = [
        "restarted: calls cut off: 0",
        "restarted: calls cut off: 0",
        "restarted: calls cut off: 0",
        "restarted: calls cut off: 0",
        "no call failed; more than a hundred cups: true",
        "both are closed: Err(NotSent)",
        "one opens again, for a guest who has waited: 2 cups",
    ];
    assert_eq!(run("rolling_restart", &[]), expected);
}

#[test]
fn shutdown_finishes_what_runs_and_reports_what_it_cuts() {
    let lines = run("shutdown", &[]);
    let (last, lines) = lines.split_last().unwrap();
    let expected = [
        "bread is in the oven; the bakery closes",
        "a new call is refused: it did not run",
        "the running call was finished: fresh bread",
        "cut off: 0 connections, 0 calls",
        "",
        "a stone is in the oven; the bakery closes, and waits 50 ms",
        "cut off: 1 connections, 1 calls",
        "  Bakery.bake_for_ever × 1",
    ];
    assert_eq!(lines, expected);
    assert!(last.starts_with("its caller is told: Unavailable, "), "{last}");
}

#[test]
fn oneway_and_context_shows_what_travels_with_a_call() {
    let lines = run("oneway_and_context", &[]);
    let [described, reply, direct, nested, sent, noted] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(described, "Desk.describe for a, over tcp, with a deadline: true");
    assert_eq!(reply, "reply metadata: served-by = front desk");
    // A busy machine may take some of the time before the archive looks at its watch.
    let direct = seconds(direct, "asked directly, the archive has Some(");
    assert!((6..=30).contains(&direct), "{direct}");
    let nested = seconds(nested, "asked by a handler whose caller waits 5 s, it has Some(");
    assert!((1..=5).contains(&nested), "{nested}");
    assert_eq!(sent, "the note was sent");
    assert_eq!(noted, "the desk noted: closed on Sunday");
}

#[test]
fn file_transfer_brings_back_what_it_sent() {
    let expected = [
        "sent:    8400000 bytes, crc32 e8a83714",
        "kept:    8400000 bytes, crc32 e8a83714",
        "fetched: 8400000 bytes, crc32 e8a83714",
        "they agree",
    ];
    // `run` wants nothing on standard error: the progress bar hides where there is no terminal.
    assert_eq!(run("file_transfer", &[]), expected);
}

#[test]
fn file_transfer_takes_a_file_of_ones_own() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    let length = std::fs::metadata(file).unwrap().len();
    let lines = run("file_transfer", &[file]);
    let [sent, kept, fetched, verdict] = lines.as_slice() else { panic!("{lines:?}") };
    let summary = sent.strip_prefix("sent:    ").unwrap();
    assert!(summary.starts_with(&format!("{length} bytes, crc32 ")), "{summary}");
    assert_eq!([kept, fetched], [&format!("kept:    {summary}"), &format!("fetched: {summary}")]);
    assert_eq!(verdict, "they agree");

    let Ended { lines, errors, succeeded } = Program::start("file_transfer", &["/nowhere/file"]).end();
    assert!(!succeeded && lines.is_empty(), "{lines:?}");
    assert_ne!(errors, "");
}

#[test]
fn live_feed_is_not_held_up_by_a_slow_reader() {
    let lines = run("live_feed", &[]);
    let [fast, slow] = lines.as_slice() else { panic!("{lines:?}") };
    let price = fast.strip_prefix("fast: 1000 of 1000 ticks, skipped 0, the last price is ").unwrap();
    // How far the slow one gets before its credit is used up is the framework's business.
    let slow = slow.strip_suffix(&format!(", the last price is {price}")).unwrap();
    let (ticks, skipped) =
        slow.strip_prefix("slow: ").and_then(|rest| rest.split_once(" of 1000 ticks, skipped ")).unwrap();
    let (ticks, skipped): (u32, u32) = (ticks.parse().unwrap(), skipped.parse().unwrap());
    assert_eq!(ticks + skipped, 1000);
    assert!(ticks >= 32 && skipped >= 500, "{slow}");
}

#[test]
fn chat_is_heard_by_all_in_one_order() {
    let lines = run("chat", &[]);
    let (start, rest) = lines.split_at(9);
    let expected = [
        "welcome, ann",
        "welcome, bob",
        "welcome, cid",
        "",
        "ann: Who has seen the cat?",
        "bob: It was on the roof.",
        "cid: It is on my keyboard.",
        "cid: kkkkkkkkkk",
        "ann: I come and get it.",
    ];
    assert_eq!(start, expected);
    let (goodbyes, end) = rest.split_at(3);
    // They are said at once: each run may have another order.
    let mut goodbyes = goodbyes.to_vec();
    goodbyes.sort();
    assert_eq!(goodbyes, ["ann: Bye!", "bob: Bye!", "cid: Bye!"]);
    assert_eq!(end, ["", "all have heard these 8 lines in this order"]);
}

#[test]
fn the_table_has_every_example_with_its_command() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).unwrap();
    let table = std::fs::read_to_string(format!("{folder}/README.md")).unwrap();
    let (_, examples) = manifest.split_once("[[example]]").unwrap();
    let names = examples.lines().filter_map(|line| line.strip_prefix("name = ")).map(|name| name.trim_matches('"'));
    let rows = table.lines().filter(|line| line.starts_with("| [")).count();
    let mut examples = 0;
    for name in names {
        let row = table.lines().find(|line| line.starts_with(&format!("| [{name}](")));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
        assert!(row.contains(&format!("--example {name}")), "{row}");
        examples += 1;
    }
    assert_eq!(rows, examples, "the table has rows without an example");
    assert!(examples >= 18);
}

fn port(address: &str) -> u16 {
    address.strip_prefix("tcp://127.0.0.1:").unwrap().parse().unwrap()
}

fn seconds(line: &str, before: &str) -> u64 {
    line.strip_prefix(before).and_then(|rest| rest.strip_suffix(") s")).unwrap().parse().unwrap()
}

#[test]
fn callbacks_reach_the_members() {
    let expected = [
        "ann is in the room, with 1 in it",
        "bob is in the room, with 2 in it",
        "cid is in the room, with 3 in it",
        "2 have heard ann",
        "bob hears   ann: Who has seen the cat?",
        "cid hears   ann: Who has seen the cat?",
        "2 have heard bob",
        "ann hears   bob: It is on the roof.",
        "cid has gone; 1 has heard ann",
        "bob hears   ann: I get it.",
    ];
    let lines = run("callbacks", &[]);
    assert_eq!(lines[..expected.len()], expected);
}

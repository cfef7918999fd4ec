//! What is true, what is told otherwise, and what cannot do harm.

use super::evaluated::SMALL;
use super::*;
use std::fs;
use std::time::{Duration, Instant};
use toolkit::testing::until;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

fn told(jq: &str, json: &str) -> Option<(&'static str, String)> {
    let mut faults = judge(&[Jq::compile(jq).unwrap()], json.as_bytes(), soon()).unwrap();
    let fault = faults.pop()?;
    assert!(faults.is_empty());
    Some((fault.reason, fault.observed))
}

#[test]
fn true_is_what_gives_something_and_nothing_untrue() {
    for jq in [
        ".a == 1",
        ".a",
        "0",
        ".b[]",
        "(.b | length) == 2",
        ".a as $x | $x < 2",
    ] {
        assert_eq!(told(jq, r#"{"a": 1, "b": [true, 0]}"#), None, "{jq}");
    }
}

#[test]
fn what_is_not_true_is_told_with_its_value() {
    let json = r#"{"status": "down", "n": [1, 2], "up": false}"#;
    for (jq, reason, observed) in [
        (r#".status == "ok""#, "jq_false", r#"`.status` is "down""#),
        (".n | length > 2", "jq_false", "`.n | length` is 2"),
        (".up", "jq_false", "`.up` is false"),
        (".missing", "jq_false", "`.missing` is null"),
        (".n[], .up", "jq_false", "`.n[], .up` is false"),
        (".up or .n == 3", "jq_false", "`.up or .n == 3` is false"),
        (
            ".n == 1 | not | not",
            "jq_false",
            "`.n == 1 | not | not` is false",
        ),
        (
            ".n[] | select(. > 2)",
            "jq_false",
            "`.n[] | select(. > 2)` gives nothing",
        ),
        (
            ".status.a",
            "jq_error",
            "`.status.a` fails: cannot index \"down\" with \"a\"",
        ),
        ("halt", "jq_error", "`halt` fails: it halts"),
    ] {
        assert_eq!(told(jq, json), Some((reason, observed.to_owned())), "{jq}");
    }
}

#[test]
fn what_is_no_json_is_told_once() {
    let all = [Jq::compile(".a").unwrap(), Jq::compile(".b").unwrap()];
    let faults = judge(&all, b"<html>sorry</html>", soon()).unwrap();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].reason, "json_invalid");
    assert_eq!(
        faults[0].observed,
        "no JSON: expected value at line 1 column 1, in \"<html>sorry</html>\""
    );
    assert_eq!(judge(&all, b" \n", soon()).unwrap()[0].observed, "nothing");
}

#[test]
fn a_wrong_expression_is_told() {
    for (jq, why) in [
        (".a ==", "it ends where a term is expected"),
        (".a[", "it ends where a closing bracket is expected"),
        ("nothing_like_it", "there is no filter `nothing_like_it`"),
        (".a | $x", "there is no variable `$x`"),
        (". ]", "a token is expected where `]` stands"),
        ("[1, \"\\(def f: f; f)\"]", "`def` is not taken here"),
        ("import \"a\" as a; .", "it takes no modules"),
    ] {
        assert_eq!(Jq::compile(jq).unwrap_err(), why, "{jq}");
    }
    assert!(Jq::compile(&"(".repeat(LONGEST + 1)).is_err());
}

#[test]
fn what_is_nested_beyond_reason_is_refused() {
    let deep = "(".repeat(LONGEST / 2 - 1) + "1" + &")".repeat(LONGEST / 2 - 1);
    assert_eq!(told(&deep, "1"), None);
    let json = "[".repeat(1 << 20);
    assert_eq!(told(".", &json).unwrap().0, "json_invalid");
}

#[test]
fn a_range_is_what_it_is_elsewhere() {
    for (jq, json) in [
        ("[range(3)]", "[0, 1, 2]"),
        ("[range(1; 3)]", "[1, 2]"),
        ("[range(5; 0; -2)]", "[5, 3, 1]"),
        (
            "[range(0, 1; 3, 4)]",
            "[0, 1, 2, 0, 1, 2, 3, 1, 2, 1, 2, 3]",
        ),
        ("[range(0; 0; 0)]", "[]"),
        ("[[1, 2], [3]] | transpose", "[[1, 3], [2, null]]"),
    ] {
        assert_eq!(told(&format!("({jq}) == ."), json), None, "{jq}");
    }
}

#[test]
fn what_never_ends_is_ended_at_the_deadline() {
    for jq in [
        "last(repeat(1))",
        "last(range(infinite))",
        "[range(infinite)]",
        "last(range(0; 1; 0)?)",
        "0 | until(false; .)",
        "reduce range(infinite) as $x (0; . + $x)",
        "last(recurse(.; true) | try error(1))",
        "[.[][] |= 1 | repeat(repeat(error(1))?)?]",
        "[limit(infinite; repeat(1) | empty)]",
        "[range(64) | [0, 1]] | last(combinations)",
        "all(repeat(1); .)",
        "[range(64)] | path(last(.. | repeat(.)))",
    ] {
        let begun = Instant::now();
        let endless = Jq::compile(jq).unwrap();
        let deadline = Deadline::after(Duration::from_millis(100));
        let error = judge(&[endless], b"[[1]]", deadline).unwrap_err();
        assert_eq!(toolkit::failure::Failure::of(&error).reason, "timeout");
        assert!(begun.elapsed() < Duration::from_secs(20));
        // Those of other tests end by themselves.
        until(&format!("nothing evaluates `{jq}` any more"), || {
            let mut threads = fs::read_dir("/proc/self/task").unwrap();
            !threads.any(|thread| {
                let stat = fs::read_to_string(thread.unwrap().path().join("stat"));
                stat.is_ok_and(|stat| stat.contains("(aside) R "))
            })
        });
    }
}

#[test]
fn what_never_ends_keeps_nobody_waiting_behind_it() {
    let json = format!("[{}0]", "[],".repeat(SMALL));
    let deadline = Deadline::after(Duration::from_millis(100));
    let endless = Jq::compile("last(repeat(1))").unwrap();
    let error = judge(&[endless], json.as_bytes(), deadline).unwrap_err();
    assert_eq!(toolkit::failure::Failure::of(&error).reason, "timeout");
    assert_eq!(told("length > 1", &json), None);
    // Nor does what nobody waits for from the start.
    let past = Deadline::after(Duration::ZERO);
    let all = [Jq::compile(".").unwrap()];
    assert!(judge(&all, json.as_bytes(), past).is_err());
    assert_eq!(told("length > 1", &json), None);
}

/// It is ended by who waits for it.
#[test]
fn many_small_steps_end_at_the_deadline_too() {
    let json = format!("[{}0]", "0,".repeat(SMALL / 2 - 2));
    for jq in [
        "[.[] == .[]] | [.[] == .[]] | length == 0",
        "[(.[] == .[]) == (.[] == .[])] | length == 0",
    ] {
        let begun = Instant::now();
        let long = Jq::compile(jq).unwrap();
        assert!(long.is_brief, "{jq}");
        let deadline = Deadline::after(Duration::from_millis(100));
        let error = judge(&[long], json.as_bytes(), deadline).unwrap_err();
        assert_eq!(toolkit::failure::Failure::of(&error).reason, "timeout");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

/// A step's thread has two.
#[test]
fn what_is_brief_takes_less_than_a_mebibyte_of_stack() {
    for (jq, json) in [
        ("(".repeat(38) + "." + &")".repeat(38), "1".to_owned()),
        (vec!["."; 20].join("|"), "1".to_owned()),
        (
            "map(".repeat(19) + "." + &")".repeat(19),
            "[".repeat(100) + &"]".repeat(100),
        ),
        (
            "[".repeat(38) + "1" + &"]".repeat(38),
            "[".repeat(38) + "1" + &"]".repeat(38),
        ),
    ] {
        let jq = Jq::compile(&jq).unwrap();
        assert!(jq.is_brief, "{jq:?}");
        let thread = std::thread::Builder::new().stack_size(1 << 20);
        let judged = thread.spawn(move || judge(&[jq], json.as_bytes(), soon()).unwrap());
        assert_eq!(judged.unwrap().join().unwrap(), []);
    }
}

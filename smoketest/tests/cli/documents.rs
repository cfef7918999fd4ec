//! The documents, as the programs read them that they are made for.

use crate::server::{Server, json};
use crate::{said, site};
use serde_json::Value;
use toolkit::testing::{Place, accepted};

const SCHEMA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../healthcheck/tests/cli/junit.xsd"
);

/// One step that passes, one that warns, one that fails, one that cannot be
/// looked at, and one that this skips.
fn five() -> (Server, Place) {
    let server = Server::start(|asked| match asked.what.as_str() {
        "GET /broken" => Vec::new(),
        "GET /down" => json(500, "{\"a\": \"<b> & ]]> \u{1}\"}"),
        _ => json(200, "{}"),
    });
    // `# TODO` is TAP's word for a test that may fail: here a part of a name.
    let place = site(
        &server,
        "[[step]]\nname = 'well'\ncall = 'GET / 200'\n\
         [[step]]\nname = \"slow: 'x' <&> \\\"q\\\" # TODO\\u001b[31m\"\ncall = 'GET / 200'\nseconds = { warn = 0 }\n\
         [[step]]\nname = 'down'\ncall = 'GET /down 200'\n\
         [[step]]\nname = 'broken'\ncall = 'GET /broken 200'\n\
         [[step]]\nname = 'skipped'\ncall = 'GET / 200'\nneeds = 'down'\n",
    );
    (server, place)
}

/// How a run can end without results.
const ENDS: [(&str, i32); 3] = [("nothing", 2), ("--zap", 2), ("--if=failure", 0)];

fn document(place: &Place, format: &str, expected: i32, more: &[&str]) -> String {
    let (code, text) = said(place, &[&["site.toml", "--format", format], more].concat());
    assert_eq!(code, expected, "{format} {more:?}: {text}");
    text
}

#[test]
fn xmllint_validates_the_report_a_case_a_step() {
    let (_server, place) = five();
    let validated =
        |report: &str| accepted("xmllint", &["--noout", "--schema", SCHEMA, "-"], report);
    let report = document(&place, "junit", 1, &[]);
    validated(&report);
    for (end, code) in ENDS {
        validated(&document(&place, "junit", code, &[end]));
    }
    let count = |path: &str| {
        accepted("xmllint", &["--xpath", path, "-"], &report)
            .trim()
            .to_owned()
    };
    for (path, expected) in [
        ("count(//testcase)", "5"),
        (
            "count(//testcase[@name='down']/failure[@type='http_status'])",
            "1",
        ),
        (
            "count(//testcase[@name='broken']/error[@type='http_broken_off'])",
            "1",
        ),
        ("count(//testcase[@name='skipped']/skipped)", "1"),
        (
            "count(//testcase[@name='well'][not(failure or error or skipped)])",
            "1",
        ),
        ("string(//testsuite/@tests)", "5"),
    ] {
        assert_eq!(count(path), expected, "{path}\n{report}");
    }
    assert!(
        !report.contains('\u{1b}') && !report.contains('\u{1}'),
        "{report}"
    );
}

/// Reads TAP, and says how many points passed, failed and were skipped.
const TAP: &str = r"
use strict; use TAP::Parser;
my $parser = TAP::Parser->new({ tap => do { local $/; <STDIN> } });
while (my $result = $parser->next) {
    print 'bail: ', $result->explanation, qq(\n) if $result->is_bailout;
}
printf qq(%d passed %d failed %d skipped\n), scalar $parser->passed,
    scalar $parser->failed, scalar $parser->skipped;
";

#[test]
fn perl_reads_the_tap() {
    let (_server, place) = five();
    let read = |code: i32, more: &[&str]| {
        let tap = document(&place, "tap", code, more);
        // Debian 12's module knows version 13, whose words are all that is used.
        let tap = tap
            .strip_prefix("TAP version 14\n")
            .expect("a version line");
        accepted("perl", &["-e", TAP], &format!("TAP version 13\n{tap}"))
    };
    assert_eq!(read(1, &[]), "3 passed 2 failed 1 skipped\n");
    let bailed = read(2, &["nothing"]);
    assert!(
        bailed.starts_with("bail: no step and no group is called `nothing`"),
        "{bailed}"
    );
    assert_eq!(read(0, &["--if=failure"]), "0 passed 0 failed 0 skipped\n");
}

#[test]
fn json_is_the_final_record() {
    let (_server, place) = five();
    let record: Value = serde_json::from_str(&document(&place, "json", 1, &[])).unwrap();
    assert_eq!(
        (&record["tool"], &record["status"]),
        (&"smoketest".into(), &"fail".into())
    );
    assert_eq!(record["data"]["steps"].as_array().unwrap().len(), 5);
    for (end, code) in ENDS {
        let record: Value = serde_json::from_str(&document(&place, "json", code, &[end])).unwrap();
        let status = if code == 0 { "skip" } else { "fail" };
        assert_eq!(record["status"], status);
    }
}

#[test]
fn ndjson_is_what_pipes_are_given() {
    let (_server, place) = five();
    let text = document(&place, "ndjson", 1, &[]);
    let records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (records.len(), &records[0]["status"]),
        (2, &"running".into())
    );
    let last = &records[1]["data"];
    let counts = ["ok", "warn", "fail", "skip"].map(|word| last[word].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 2, 1]);
}

#[test]
fn people_are_shown_a_table_and_how_to_ask_again() {
    let (server, place) = five();
    let text = document(&place, "text", 1, &[]);
    let by_hand = format!(
        "`down` by hand: curl -sS -i http://{}/down",
        server.address()
    );
    for words in [
        "STEP",
        "well",
        "http_status",
        "not run: `down` failed",
        &by_hand,
        "it was answered: ",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(
        !text.contains("\u{1b}[31m\""),
        "a name commands no terminal: {text}"
    );
    let (code, shown) = place.on_a_terminal(&format!("{} site.toml well", crate::SMOKETEST), "");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("✓ smoketest  1 step passed"), "{shown}");
}

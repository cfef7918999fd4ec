//! The documents as the programs read them that they are made for.

use crate::{Four, said, text};
use std::io::Write;
use std::process::{Command, Stdio};

/// How each run ends that a document can tell of: with results, refused,
/// skipped, refused before its arguments were known.
const ENDS: [&[&str]; 4] = [&[], &["nothing"], &["--if", "failure"], &["--zap"]];

/// What `program` says of `input`; it fails unless the program accepts it.
pub(crate) fn accepted(program: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{program}`: {error}; `make setup` installs it"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{program}: {said}\n{input}");
    said
}

#[test]
fn promtool_reads_the_metrics() {
    let four = Four::new();
    for end in ENDS {
        let (_, metrics) = said(&four.place, &[&["--format", "prometheus"], end].concat());
        // It complains on stderr even of what it accepts.
        assert_eq!(accepted("promtool", &["check", "metrics"], &metrics), "");
    }
}

#[test]
fn xmllint_validates_the_report() {
    let four = Four::new();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/junit.xsd");
    for end in ENDS {
        let (_, report) = said(&four.place, &[&["--format", "junit"], end].concat());
        accepted("xmllint", &["--noout", "--schema", schema, "-"], &report);
    }
    let (_, report) = said(&four.place, &["--format", "junit"]);
    let count = |path: &str| {
        accepted("xmllint", &["--xpath", path, "-"], &report)
            .trim()
            .to_owned()
    };
    assert_eq!(count("count(//testcase)"), "4");
    assert_eq!(
        count("count(//testcase[@name='db']/error[@type='tcp_refused'])"),
        "1"
    );
    assert_eq!(count("count(//testcase[@name=\"page's\"]/skipped)"), "1");
    assert_eq!(count("count(//failure)"), "0");
}

/// Reads TAP, and says how many points passed, failed and were skipped, and
/// what `db` was observed to be.
const TAP: &str = r#"
use strict; use TAP::Parser;
my $parser = TAP::Parser->new({ tap => do { local $/; <STDIN> } });
my ($reason, $bailed) = ('', 0);
while (my $result = $parser->next) {
    $reason = $result->data->{reason} if $result->is_yaml;
    if ($result->is_bailout) { $bailed = 1; print "bail: ", $result->explanation, "\n"; }
}
die join("\n", $parser->parse_errors) if $parser->parse_errors and not $bailed;
printf "%d passed %d failed %d skipped %s%s\n", scalar $parser->passed, scalar $parser->failed,
    scalar $parser->skipped, $reason, $parser->skip_all ? 'all: ' . $parser->skip_all : '';
"#;

#[test]
fn perl_reads_the_tap() {
    let four = Four::new();
    let read = |end: &[&str]| {
        let (_, tap) = said(&four.place, &[&["--format", "tap"], end].concat());
        // Version 14 adds nothing to 13 that is used here, and the module of
        // Debian 12 knows no later one.
        let tap = tap
            .strip_prefix("TAP version 14\n")
            .expect("a version line");
        accepted("perl", &["-e", TAP], &format!("TAP version 13\n{tap}"))
    };
    assert_eq!(read(&[]), "3 passed 1 failed 1 skipped tcp_refused\n");
    assert_eq!(
        read(&["--if", "failure"]),
        "0 passed 0 failed 0 skipped all: not run: nothing before it failed\n"
    );
    let why = "no check is called, tagged or of the kind `nothing`";
    assert!(read(&["nothing"]).starts_with(&format!("bail: {why}\n")));
    assert!(read(&["--zap"]).starts_with("bail: unexpected argument"));
}

/// One datum of performance data, by the guidelines.
const DATUM: &str = r"('[^'=|]+'|[^'=| ]+)=(U|-?[0-9.]+(s|ms|us|%|B|KB|MB|TB|c)?)(;(@?(~|-?[0-9.]+)?:?(-?[0-9.]+)?)?){0,2}(;-?[0-9.]+){0,2}";

#[test]
fn nagios_output_keeps_to_the_guidelines() {
    let four = Four::new();
    let line = format!(
        "^HEALTHCHECK (OK|WARNING|CRITICAL|UNKNOWN): [^|]{{1,60}}( \\| {DATUM}( {DATUM})*)?$"
    );
    for end in ENDS {
        let (_, output) = said(&four.place, &[&["--format", "nagios"], end].concat());
        let (first, rest) = output.split_once('\n').unwrap();
        accepted("grep", &["-Ex", &line], &format!("{first}\n"));
        assert!(!rest.contains('|'), "{rest}");
    }
}

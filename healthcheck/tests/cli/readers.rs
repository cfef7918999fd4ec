//! The documents as the programs read them that they are made for.

use crate::{Four, Nobody, Server, check, place, said, toml_string};
use toolkit::testing::accepted;

/// How each run ends that a document can tell of: with results, refused,
/// skipped, refused before its arguments were known.
const ENDS: [&[&str]; 4] = [&[], &["nothing"], &["--if", "failure"], &["--zap"]];

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

/// What was looked at and is not as expected is a failure, and no error.
#[test]
fn an_expectation_that_does_not_hold_is_a_failure() {
    let server = Server::new();
    let place = place(&[check("web", &server.address(), "seconds = { fail = 0 }")]);
    let (code, report) = said(&place, &["--format", "junit"]);
    assert_eq!(code, 1);
    assert!(report.contains(r#"failures="1" errors="0""#), "{report}");
    assert!(report.contains(r#"type="tcp_slow">"#), "{report}");
    assert!(report.contains("</failure>"), "{report}");
}

/// What stands in a name can stand in what a server says.
#[test]
fn no_name_breaks_a_reader() {
    let (server, nobody) = (Server::new(), Nobody::new());
    // `# TODO` is TAP's word for a test that may fail.
    let name = "a\u{1b}[31m\nnot ok 9 - <b> & \"q\" # TODO | 'x'=1;2 \\ ]]> \u{1}\u{ffff}é\ttab";
    let place = place(&[
        check(name, &server.address(), "seconds = { warn = 0 }"),
        check(&format!("{name}2"), &nobody.address(), ""),
        check(
            &format!("{name}3"),
            &server.address(),
            &format!("depends_on = [{}]", toml_string(&format!("{name}2"))),
        ),
    ]);
    let made = |format: &str| said(&place, &["--format", format]).1;
    assert_eq!(
        accepted("promtool", &["check", "metrics"], &made("prometheus")),
        ""
    );
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/junit.xsd");
    let report = made("junit");
    accepted("xmllint", &["--noout", "--schema", schema, "-"], &report);
    assert!(
        !report.contains("[31m") && report.contains("a\\nnot ok 9"),
        "{report}"
    );
    let tap = made("tap").replacen("version 14", "version 13", 1);
    assert_eq!(
        accepted("perl", &["-e", TAP], &tap),
        "2 passed 1 failed 1 skipped tcp_refused\n"
    );
    let nagios = made("nagios");
    assert_eq!(
        (nagios.lines().count(), nagios.matches('|').count()),
        (4, 1),
        "{nagios}"
    );
    accepted(
        "grep",
        &["-Ex", &first_line()],
        nagios.lines().next().unwrap(),
    );
    for format in ["json", "health+json"] {
        let _: serde_json::Value = serde_json::from_str(&made(format)).unwrap();
    }
    let text = made("text").replace("\u{1b}[31m✗\u{1b}[0m", "");
    assert!(!text.contains('\u{1b}'), "{text}");
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

/// A first line of at most 79 characters, then performance data.
fn first_line() -> String {
    let perf = format!("( \\| {DATUM}( {DATUM})*)?");
    format!("HEALTHCHECK (OK|WARNING|CRITICAL|UNKNOWN): [^|]{{1,57}}{perf}")
}

#[test]
fn nagios_output_keeps_to_the_guidelines() {
    let four = Four::new();
    for end in ENDS {
        let (_, output) = said(&four.place, &[&["--format", "nagios"], end].concat());
        let (first, rest) = output.split_once('\n').unwrap();
        accepted("grep", &["-Ex", &first_line()], first);
        assert!(!rest.contains('|'), "{rest}");
    }
}

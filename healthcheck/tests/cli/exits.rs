//! The exit status: the same whatever the format, and as the caller wants it.

use crate::{Four, Nobody, Server, check, fed, healthcheck, place, said};

pub(crate) const FORMATS: [&str; 8] = [
    "text",
    "ndjson",
    "json",
    "nagios",
    "junit",
    "tap",
    "prometheus",
    "health+json",
];

/// The exit statuses with each `--exit`, none first.
fn exits(place: &toolkit::testing::Place, args: &[&str]) -> [i32; 3] {
    let with = |style: &[&str]| said(place, &[args, style].concat()).0;
    [
        with(&[]),
        with(&["--exit", "nagios"]),
        with(&["--exit=docker"]),
    ]
}

#[test]
fn no_format_changes_it() {
    let four = Four::new();
    for format in FORMATS {
        let exits = |args: &[&str]| exits(&four.place, &[args, &["--format", format]].concat());
        assert_eq!(exits(&["web"]), [0, 0, 0], "{format}");
        assert_eq!(exits(&["slow: \"api\" | #1"]), [0, 1, 0], "{format}");
        assert_eq!(exits(&[]), [1, 2, 1], "{format}");
        assert_eq!(exits(&["nothing"]), [2, 3, 1], "{format}");
        assert_eq!(exits(&["--if", "failure"]), [0, 3, 0], "{format}");
        assert_eq!(exits(&["--zap"]), [2, 3, 1], "{format}");
    }
}

#[test]
fn questions_are_answered_as_the_caller_expects() {
    let place = place(&[]);
    for question in ["--help", "--version"] {
        assert_eq!(exits(&place, &[question]), [0, 3, 0], "{question}");
    }
}

#[test]
fn a_failure_before_it_is_a_failure_to_every_caller() {
    let server = Server::new();
    let place = place(&[check("web", &server.address(), "")]);
    let failed = r#"{"v":1,"run":"R","tool":"step","name":"up","status":"fail"}"#;
    for (style, code) in [("nagios", 2), ("docker", 1)] {
        let args = ["--if", "always", "--exit", style, "--format", "nagios"];
        let output = fed(healthcheck(&place, &args), &format!("{failed}\n"));
        assert_eq!(output.status.code(), Some(code));
        let line = crate::text(&output.stdout);
        let expected = "HEALTHCHECK CRITICAL: 1 check passed, but a tool before this one failed | ";
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn a_list_is_no_document() {
    let nobody = Nobody::new();
    let place = place(&[check("db", &nobody.address(), "")]);
    for format in &FORMATS[2..] {
        assert_eq!(
            exits(&place, &["--list", "--format", format]),
            [2, 3, 1],
            "{format}"
        );
    }
    assert_eq!(said(&place, &["--list", "--format", "text"]).0, 0);
}

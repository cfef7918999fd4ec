//! The files beside stdout.

use crate::{Four, Nobody, Server, check, healthcheck, place, said};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use toolkit::testing::{Place, Seen, accepted};

const BOTH: [&str; 4] = [
    "--textfile",
    "out/app.prom",
    "--status-file",
    "out/health-status.json",
];

fn with_folder(place: &Place) -> impl Fn(&str) -> String {
    let folder = place.folder().join("out");
    fs::create_dir(&folder).unwrap();
    move |name| fs::read_to_string(folder.join(name)).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn both_are_written_whatever_the_format() {
    let four = Four::new();
    let read = with_folder(&four.place);
    let folder = four.place.folder().join("out");
    for format in ["ndjson", "text", "nagios"] {
        let (code, _) = said(&four.place, &[&BOTH[..], &["--format", format]].concat());
        assert_eq!(code, 1);
        let names: Vec<_> = fs::read_dir(&folder).unwrap().collect();
        assert_eq!(names.len(), 2, "nothing is left beside them: {names:?}");
        assert_eq!(
            accepted("promtool", &["check", "metrics"], &read("app.prom")),
            ""
        );
        let status: Value = serde_json::from_str(&read("health-status.json")).unwrap();
        assert_eq!(
            (&status["errors"], &status["status"]),
            (&json!(1), &json!("degraded"))
        );
        for name in ["app.prom", "health-status.json"] {
            assert_eq!(mode(&folder.join(name)), 0o644, "others read it");
            fs::remove_file(folder.join(name)).unwrap();
        }
    }
}

/// What the script wrote that this replaces, and what its readers look for.
#[test]
fn the_status_file_is_what_the_script_wrote_and_more() {
    let server = Server::new();
    let place = place(&[check("web", &server.address(), "")]);
    let read = with_folder(&place);
    assert_eq!(said(&place, &BOTH).0, 0);
    let file = read("health-status.json");
    let lines: Vec<_> = file.lines().take(4).collect();
    assert_eq!(
        (lines[0], lines[2], lines[3]),
        ("{", "  \"errors\": 0,", "  \"status\": \"healthy\",")
    );
    let date = r#"^  "timestamp": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}",$"#;
    accepted("grep", &["-E", date], lines[1]);
    let status: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(status["checks"][0]["name"], "web");
    assert_eq!(
        (&status["project"], &status["ok"]),
        (&json!("shop"), &json!(1))
    );
}

#[test]
fn a_file_that_cannot_be_written_is_a_warning_and_hides_nothing() {
    let four = Four::new();
    let run = |args: &[&str]| Seen::run(&mut healthcheck(&four.place, &[&BOTH, args].concat()));
    let passed = run(&["web"]);
    assert_eq!(
        (passed.code, passed.reason()),
        (Some(0), "textfile_unwritten")
    );
    assert_eq!(passed.last()["status"], "warn");
    assert_eq!(passed.data()["checks"][0]["status"], "ok");
    assert_eq!(passed.data()["warnings"].as_array().unwrap().len(), 2);
    assert!(
        passed
            .stderr
            .contains("healthcheck: cannot write `out/app.prom`: "),
        "{}",
        passed.stderr
    );
    let failed = run(&[]);
    assert_eq!((failed.code, failed.reason()), (Some(1), "checks_failed"));
    assert_eq!(failed.data()["warnings"].as_array().unwrap().len(), 2);
    let args = [
        &BOTH[..],
        &["--exit", "nagios", "--format", "nagios", "web"],
    ]
    .concat();
    let (code, line) = said(&four.place, &args);
    assert_eq!(code, 1, "{line}");
    assert!(
        line.starts_with("HEALTHCHECK WARNING: 1 check passed, but cannot write "),
        "{line}"
    );
}

#[test]
fn a_run_that_looked_at_nothing_leaves_them_alone() {
    let four = Four::new();
    let read = with_folder(&four.place);
    said(&four.place, &[&BOTH[..], &["web"]].concat());
    let before = [read("app.prom"), read("health-status.json")];
    for args in [
        &["nothing"][..],
        &["--if", "failure"],
        &["--list"],
        &["--zap"],
    ] {
        said(&four.place, &[&BOTH, args].concat());
        assert_eq!(
            [read("app.prom"), read("health-status.json")],
            before,
            "{args:?}"
        );
    }
}

#[test]
fn a_name_that_node_exporter_does_not_read_is_refused() {
    let four = Four::new();
    let seen = Seen::run(&mut healthcheck(&four.place, &["--textfile", "app.txt"]));
    assert_eq!((seen.code, seen.reason()), (Some(2), "usage"));
    assert!(
        seen.message().contains("end in `.prom`"),
        "{}",
        seen.message()
    );
}

#[test]
fn two_files_of_one_project_share_no_series() {
    let four = Four::new();
    let series = |args: &[&str]| -> Vec<String> {
        let (_, text) = said(&four.place, &[&["--format", "prometheus"], args].concat());
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
            .collect()
    };
    let (web, db) = (series(&["web"]), series(&["db"]));
    assert!(
        web.iter().all(|series| !db.contains(series)),
        "{web:?} {db:?}"
    );
}

/// Files are read by others than stdout is.
#[test]
fn no_secret_is_in_any_document_or_file() {
    let (server, nobody) = (Server::new(), Nobody::new());
    let place = place(&[
        check("web", &server.address(), "seconds = { warn = 0 }"),
        check("db", &nobody.address(), "fail_after = 2"),
        check("page", &nobody.address(), "depends_on = [\"db\"]"),
    ]);
    place.write(".env", "DB_PASSWORD=127.0.0.1\n");
    let read = with_folder(&place);
    for format in crate::exits::FORMATS {
        let args = [&BOTH[..], &["--format", format]].concat();
        let output = healthcheck(&place, &args).output().unwrap();
        let said = crate::text(&output.stdout) + &crate::text(&output.stderr);
        let written = read("app.prom") + &read("health-status.json") + &place.history();
        assert!(!(said + &written).contains("127.0.0.1"), "{format}");
        assert!(written.contains("nobody listens on ***:"), "{written}");
    }
}

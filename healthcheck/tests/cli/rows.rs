//! `fail_after` and `recover_after`: results in a row, over several runs.

use crate::{Nobody, Server, check, configure, healthcheck, place, said};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use toolkit::testing::{Place, Seen};

const RULES: &str = "fail_after = 3\nrecover_after = 2";

/// The check `db` at an address.
fn db(address: &str) -> [String; 1] {
    [check("db", address, RULES)]
}

/// The status and the reason of the first check, and the exit status.
fn run(place: &Place, args: &[&str]) -> (String, String, i32) {
    let seen = Seen::run(&mut healthcheck(place, args));
    let found = &seen.data()["checks"][0];
    let word = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (word("status"), word("reason"), seen.code.unwrap())
}

fn is(seen: &(String, String, i32), status: &str, reason: &str, code: i32) {
    assert_eq!(
        (seen.0.as_str(), seen.1.as_str(), seen.2),
        (status, reason, code)
    );
}

#[test]
fn it_takes_three_failures_and_two_passes() {
    let (server, nobody) = (Server::new(), Nobody::new());
    let place = place(&db(&nobody.address()));
    for times in ["1", "2"] {
        let seen = Seen::run(&mut healthcheck(&place, &[])).succeeded();
        assert_eq!(seen.reason(), "checks_warn");
        let found = &seen.data()["checks"][0];
        let expected = format!(
            "failed {times} of 3 times in a row: nobody listens on {}",
            nobody.address()
        );
        assert_eq!(
            (&found["observed"], &found["reason"]),
            (&expected.into(), &"failing".into())
        );
        assert_eq!(found["facts"]["in_a_row"]["reason"], "tcp_refused");
        assert_eq!(found["facts"]["in_a_row"]["times"].to_string(), times);
    }
    is(&run(&place, &[]), "fail", "tcp_refused", 1);
    configure(&place, &db(&server.address()));
    let seen = Seen::run(&mut healthcheck(&place, &[])).succeeded();
    let found = &seen.data()["checks"][0];
    assert_eq!(
        (&found["status"], &found["reason"]),
        (&"warn".into(), &"recovering".into())
    );
    let observed = found["observed"].as_str().unwrap();
    assert!(
        observed.starts_with("passed 1 of 2 times in a row: connected to "),
        "{observed}"
    );
    is(&run(&place, &[]), "ok", "", 0);
    is(&run(&place, &[]), "ok", "", 0);
}

#[test]
fn a_run_that_waits_counts_once() {
    let nobody = Nobody::new();
    let place = place(&db(&nobody.address()));
    is(&run(&place, &["--wait", "2s"]), "warn", "failing", 0);
    is(&run(&place, &[]), "warn", "failing", 0);
    is(&run(&place, &[]), "fail", "tcp_refused", 1);
}

#[test]
fn what_does_not_run_does_not_count() {
    let nobody = Nobody::new();
    let other = check("other", &Server::new().address(), "");
    let place = place(&[db(&nobody.address()).concat(), other]);
    is(&run(&place, &["db"]), "warn", "failing", 0);
    for args in [
        &["other"][..],
        &["--if", "failure"],
        &["--list"],
        &["nothing"],
    ] {
        said(&place, args);
    }
    is(&run(&place, &["db"]), "warn", "failing", 0);
    is(&run(&place, &["db"]), "fail", "tcp_refused", 1);
}

#[test]
fn what_is_skipped_does_not_count_either() {
    let (server, nobody) = (Server::new(), Nobody::new());
    let page = |on: &str| {
        let rules = "depends_on = [\"db\"]\nfail_after = 2\nrecover_after = 2";
        [check("page", on, rules), check("db", &nobody.address(), "")]
    };
    let place = place(&page(&server.address()));
    for _ in 0..3 {
        is(&run(&place, &[]), "skip", "", 1);
    }
    nobody.listen();
    is(&run(&place, &[]), "ok", "", 0);
}

#[test]
fn a_check_that_is_gone_is_forgotten() {
    let (server, nobody) = (Server::new(), Nobody::new());
    let place = place(&db(&nobody.address()));
    run(&place, &[]);
    run(&place, &[]);
    configure(&place, &[check("other", &server.address(), "")]);
    run(&place, &[]);
    configure(&place, &db(&nobody.address()));
    is(&run(&place, &[]), "warn", "failing", 0);
}

#[test]
fn a_damaged_file_is_told_and_counting_begins_anew() {
    let nobody = Nobody::new();
    let place = place(&db(&nobody.address()));
    run(&place, &[]);
    run(&place, &[]);
    let file = place.state().join("standing.json");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for damage in [
        &b""[..],
        b"\xff\x00",
        b"{\"v\":1,\"checks\":{\"db\":{\"failed\":",
        b"{\"v\":1}",
    ] {
        fs::write(&file, damage).unwrap();
        let seen = Seen::run(&mut healthcheck(&place, &[])).succeeded();
        let expected = format!(
            "`{}` is damaged: results in a row are counted anew",
            file.display()
        );
        assert_eq!(seen.data()["warnings"][0], expected.as_str());
        assert!(seen.stderr.contains(&expected), "{}", seen.stderr);
        assert_eq!(seen.data()["checks"][0]["reason"], "failing");
    }
    is(&run(&place, &[]), "warn", "failing", 0);
    is(&run(&place, &[]), "fail", "tcp_refused", 1);
}

/// What cannot be counted must not hide a failure behind a warning for ever.
#[test]
fn where_nothing_can_be_kept_each_result_counts() {
    let nobody = Nobody::new();
    let place = place(&db(&nobody.address()));
    fs::create_dir_all(place.state().join("standing.json")).unwrap();
    let seen = Seen::run(&mut healthcheck(&place, &[]));
    assert_eq!((seen.code, seen.reason()), (Some(1), "checks_failed"));
    let warning = seen.data()["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("results in a row are not counted: "),
        "{warning}"
    );
}

#[test]
fn nothing_is_kept_where_no_check_wants_it() {
    let nobody = Nobody::new();
    let place = place(&[check("db", &nobody.address(), "")]);
    is(&run(&place, &[]), "fail", "tcp_refused", 1);
    assert!(!place.state().join("standing.json").exists());
}

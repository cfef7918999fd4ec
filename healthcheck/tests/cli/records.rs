//! One link of a pipeline: what passes through, and the record of its own.

use crate::{Four, Nobody, Server, check, fed, healthcheck, place};
use serde_json::json;
use std::os::unix::net::UnixListener;
use toolkit::testing::{Place, Seen};

const OK: &str = r#"{"v":9,"run":"R","tool":"later","name":"later","status":"ok","new":[1,  2]}"#;
const FAILED: &str = r#"{"v":1,"run":"R","tool":"step","name":"up","status":"fail"}"#;

#[test]
fn records_pass_byte_for_byte_and_the_last_one_is_its_own() {
    let server = Server::new();
    let place = place(&[check("web", &server.address(), "")]);
    let output = fed(healthcheck(&place, &[]), &format!("{OK}\n"));
    assert!(output.stdout.starts_with(b"{"));
    assert!(crate::text(&output.stdout).contains(&format!("{OK}\n")));
    let seen = Seen::of(&output).succeeded();
    let record = seen.last();
    assert_eq!(
        (&record["run"], &record["status"]),
        (&json!("R"), &json!("ok"))
    );
    assert_eq!(record["summary"], "1 check passed");
    let found = &seen.data()["checks"][0];
    assert_eq!(
        (&found["name"], &found["kind"]),
        (&json!("web"), &json!("tcp"))
    );
    assert_eq!(found["status"], "ok");
    assert_eq!(
        found["expected"],
        format!("a connection to {}", server.address())
    );
    assert_eq!(found["measures"][0]["unit"], "seconds");
}

#[test]
fn after_a_failure_it_looks_only_if_it_is_told_to() {
    let server = Server::new();
    let place = place(&[check("web", &server.address(), "")]);
    let seen = |args: &[&str]| Seen::of(&fed(healthcheck(&place, args), &format!("{FAILED}\n")));
    let skipped = seen(&[]);
    assert_eq!(
        (skipped.code, &skipped.last()["status"]),
        (Some(1), &json!("skip"))
    );
    assert_eq!(skipped.last()["summary"], "not run: `step up` failed");
    let looked = seen(&["--if", "always"]);
    assert_eq!(
        (looked.code, &looked.last()["status"]),
        (Some(1), &json!("ok"))
    );
}

#[test]
fn one_dead_host_is_one_failure() {
    let Four {
        place,
        server: _server,
        nobody,
    } = Four::new();
    let seen = Seen::run(&mut healthcheck(&place, &[]));
    assert_eq!((seen.code, seen.reason()), (Some(1), "checks_failed"));
    assert_eq!(seen.message(), "1 of 4 checks failed: `db` (tcp_refused)");
    let counts = ["ok", "warn", "fail", "skip"].map(|word| seen.data()[word].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1, 1]);
    let db = &seen.data()["checks"][2];
    assert_eq!(
        db["observed"],
        format!("nobody listens on {}", nobody.address())
    );
    assert_eq!(
        (&db["reason"], &db["unseen"]),
        (&json!("tcp_refused"), &json!(true))
    );
    assert_eq!(seen.data()["checks"][3]["observed"], "not run: `db` failed");
    assert_eq!(
        seen.stderr,
        "healthcheck: 1 of 4 checks failed: `db` (tcp_refused)\n"
    );
    assert_eq!(place.history().lines().count(), 1);
}

#[test]
fn what_is_asked_for_is_looked_at_and_no_more() {
    let (server, nobody) = (Server::new(), Nobody::new());
    let place = place(&[
        check("web", &server.address(), "tags = [\"preflight\"]"),
        check("api", &server.address(), "depends_on = [\"web\"]"),
        check("db", &nobody.address(), ""),
    ]);
    let names = |args: &[&str]| {
        let seen = Seen::run(&mut healthcheck(&place, args));
        let checks = seen.data()["checks"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let names: Vec<_> = checks
            .iter()
            .map(|check| check["name"].to_string())
            .collect();
        (seen.code, names.join(" "))
    };
    assert_eq!(names(&["preflight"]), (Some(0), r#""web""#.into()));
    assert_eq!(names(&["api"]), (Some(0), r#""web" "api""#.into()));
    assert_eq!(names(&["tcp"]), (Some(1), r#""web" "api" "db""#.into()));
    let seen = Seen::run(&mut healthcheck(&place, &["apo"]));
    assert_eq!((seen.code, seen.reason()), (Some(2), "no_check"));
    let list = Seen::run(&mut healthcheck(&place, &["--list"])).succeeded();
    let listed: Vec<_> = list
        .records
        .iter()
        .map(|record| record["name"].to_string())
        .collect();
    assert_eq!(
        listed.join(" "),
        r#""healthcheck" "web" "api" "db" "healthcheck""#
    );
    assert_eq!(place.history().lines().count(), 4, "a list is no run");
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_place() {
    let place = place(&[check("web", "localhost:1", "adress = 'x'")]);
    let seen = Seen::run(&mut healthcheck(&place, &[]));
    assert_eq!((seen.code, seen.reason()), (Some(2), "config"));
    assert!(
        seen.message().contains("sextant.toml:7: "),
        "{}",
        seen.message()
    );
}

#[test]
fn what_a_terminal_is_shown_cannot_command_it() {
    let server = Server::new();
    let place = place(&[check("w\u{1b}]0;x\u{7}eb", &server.address(), "")]);
    let (code, shown) = place.on_a_terminal(crate::HEALTHCHECK, "");
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("w\\u{1b}]0;x\\u{7}eb") && !shown.contains('\u{7}'),
        "{shown:?}"
    );
    assert!(shown.contains("✓ healthcheck  1 check passed"), "{shown}");
}

#[test]
fn a_thousand_failures_are_one_sentence() {
    let nobody = Nobody::new();
    let each = (0..1000).map(|number| check(&format!("c{number}"), &nobody.address(), ""));
    let place = place(&each.collect::<Vec<_>>());
    let seen = Seen::run(&mut healthcheck(&place, &[]));
    let message = seen.message();
    assert!(
        message.starts_with("1000 of 1000 checks failed: `c0` (tcp_refused), "),
        "{message}"
    );
    assert!(
        message.ends_with("`c9` (tcp_refused) and 990 more"),
        "{message}"
    );
    assert_eq!(seen.data()["fail"], 1000);
}

#[test]
fn an_engine_that_never_answers_holds_up_only_who_asks_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let _engine = UnixListener::bind(&socket).unwrap();
    let server = Server::new();
    let place = Place::new();
    let service = "kind = \"container\"\nservice = \"api\"\ntimeout = \"500ms\"";
    let toml = format!(
        "project = \"shop\"\n[healthcheck]\ndiscover = false\n[[check]]\nname = \"api\"\n{service}\n{}",
        check("web", &server.address(), "")
    );
    place.write("sextant.toml", toml);
    let mut command = healthcheck(&place, &[]);
    let seen = Seen::run(command.env("DOCKER_HOST", format!("unix://{}", socket.display())));
    let checks = &seen.data()["checks"];
    assert_eq!(
        (&checks[0]["reason"], &checks[1]["status"]),
        (&"timeout".into(), &"ok".into())
    );
}

//! One link of a pipeline: what passes through, and the record of its own.

use crate::server::{Server, json, well};
use crate::{counts, found, ran, site, smoketest, step, steps};
use serde_json::json;
use std::io::Write;
use std::process::Stdio;
use toolkit::testing::{Place, Seen};

const OK: &str = r#"{"v":9,"run":"R","tool":"later","name":"later","status":"ok","new":[1,  2]}"#;
const FAILED: &str = r#"{"v":1,"run":"R","tool":"step","name":"up","status":"fail"}"#;

/// Runs `site.toml` with `input` on stdin.
fn fed(place: &Place, args: &[&str], input: &str) -> Seen {
    let mut command = smoketest(place, &[&["site.toml"], args].concat());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{input}").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let passed = String::from_utf8_lossy(&output.stdout).contains(&format!("{input}\n"));
    assert!(passed, "byte for byte: {output:?}");
    Seen::of(&output)
}

#[test]
fn each_step_is_told_in_its_order() {
    let server = well();
    let place = site(
        &server,
        "[[step]]\ncalls = '''\nGET /a 200\nPOST /b 2xx .ok\n'''\n\
         [[step]]\nname = 'last'\nkind = 'tcp'\naddress = 'ADDRESS'\n"
            .replace("ADDRESS", &server.address())
            .as_str(),
    );
    let seen = ran(&place, &[]).succeeded();
    assert_eq!(found(&seen), ["GET /a ok", "POST /b ok", "last ok"]);
    assert_eq!(counts(&seen), [3, 0, 0, 0]);
    assert_eq!(server.asked(), ["GET /a", "POST /b"]);
    assert_eq!(seen.records[0]["status"], "running");
    let record = seen.last();
    assert_eq!(
        (&record["tool"], &record["status"], &record["project"]),
        (&json!("smoketest"), &json!("ok"), &json!("shop"))
    );
    assert_eq!(record["summary"], "3 steps passed");
    let first = &steps(&seen)[0];
    assert_eq!(
        (&first["kind"], &first["expected"]),
        (&json!("http"), &json!("GET /a 200"))
    );
    let request = format!("GET http://{}/a", server.address());
    assert_eq!(first["facts"]["request"], request);
    assert!(first["facts"].get("curl").is_none() && first["facts"].get("body").is_none());
    assert_eq!(place.history().lines().count(), 1);
}

#[test]
fn a_failure_says_what_was_asked_what_came_and_how_to_ask_again() {
    let server = Server::start(|_| json(500, r#"{"error": "no such table"}"#));
    let place = site(
        &server,
        "[[step]]\ncall = 'POST /api/users 201 .id > 0'\njson = { a = 1 }\n",
    );
    let seen = ran(&place, &[]);
    assert_eq!((seen.code, seen.reason()), (Some(1), "steps_failed"));
    assert_eq!(seen.last()["status"], "fail");
    let message = "1 of 1 step failed: `POST /api/users` (http_status)";
    assert_eq!(seen.message(), message);
    let step = step(&seen, "POST /api/users");
    let observed = r#"status 500, with "{\"error\": \"no such table\"}""#;
    assert_eq!(step["observed"], observed);
    assert_eq!(step["expected"], "status 201");
    assert_eq!(step["also"][0]["reason"], "jq_false");
    assert_eq!(step["also"][0]["observed"], "`.id` is null");
    let curl = format!(
        "curl -sS -i -X POST -H 'Content-Type: application/json' --data-raw '{{\"a\":1}}' \
         http://{}/api/users",
        server.address()
    );
    assert_eq!(step["facts"]["curl"], curl);
    assert_eq!(step["facts"]["body"], r#"{"error": "no such table"}"#);
    assert!(step["ms"].is_u64());
    let told = format!("smoketest: `POST /api/users` failed: {observed}\n");
    assert_eq!(seen.stderr, format!("{told}smoketest: {message}\n"));
}

#[test]
fn a_warning_is_no_failure() {
    let server = Server::start(|_| json(404, "{}"));
    let place = site(&server, "[[step]]\ncall = 'GET /a 200'\noptional = true\n");
    let seen = ran(&place, &[]).succeeded();
    assert_eq!(found(&seen), ["GET /a warn http_status"]);
    assert_eq!(
        (&seen.last()["status"], seen.reason()),
        (&json!("warn"), "steps_warn")
    );
    assert_eq!(seen.message(), "1 of 1 step warn: `GET /a` (http_status)");
}

#[test]
fn after_a_failure_nothing_is_asked_unless_it_is_told_to() {
    let server = well();
    let place = site(&server, "[[step]]\ncall = 'GET /a 200'\n");
    let skipped = fed(&place, &[], FAILED);
    assert_eq!(
        (skipped.code, &skipped.last()["status"]),
        (Some(1), &json!("skip"))
    );
    assert_eq!(server.connections(), 0);
    let asked = fed(&place, &["--if", "always"], FAILED);
    assert_eq!(
        (asked.code, &asked.last()["status"]),
        (Some(1), &json!("ok"))
    );
    let after = fed(&place, &[], OK);
    assert_eq!((after.code, &after.last()["run"]), (Some(0), &json!("R")));
    assert_eq!(server.connections(), 2);
}

#[test]
fn many_failures_are_one_sentence() {
    let server = Server::start(|_| json(500, "{}"));
    let calls: Vec<_> = (0..30).map(|n| format!("GET /{n} 200")).collect();
    let calls = calls.join("\n");
    let place = site(&server, &format!("[[step]]\ncalls = '''\n{calls}\n'''\n"));
    let seen = ran(&place, &[]);
    let start = "30 of 30 steps failed: `GET /0` (http_status), ";
    assert!(seen.message().starts_with(start), "{}", seen.message());
    let end = "`GET /9` (http_status) and 20 more";
    assert!(seen.message().ends_with(end), "{}", seen.message());
}

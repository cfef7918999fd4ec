//! Those who are told over HTTP.

use crate::hook::Hook;
use crate::{free_port, place, run};
use serde_json::{Value, json};
use std::net::TcpListener;

#[test]
fn a_webhook_is_told_once_and_then_that_it_is_over() {
    let hook = Hook::answering("200 OK");
    let port = free_port();
    let place = place(
        port,
        &format!("webhook = 'http://127.0.0.1:{}/secret-path'", hook.port),
    );
    let seen = run(&place, &[]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "checks_failed"),
        "{seen:?}"
    );
    let (first, body) = hook.next();
    assert_eq!(first, "POST /secret-path HTTP/1.1");
    assert_eq!(body["status"], "firing");
    assert_eq!(body["summary"], "FAIL shop: `api` fails");
    assert_eq!(
        body["failing"][0]["observed"],
        format!("nobody listens on 127.0.0.1:{port}")
    );
    assert_eq!(seen.data()["alert"]["incident"], body["incident"]);
    assert_eq!(seen.data()["alert"]["told"][0]["error"], Value::Null);

    assert_eq!(run(&place, &[]).code, Some(1));
    assert!(hook.heard_nothing());

    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let seen = run(&place, &[]).succeeded();
    let (_, over) = hook.next();
    assert_eq!(
        (&over["status"], &over["incident"]),
        (&json!("resolved"), &body["incident"])
    );
    assert_eq!(over["summary"], "OK shop: every check passes again");
    assert_eq!(seen.data()["alert"]["incident"], Value::Null);
    let _ = run(&place, &[]).succeeded();
    assert!(hook.heard_nothing());
}

#[test]
fn a_target_out_of_reach_is_a_warning_and_is_told_later() {
    let hook = free_port();
    let port = free_port();
    let place = place(port, &format!("webhook = 'http://127.0.0.1:{hook}/'"));
    let seen = run(&place, &[]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "checks_failed"),
        "{seen:?}"
    );
    assert!(
        seen.stderr.contains("`webhook` was not told: "),
        "{}",
        seen.stderr
    );
    // It is over before it could be told: then there is nothing to tell.
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert_eq!(run(&place, &[]).succeeded().last()["status"], "ok");
    drop(listener);

    let refusing = Hook::answering("503 Down");
    let toml = std::fs::read_to_string(place.folder().join("sextant.toml")).unwrap();
    place.write(
        "sextant.toml",
        toml.replace(&hook.to_string(), &refusing.port.to_string()),
    );
    let seen = run(&place, &[]);
    assert!(
        seen.stderr
            .contains("`webhook` was not told: it answered 503: no"),
        "{}",
        seen.stderr
    );
    for _ in 0..3 {
        refusing.next();
    }
    let hook = Hook::answering("204 None");
    place.write(
        "sextant.toml",
        toml.replace(&format!(":{}", free(&toml)), &format!(":{}", hook.port)),
    );
    let _ = run(&place, &[]);
    assert_eq!(hook.next().1["status"], "firing");
}

/// The port of the webhook in this configuration.
fn free(toml: &str) -> &str {
    let (_, after) = toml.split_once("webhook = 'http://127.0.0.1:").unwrap();
    after.split('/').next().unwrap()
}

#[test]
fn a_ping_is_told_of_every_run() {
    let hook = Hook::answering("200 OK");
    let port = free_port();
    let place = place(
        port,
        &format!("ping = 'http://127.0.0.1:{}/uuid'", hook.port),
    );
    assert_eq!(run(&place, &[]).code, Some(1));
    let (first, body) = hook.next();
    assert_eq!(first, "POST /uuid/fail HTTP/1.1");
    assert_eq!(
        body,
        format!("1 of 1 checks failed\napi: nobody listens on 127.0.0.1:{port}")
    );
    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let _ = run(&place, &[]).succeeded();
    assert_eq!(hook.next().0, "POST /uuid HTTP/1.1");
}

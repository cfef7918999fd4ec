//! When nobody is told: silences and maintenance, by the machine's clock.

use crate::hook::Hook;
use crate::{HEALTHCHECK, free_port, place, run};
use serde_json::{Value, json};
use std::net::TcpListener;
use toolkit::testing::{Place, Seen};

/// Runs it as if it were that time.
fn run_at(place: &Place, time: &str, args: &[&str]) -> Seen {
    let mut command = place.tool(HEALTHCHECK);
    // As the program `faketime` does, without its semaphore: one that somebody
    // left behind with the same process id ends it.
    command.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketimeMT.so.1");
    command.env("FAKETIME", format!("@{time}"));
    // What waits for a server goes by the time since the start.
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Seen::run(command.args(args).env("TZ", "UTC"))
}

/// Why nobody was told by that run.
fn hushed(seen: &Seen) -> &Value {
    assert_eq!((seen.code, seen.reason()), (Some(1), "checks_failed"));
    &seen.data()["alert"]["hushed"]
}

#[test]
fn maintenance_holds_an_alert_back_until_it_is_over() {
    let hook = Hook::answering("200 OK");
    let port = free_port();
    let place = place(
        port,
        &format!(
            "webhook = 'http://127.0.0.1:{}/'\nmaintenance = ['first Sun 02:00-06:00']",
            hook.port
        ),
    );
    // The first Sunday of that month.
    let seen = run_at(&place, "2026-12-06 02:00:00", &[]);
    assert_eq!(hushed(&seen), "maintenance");
    let seen = run_at(&place, "2026-12-06 05:58:00", &[]);
    assert_eq!(hushed(&seen), "maintenance");
    assert!(hook.heard_nothing());

    let seen = run_at(&place, "2026-12-06 06:00:00", &[]);
    assert_eq!(hushed(&seen), &Value::Null);
    let (_, told) = hook.next();
    assert_eq!(told["status"], "firing");
    let since = told["since"].as_str().unwrap();
    assert!(since.starts_with("2026-12-06T02:0"), "{told}");

    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let _ = run_at(&place, "2026-12-13 02:30:00", &[]).succeeded();
    assert_eq!(hook.next().1["status"], "resolved");
    // It is the second Sunday now.
    drop(listener);
    let seen = run_at(&place, "2026-12-13 02:35:00", &[]);
    assert_eq!(hushed(&seen), &Value::Null);
    assert_eq!(hook.next().1["status"], "firing");
}

#[test]
fn what_was_told_before_is_resolved_in_maintenance_too() {
    let hook = Hook::answering("200 OK");
    let port = free_port();
    let place = place(
        port,
        &format!(
            "webhook = 'http://127.0.0.1:{}/'\nrepeat = '1h'\nmaintenance = ['daily 23:30-00:30']",
            hook.port
        ),
    );
    let _ = run_at(&place, "2026-12-06 23:00:00", &[]);
    assert_eq!(hook.next().1["status"], "firing");
    // Over midnight; a reminder that is due is held back, too.
    let seen = run_at(&place, "2026-12-07 00:10:00", &[]);
    assert_eq!(hushed(&seen), "maintenance");
    assert!(hook.heard_nothing());
    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let _ = run_at(&place, "2026-12-07 00:20:00", &[]).succeeded();
    assert_eq!(hook.next().1["status"], "resolved");
}

#[test]
fn a_silence_ends_by_itself() {
    let hook = Hook::answering("200 OK");
    let place = place(
        free_port(),
        &format!("webhook = 'http://127.0.0.1:{}/'", hook.port),
    );
    let silence = ["--silence", "2h", "new disk"];
    let seen = run_at(&place, "2026-12-08 10:00:00", &silence).succeeded();
    assert_eq!(
        seen.last()["summary"],
        json!("nobody is told until 2026-12-08 12:00: new disk")
    );
    let seen = run_at(&place, "2026-12-08 11:58:00", &[]);
    assert_eq!(hushed(&seen), "silent until 2026-12-08 12:00: new disk");
    assert!(hook.heard_nothing());
    let seen = run_at(&place, "2026-12-08 12:01:00", &[]);
    assert_eq!(hushed(&seen), &Value::Null);
    assert_eq!(hook.next().1["summary"], "FAIL shop: `api` fails");
}

#[test]
fn silence_and_no_alert_hush_and_the_result_stays() {
    let hook = Hook::answering("200 OK");
    let place = place(
        free_port(),
        &format!("slack = 'http://127.0.0.1:{}/'", hook.port),
    );
    let seen = run(&place, &["--silence", "2h", "new disk"]).succeeded();
    assert!(
        seen.last()["summary"]
            .as_str()
            .unwrap()
            .ends_with(": new disk"),
        "{seen:?}"
    );
    let seen = run(&place, &[]);
    assert_eq!((seen.code, seen.reason()), (Some(1), "checks_failed"));
    assert!(
        seen.data()["alert"]["hushed"]
            .as_str()
            .unwrap()
            .starts_with("silent until ")
    );
    assert!(hook.heard_nothing());
    let _ = run(&place, &["--silence", "0s", "done"]).succeeded();
    assert_eq!(run(&place, &["--no-alert"]).code, Some(1));
    assert!(hook.heard_nothing());
    assert_eq!(run(&place, &[]).code, Some(1));
    let (_, body) = hook.next();
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .starts_with("FAIL shop: `api` fails\n"),
        "{body}"
    );
}

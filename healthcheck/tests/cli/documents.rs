//! The documents that other programs read, word for word.

use crate::{Four, said};
use serde_json::Value;

/// The document of the four checks, with what differs from run to run replaced.
fn document(four: &Four, format: &str) -> String {
    let (_, text) = said(&four.place, &["--format", format]);
    let text = text.replace(&four.server.address(), "SERVER");
    settled(&text.replace(&four.nobody.address(), "NOBODY"))
}

/// The text, with each number that has a fraction as `N`, and so each duration
/// and each time.
fn settled(text: &str) -> String {
    let mut settled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[at..].find(|c: char| !c.is_ascii_digit() && c != '.');
        let end = end.map_or(rest.len(), |end| at + end);
        let number = rest[at..end].trim_end_matches('.');
        settled += &rest[..at];
        let is_measured = number.contains('.') && !number.contains("..");
        settled += if is_measured { "N" } else { number };
        rest = &rest[at + number.len()..];
    }
    settled + rest
}

#[test]
fn nagios() {
    let expected = "\
HEALTHCHECK CRITICAL: 1 of 4 checks failed: `db` (tcp_refused) | time=Ns;;;0 web_connect=Ns;;;0 'slow: \"api\" _ #1_connect'=Ns;0;;0
[CRITICAL] db: nobody listens on NOBODY; expected: a connection to NOBODY
[WARNING] slow: \"api\" / #1: connected in N s; expected: less than 0 s
[SKIPPED] page's: not run: `db` failed
[OK] web: connected to SERVER in M ms
";
    let seen = document(&Four::new(), "nagios");
    assert_eq!(without_ms(&seen), expected);
}

/// The text, with whole milliseconds as `M`.
fn without_ms(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let mut shown: Vec<&str> = words.clone();
    for (at, pair) in words.windows(2).enumerate() {
        if pair[1].starts_with("ms") {
            shown[at] = "M";
        }
    }
    shown.join(" ")
}

#[test]
fn tap() {
    let expected = r#"TAP version 14
1..4
ok 1 - web
ok 2 - slow: "api" | \#1
  ---
  severity: "warn"
  kind: "tcp"
  reason: "tcp_slow"
  observed: "connected in N s"
  expected: "less than 0 s"
  duration_ms: 0
  ...
not ok 3 - db
  ---
  severity: "fail"
  kind: "tcp"
  reason: "tcp_refused"
  observed: "nobody listens on NOBODY"
  expected: "a connection to NOBODY"
  duration_ms: 0
  ...
ok 4 - page's # SKIP not run: `db` failed
# 1 of 4 checks failed: `db` (tcp_refused)
"#;
    let seen = document(&Four::new(), "tap");
    let line = |line: &str| match line.split_once("duration_ms: ") {
        Some((indent, _)) => format!("{indent}duration_ms: 0\n"),
        None => format!("{line}\n"),
    };
    assert_eq!(seen.lines().map(line).collect::<String>(), expected);
}

#[test]
fn prometheus() {
    let seen = document(&Four::new(), "prometheus");
    for line in [
        "# TYPE sextant_check_status gauge",
        r#"sextant_check_status{check="web",kind="tcp",project="shop"} 0"#,
        r#"sextant_check_status{check="slow: \"api\" | #1",kind="tcp",project="shop"} 1"#,
        r#"sextant_check_status{check="db",kind="tcp",project="shop"} 2"#,
        r#"sextant_check_status{check="page's",kind="tcp",project="shop"} 3"#,
        r#"sextant_tcp_connect_seconds{check="web",kind="tcp",project="shop"} N"#,
        r#"sextant_check_last_run_timestamp_seconds{checks="all",project="shop"} N"#,
        r#"sextant_healthcheck_status{checks="all",project="shop"} 2"#,
    ] {
        assert!(seen.lines().any(|seen| seen == line), "{line}\n{seen}");
    }
}

#[test]
fn health_json() {
    let four = Four::new();
    let (_, seen) = said(&four.place, &["--format", "health+json"]);
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(seen["status"], "fail");
    assert_eq!(seen["serviceId"], "shop");
    assert_eq!(seen["output"], "1 of 4 checks failed: `db` (tcp_refused)");
    let status = |key: &str| seen["checks"][key][0]["status"].as_str().unwrap_or("none");
    let keys = [
        "web:tcp",
        "web:connect",
        "slow_ \"api\" | #1:tcp",
        "slow_ \"api\" | #1:connect",
        "db:tcp",
        "page's:tcp",
    ];
    assert_eq!(
        keys.map(status),
        ["pass", "pass", "warn", "warn", "fail", "warn"]
    );
    assert!(seen["checks"]["web:tcp"][0].get("output").is_none());
    assert_eq!(seen["checks"]["web:connect"][0]["observedUnit"], "seconds");
    let (_, passed) = said(&four.place, &["--format", "health+json", "web"]);
    let passed: Value = serde_json::from_str(&passed).unwrap();
    assert_eq!(passed["status"], "pass");
    assert!(passed.get("output").is_none());
}

#[test]
fn json_is_the_final_record() {
    let (_, seen) = said(&Four::new().place, &["--format", "json"]);
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(
        (&seen["tool"], &seen["status"]),
        (&"healthcheck".into(), &"fail".into())
    );
    assert_eq!(seen["data"]["checks"].as_array().unwrap().len(), 4);
}

/// A run that looked at nothing says so in every format.
#[test]
fn nothing_that_was_not_looked_at_looks_like_a_pass() {
    let four = Four::new();
    let refused = |format: &str| said(&four.place, &["--format", format, "nothing"]).1;
    let why = "no check is called, tagged or of the kind `nothing`";
    let hint = "hint: `healthcheck --list` shows all checks\n";
    assert_eq!(
        refused("nagios"),
        format!("HEALTHCHECK UNKNOWN: {why}\n{hint}")
    );
    assert_eq!(refused("tap"), format!("TAP version 14\nBail out! {why}\n"));
    let junit = refused("junit");
    assert!(
        junit.contains(r#"tests="1" skipped="0" failures="0" errors="1""#),
        "{junit}"
    );
    assert!(
        junit.contains(&format!(r#"<error message="{why}" type="no_check">"#)),
        "{junit}"
    );
    let metrics = refused("prometheus");
    assert!(metrics.starts_with(&format!("# {why}\n")), "{metrics}");
    assert!(
        metrics.contains(r#"sextant_healthcheck_status{checks="nothing",project="shop"} 2"#),
        "{metrics}"
    );
    assert!(
        !metrics.contains("last_run") && !metrics.contains("sextant_check_status"),
        "{metrics}"
    );
    let health: Value = serde_json::from_str(&refused("health+json")).unwrap();
    assert_eq!(
        (&health["status"], &health["output"]),
        (&"fail".into(), &why.into())
    );
    let record: Value = serde_json::from_str(&refused("json")).unwrap();
    assert_eq!(
        (&record["status"], &record["error"]["reason"]),
        (&"fail".into(), &"no_check".into())
    );

    let skipped = |format: &str| said(&four.place, &["--format", format, "--if", "failure"]).1;
    let why = "not run: nothing before it failed";
    assert_eq!(skipped("nagios"), format!("HEALTHCHECK UNKNOWN: {why}\n"));
    assert_eq!(
        skipped("tap"),
        format!("TAP version 14\n1..0 # SKIP {why}\n")
    );
    assert!(skipped("junit").contains(&format!(r#"<skipped message="{why}"/>"#)));
    assert!(skipped("health+json").contains(r#""status": "warn""#));
    assert!(skipped("prometheus").contains(r#"{checks="all",project="shop"} 3"#));
}

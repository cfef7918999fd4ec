//! Reports of a day, a week, a month: of what was recorded, and of what was made
//! up.

use super::{place, tool};
use serde_json::{Value, json};
use std::fs;
use toolkit::testing::{Place, Seen, bless, workspace};

/// A place whose history is `lines`.
fn remembered(lines: &str) -> Place {
    let place = place();
    fs::create_dir_all(place.state()).unwrap();
    fs::write(place.state().join("history.ndjson"), lines).unwrap();
    place
}

/// What stdout says, with exit status 0.
fn made(place: &Place, args: &[&str]) -> String {
    let output = tool(place, args).arg("--no-input").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn model(place: &Place, args: &[&str]) -> Value {
    serde_json::from_str(&made(place, &[args, &["--format", "json"]].concat())).unwrap()
}

/// The pipelines of the other golden documents, one after the other: a good
/// deployment, two that were taken back, one of them in vain, and one that died.
fn recorded() -> String {
    let names = ["good", "rolled-back", "died", "rollback-failed"];
    let folder = workspace().join("deploy-report/tests/golden");
    let read = |name: &&str| fs::read_to_string(folder.join(format!("{name}.ndjson"))).unwrap();
    names.iter().map(read).collect()
}

/// A healthcheck of one page, every five minutes from the first day of November
/// on, for as many days; it fails for an hour each third day.
fn healthchecks(days: i64) -> String {
    let begin = chrono::DateTime::parse_from_rfc3339("2026-11-01T00:00:00Z").unwrap();
    let line = |five: i64| {
        let at = begin + chrono::TimeDelta::minutes(5 * five);
        let is_down = five % 864 >= 120 && five % 864 < 132;
        let (status, reason) = if is_down {
            ("fail", Some("http_status"))
        } else {
            ("ok", None)
        };
        let time = 0.02 + f64::from(u32::try_from(five % 7).unwrap()) / 1000.0;
        let used = 85.0 + 0.002 * f64::from(u32::try_from(five).unwrap());
        let record = json!({
            "v": 1, "run": format!("01H{five:023}"), "tool": "healthcheck", "name": "healthcheck",
            "status": status, "at": at.to_rfc3339(), "ms": 60, "host": "prod-01", "project": "shop",
            "summary": "", "data": { "checks": [
                { "name": "a|b <b>", "kind": "http", "status": status, "reason": reason, "ms": 3,
                  "observed": "\u{1b}[31m503", "expected": "200",
                  "measures": [{ "name": "time", "value": time, "unit": "seconds" }] },
                { "name": "disk:/", "kind": "disk", "status": "ok", "ms": 1, "observed": "", "expected": "",
                  "measures": [{ "name": "used", "value": used, "unit": "percent", "max": 100.0 }] },
            ] },
        });
        format!("{record}\n")
    };
    (0..days * 288).map(line).collect()
}

#[test]
fn what_was_recorded_in_both_languages() {
    let place = remembered(&recorded());
    // The history is of the project that was deployed.
    place.write(
        "sextant.toml",
        "project = 'orchestr-a-prod'\nengine = 'none'\n",
    );
    for lang in ["en", "fr"] {
        for (format, extension) in [("markdown", "md"), ("text", "txt"), ("html", "html")] {
            let args = [
                "--period",
                "week",
                "--of",
                "2026-11-20",
                "--format",
                format,
                "--lang",
                lang,
                "--timezone",
                "Europe/Paris",
            ];
            let golden = format!("deploy-report/tests/golden/week.{lang}.{extension}");
            bless(&golden, made(&place, &args).as_bytes());
        }
    }
    let report = model(&place, &["--period", "week", "--of", "2026-11-20"]);
    let counts = &report["deployments"]["counts"];
    let count = |outcome: &str| counts[outcome].as_u64().unwrap();
    assert_eq!(
        (
            count("good"),
            count("rolled_back"),
            count("rollback_failed")
        ),
        (1, 1, 1)
    );
    bless(
        "deploy-report/tests/golden/week.json",
        serde_json::to_string_pretty(&report).unwrap().as_bytes(),
    );
}

/// `golden/outage.ndjson`: `healthcheck` of a page with `fail_after` and
/// `recover_after` of 2, of another that depends on it, and of the machine, while
/// the server of both answered 503 for five runs and, later, for one.
#[test]
fn an_outage_lasts_as_long_as_healthcheck_said() {
    let recorded = workspace().join("deploy-report/tests/golden/outage.ndjson");
    let place = remembered(&fs::read_to_string(recorded).unwrap());
    let report = model(&place, &["--period", "day", "--of", "2026-11-20"]);
    let health = &report["health"];
    let incidents = health["incidents"]["list"].as_array().unwrap();
    let [incident] = incidents.as_slice() else {
        panic!("one failure alone does not count: {incidents:#?}");
    };
    let shown = |name: &str| incident[name].as_str().unwrap();
    assert_eq!(shown("failing_since"), "2026-11-20T20:37:32.518Z");
    assert_eq!(shown("from"), "2026-11-20T20:37:33.741Z");
    assert_eq!(shown("to"), "2026-11-20T20:37:40.123Z");
    assert_eq!(incident["causes"][0]["check"], "page");
    assert_eq!(incident["causes"][0]["reason"], "http_status");
    let overall = &health["overall"];
    assert_eq!(overall["looks"], 24);
    assert_eq!(overall["down_ms"], 6382);
    // From the first run to the last one.
    let known = overall["up_ms"].as_u64().unwrap() + 6382;
    assert_eq!(known, 52_560 - 23_707);
    let of = |name: &str| {
        let checks = health["checks"].as_array().unwrap();
        &checks.iter().find(|check| check["name"] == name).unwrap()["availability"]
    };
    // While the page failed, nobody looked at the list.
    assert_eq!(
        (&of("list")["looks"], &of("list")["down_ms"]),
        (&json!(18), &json!(0))
    );
    assert_eq!(of("disk")["down_ms"], 0);
    let answers = report["answers"].as_array().unwrap();
    let n: Vec<_> = answers
        .iter()
        .map(|one| (one["check"].as_str().unwrap(), &one["n"]))
        .collect();
    assert_eq!(n, [("list", &json!(18)), ("page", &json!(24))]);
}

#[test]
fn it_is_the_last_one_that_had_ended() {
    let place = remembered(&healthchecks(20));
    // The newest record is of 20 November, 23:55 in UTC: the 21st in Paris.
    for (period, zone, expected) in [
        ("day", "UTC", ("2026-11-19", "2026-11-19")),
        ("day", "Europe/Paris", ("2026-11-20", "2026-11-20")),
        ("week", "UTC", ("2026-11-09", "2026-11-15")),
        ("month", "UTC", ("2026-10-01", "2026-10-31")),
        ("week", "+14:00", ("2026-11-09", "2026-11-15")),
    ] {
        let output = tool(
            &place,
            &["--period", period, "--timezone", zone, "--format", "json"],
        )
        .arg("--no-input")
        .output()
        .unwrap();
        if expected.0 == "2026-10-01" {
            // There is nothing of that month.
            assert!(String::from_utf8_lossy(&output.stderr).contains("no record of this time"));
            continue;
        }
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let window = &report["window"];
        let found = (
            window["first"].as_str().unwrap(),
            window["last"].as_str().unwrap(),
        );
        assert_eq!(found, expected, "{period} {zone}");
    }
    let days = model(&place, &["--period", "days", "--since", "2026-11-18"]);
    assert_eq!(
        (&days["window"]["first"], &days["window"]["last"]),
        (&json!("2026-11-18"), &json!("2026-11-20"))
    );
    let report = model(&place, &["--period", "week"]);
    let overall = &report["health"]["overall"];
    assert_eq!(overall["share"]["n"], 2016);
    // An hour on each of two days.
    assert_eq!(overall["down_ms"], 2 * 3_600_000);
    assert_eq!(
        report["health"]["incidents"]["list"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(report["resources"][0]["full"]["state"], "full");
    assert_eq!(
        place.history(),
        healthchecks(20),
        "a question leaves no trace"
    );
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let lines = healthchecks(16);
    let place = remembered(&lines);
    let args = ["--period", "week", "--format", "html", "--lang", "fr"];
    let page = made(&place, &args);
    // From another file, backwards, and from the report itself.
    let backwards: Vec<_> = lines.lines().rev().collect();
    let backwards = backwards.join(
        "
",
    );
    place.write("backwards.ndjson", &backwards);
    place.write("page.html", &page);
    let from = |file: &str| {
        made(
            &place,
            &[&args[..], &["--from", file, "--of", "2026-11-10"]].concat(),
        )
    };
    let without = |page: &str, what: &str| {
        let (before, rest) = page.split_once(what).unwrap();
        format!("{before}{}", rest.split_once("</p>").unwrap().1)
    };
    assert!(from("page.html") == page, "a page that is made again");
    // What somebody joined is told in its last line, and is in the page's data.
    let visible = |page: &str| {
        let page = page.split("<script").next().unwrap().to_owned();
        without(&page, "<footer>")
    };
    let backwards = from("backwards.ndjson");
    assert!(
        visible(&backwards) == visible(&page),
        "{}",
        visible(&backwards)
    );
    assert!(
        page.contains("role=\"img\" aria-label=\"Du "),
        "trends are told"
    );
    for (hostile, shown) in [("a|b <b>", "a|b &lt;b&gt;"), ("\u{1b}", "503")] {
        assert!(!page.contains(hostile), "{hostile}");
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn what_is_read_stays_a_cell() {
    let place = remembered(&healthchecks(9));
    let of_week = ["--period", "days", "--since", "2026-11-01", "--lang", "en"];
    let text = made(&place, &[&of_week[..], &["--format", "markdown"]].concat());
    assert!(text.contains("| a\\|b &lt;b&gt; | HTTP |"), "{text}");
    let mut columns = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let count = line.replace("\\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(count), count, "{line}");
    }
}

#[test]
fn documents_are_called_by_what_they_are_of() {
    let place = remembered(&healthchecks(16));
    let args = [
        "--period", "week", "--out", "reports", "--format", "html", "--format", "markdown",
    ];
    let seen = Seen::run(tool(&place, &args).arg("--no-input"));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let folder = place.folder().join("reports");
    for extension in ["html", "md"] {
        let latest = fs::read_link(folder.join(format!("latest-week.{extension}"))).unwrap();
        assert_eq!(
            latest.to_str().unwrap(),
            format!("week-2026-11-09.{extension}")
        );
        assert!(folder.join(latest).is_file());
    }
    assert_eq!(seen.data()["files"].as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let place = remembered(&healthchecks(1));
    for (args, message) in [
        (&["--period", "days"][..], "needs `--since`"),
        (
            &["--period", "week", "--since", "2026-11-01"],
            "`days` alone",
        ),
        (&["--period", "days", "--since", "2h"], "takes a day"),
        (&["--of", "2026-11-01"], "--period"),
        (&["--period", "year"], "invalid value"),
        (&["--period", "day", "--of", "yesterday"], "invalid value"),
    ] {
        let seen = Seen::run(tool(&place, args).arg("--no-input"));
        assert_eq!(seen.code, Some(2), "{args:?}");
        assert!(seen.stderr.contains(message), "{args:?}: {}", seen.stderr);
    }
    place.write("other.html", "<html></html>");
    let args = ["--period", "week", "--from", "other.html"];
    let seen = Seen::run(tool(&place, &args).arg("--no-input"));
    assert_eq!((seen.code, seen.reason()), (Some(2), "bad_input"));
    let empty = remembered("");
    let seen = Seen::run(tool(&empty, &["--period", "week"]).arg("--no-input"));
    assert_eq!((seen.code, seen.reason()), (Some(0), "no_records"));
}

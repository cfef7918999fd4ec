//! As a link of a pipeline.

use super::{document, model, piped, place, record, seen, tool};
use serde_json::json;
use toolkit::testing::Seen;

#[test]
fn records_pass_through_and_the_report_goes_into_the_folder() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({"new": 1}));
    let seen = seen(&place, &["--out", "reports"], &line).succeeded();
    assert_eq!(seen.records.len(), 3, "{seen:#?}");
    assert_eq!(
        seen.records[1],
        serde_json::from_str::<serde_json::Value>(&line).unwrap()
    );
    let file = place
        .folder()
        .join("reports/deployment-20261120_100005.html");
    assert!(file.is_file());
    assert_eq!(seen.data()["outcome"], "succeeded");
    assert_eq!(
        seen.data()["files"],
        json!(["reports/deployment-20261120_100005.html"])
    );
    assert_eq!(seen.last()["run"], "r");
    assert!(place.history().contains("\"deploy-report\""));
}

#[test]
fn the_exit_status_is_the_verdict() {
    let place = place();
    let ok = record("r", "backup", "backup", "ok", &json!({}));
    let fail = record("r", "step", "up", "fail", &json!({}));
    let back = record("r", "rollback", "rollback", "ok", &json!({}));
    let lost = record("r", "rollback", "rollback", "fail", &json!({}));
    for (input, code, outcome) in [
        (ok.clone(), 0, "succeeded"),
        (format!("{ok}{fail}"), 1, "failed"),
        (format!("{ok}{fail}{back}"), 3, "rolled_back"),
        (format!("{ok}{fail}{lost}"), 4, "rollback_failed"),
    ] {
        let (status, _) = document(&place, &["--format", "text"], &input);
        assert_eq!(status, code, "{outcome}");
        assert_eq!(model(&place, &input)["verdict"]["outcome"], outcome);
        let seen = seen(&place, &[], &input);
        assert_eq!(
            (seen.code, seen.data()["outcome"].as_str()),
            (Some(code), Some(outcome))
        );
    }
}

#[test]
fn what_can_be_read_only_in_part_has_failed_all_the_same() {
    let place = place();
    let line = "{\"v\":2,\"run\":\"r\",\"tool\":\"step\",\"name\":\"up\",\"status\":\"fail\"}\n";
    let report = model(&place, line);
    assert_eq!(report["verdict"]["outcome"], "failed");
    assert_eq!(report["verdict"]["cause"]["name"], "up");
    assert_eq!(report["damaged"][0]["why"], "missing field `at`");
    place.write("records.ndjson", line);
    let args = ["--from", "records.ndjson", "--format", "json"];
    let (code, text) = document(&place, &args, "");
    assert_eq!(code, 1);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        report
    );
}

#[test]
fn a_terminal_shows_the_report_as_text() {
    let place = place();
    place.write(
        "records.ndjson",
        record("r", "step", "up", "fail", &json!({})),
    );
    let line = format!("{} --from records.ndjson --lang en", super::DEPLOY_REPORT);
    let (code, shown) = place.on_a_terminal(&line, "");
    assert_eq!(code, Some(1));
    assert!(
        shown.contains("Deployment report shop\n\n✗ Failed\n  step up: it broke\n"),
        "{shown}"
    );
}

#[test]
fn the_language_is_that_of_the_locale() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({}));
    for (set, title) in [
        (&[("LANG", "fr_FR.UTF-8")][..], "Rapport de déploiement"),
        (
            &[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "C")],
            "Deployment report",
        ),
        (
            &[("LANG", "C"), ("LC_MESSAGES", "fr_BE")],
            "Rapport de déploiement",
        ),
        (&[("LANG", "de_DE")], "Deployment report"),
    ] {
        let mut command = tool(&place, &["--format", "text"]);
        command.envs(set.iter().copied());
        let output = piped(command, &line);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(title), "{set:?}: {text}");
    }
}

#[test]
fn who_died_is_reported_and_the_bytes_stay_the_same() {
    let place = place();
    let running = record("r", "step", "up", "running", &json!({}));
    let args = ["--format", "html"];
    let (code, first) = document(&place, &args, &running);
    assert_eq!(code, 1);
    let step = &model(&place, &running)["steps"][0];
    assert_eq!(step["status"], "fail");
    assert!(
        step["offset_ms"].is_null(),
        "who knows for how long it waited: {step}"
    );
    assert!(first.contains("began at 2026-11-20T10:00:05.000Z and ended without a final record"));
    std::thread::sleep(std::time::Duration::from_millis(5));
    let (_, second) = document(&place, &args, &running);
    assert!(first == second, "another moment, another report");
}

#[test]
fn an_empty_pipe_is_nothing_and_no_earlier_deployment() {
    let place = place();
    std::fs::create_dir_all(place.state()).unwrap();
    let line = record("r", "step", "up", "ok", &json!({}));
    std::fs::write(place.state().join("history.ndjson"), line).unwrap();
    let seen = seen(&place, &["--out", "empty"], "");
    assert_eq!((seen.code, seen.reason()), (Some(0), "no_records"));
    assert!(!place.folder().join("empty").exists());
    let (code, text) = document(&place, &["--format", "text"], "");
    assert_eq!(code, 0);
    assert!(
        text.starts_with("Report\n\n∅ Nothing to report on\n"),
        "{text}"
    );
}

#[test]
fn a_line_that_is_no_record_is_refused() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({}));
    let output = piped(tool(&place, &[]), &format!("{line}hello\n"));
    let seen = Seen::of(&output);
    assert_eq!((seen.code, seen.reason()), (Some(2), "bad_input"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let place = place();
    for (args, message) in [
        (&["--format", "pdf"][..], "a PDF is written into a folder"),
        (
            &["--format", "html", "--format", "text"],
            "one report, not several",
        ),
        (
            &["--out", "a", "--format", "json", "--template", "x"],
            "`json` has none",
        ),
        (&["--from", "nothing"], "cannot read `nothing`"),
        (&["--since", "noon"], "`noon` is no time"),
        (&["--timezone", "Paris"], "write it like"),
    ] {
        let output = tool(&place, args).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(message), "{args:?}: {stderr}");
    }
}

//! Of the history, and of files.

use super::{document, place, record, seen, tool};
use serde_json::json;
use std::fs;
use toolkit::testing::{Place, Seen};

fn remembered(lines: &[String]) -> Place {
    let place = place();
    fs::create_dir_all(place.state()).unwrap();
    fs::write(place.state().join("history.ndjson"), lines.concat()).unwrap();
    place
}

fn runs(place: &Place, args: &[&str]) -> Vec<String> {
    let seen = Seen::run(&mut tool(place, args));
    let runs = seen.data()["runs"].as_array().cloned().unwrap_or_default();
    runs.iter()
        .map(|run| run.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn without_a_pipe_it_is_the_last_deployment() {
    let place = remembered(&[
        record("01FIRST", "step", "up", "ok", &json!({})),
        record("02SECOND", "step", "up", "fail", &json!({})),
        record("03CHECK", "healthcheck", "healthcheck", "ok", &json!({})),
    ]);
    assert_eq!(runs(&place, &[]), ["02SECOND"]);
    assert_eq!(runs(&place, &["--run", "latest"]), ["02SECOND"]);
    assert_eq!(runs(&place, &["--run", "3CHECK"]), ["03CHECK"]);
    let all = runs(&place, &["--since", "2026-11-20"]);
    assert_eq!(all, ["01FIRST", "02SECOND"]);
    let seen = Seen::run(&mut tool(&place, &["--run", "01FIRST"]));
    assert_eq!(seen.code, Some(0));
    let seen = Seen::run(&mut tool(&place, &["--run", "02SECOND"]));
    assert_eq!(seen.code, Some(1), "the verdict of what is reported on");
    let seen = Seen::run(&mut tool(&place, &["--run", "nobody"]));
    assert_eq!((seen.code, seen.reason()), (Some(2), "no_run"));
    let grown = place.history().lines().count();
    assert_eq!(
        grown,
        4,
        "questions leave no trace, failures do: {}",
        place.history()
    );
}

#[test]
fn a_report_in_html_holds_what_it_was_made_of() {
    let place = place();
    let line = record(
        "r",
        "step",
        "</script><b>",
        "fail",
        &json!({"lines": ["<!-- "]}),
    );
    let (_, page) = document(&place, &["--format", "html", "--lang", "fr"], &line);
    place.write("report.html", &page);
    let again = ["--from", "report.html", "--format", "html", "--lang", "fr"];
    let (code, same) = document(&place, &again, "");
    assert_eq!(code, 1);
    assert!(page == same, "the same report again");
    let (_, markdown) = document(
        &place,
        &["--from", "report.html", "--format", "markdown"],
        "",
    );
    let (_, direct) = document(&place, &["--format", "markdown"], &line);
    assert_eq!(markdown, direct);
    place.write("records.ndjson", &line);
    let of_file = document(
        &place,
        &["--from", "records.ndjson", "--format", "markdown"],
        "",
    );
    assert_eq!(of_file.1, direct);
}

#[test]
fn what_is_damaged_in_a_history_is_said() {
    let place = remembered(&[
        "torn {\n".to_owned(),
        record("01FIRST", "step", "up", "ok", &json!({})),
    ]);
    let text = tool(&place, &["--run", "latest", "--format", "text"])
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("1 line could not be read."), "{text}");
    let seen = seen(&place, &["--no-input"], "");
    assert_eq!(seen.data()["runs"], json!(["01FIRST"]));
}

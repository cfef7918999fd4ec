//! The report in HTML as a real Chromium shows it and prints it.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

use std::fs;
use std::process::Command;
use toolkit::testing::{Place, program, workspace};

const DEPLOY_REPORT: &str = env!("CARGO_BIN_EXE_deploy-report");

fn place() -> Place {
    let place = Place::new();
    place.write("sextant.toml", "project = 'shop'\nengine = 'none'\n");
    place
}

fn written(place: &Place, format: &str, records: &str) {
    let records = workspace().join("deploy-report/tests").join(records);
    let output = place
        .tool(DEPLOY_REPORT)
        .args([
            "--out", "reports", "--lang", "fr", "--format", format, "--from",
        ])
        .arg(records)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output
            .status
            .code()
            .is_some_and(|code| code < 5 && code != 2),
        "{stderr}"
    );
}

/// The page after its script has run, and what Chromium's console said.
fn shown(place: &Place) -> (String, String) {
    let page = place.folder().join("reports/latest.html");
    let profile = place.folder().join("profile");
    let output = Command::new(program("chromium"))
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("Chromium starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr);
    let console = said.lines().filter(|line| line.contains("CONSOLE"));
    (text(&output.stdout), console.collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_policy_lets_its_own_script_run_and_nothing_else() {
    for records in ["golden/rolled-back.ndjson", "hostile.ndjson"] {
        let place = place();
        written(&place, "html", records);
        let (dom, console) = shown(&place);
        assert_eq!(console, "", "{records}");
        let headings = dom.matches("<button type=\"button\">").count();
        assert!(headings > 10, "{records}: its script ran: {headings}");
        assert!(
            !dom.contains("hacked=\"\""),
            "{records}: another script ran"
        );
    }
}

#[test]
fn it_is_printed() {
    let place = place();
    written(&place, "pdf", "golden/good.ndjson");
    let pdf = fs::read(place.folder().join("reports/latest.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(pdf.trim_ascii_end().ends_with(b"%%EOF"), "it is whole");
}

//! The folder of reports.

use super::{place, record, seen};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn several_formats_are_written_in_one_run() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({}));
    let args = [
        "--out",
        "a/b",
        "--timezone",
        "Europe/Paris",
        "--format",
        "html",
        "--format",
        "markdown",
        "--format",
        "json",
    ];
    let told = seen(&place, &args, &line).succeeded();
    assert_eq!(told.data()["files"].as_array().unwrap().len(), 3);
    let folder = place.folder().join("a/b");
    for extension in ["html", "md", "json"] {
        let name = format!("deployment-20261120_110005.{extension}");
        let latest = fs::read_link(folder.join(format!("latest.{extension}"))).unwrap();
        assert_eq!(latest.to_str(), Some(name.as_str()));
        let mode = fs::metadata(folder.join(&name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 6);
    let before = fs::read(folder.join("latest.html")).unwrap();
    seen(&place, &args, &line).succeeded();
    assert!(before == fs::read(folder.join("latest.html")).unwrap());
}

#[test]
fn text_is_for_stdout_beside_the_files() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({}));
    let args = ["--out", "a", "--format", "markdown", "--format", "text"];
    let (code, text) = super::document(&place, &args, &line);
    assert_eq!(code, 0);
    assert!(
        text.starts_with("Deployment report") || text.starts_with("Report"),
        "{text}"
    );
    let names = fs::read_dir(place.folder().join("a")).unwrap().flatten();
    let mut names: Vec<_> = names.map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["deployment-20261120_100005.md", "latest.md"]);
}

#[test]
fn what_cannot_be_written_is_a_failure() {
    let place = place();
    place.write("file", "");
    let line = record("r", "step", "up", "ok", &json!({}));
    let told = seen(&place, &["--out", "file/reports"], &line);
    assert_eq!((told.code, told.reason()), (Some(1), "unwritable"));
    assert!(told.hint().contains("--out"), "{told:#?}");
}

#[test]
fn without_chromium_a_pdf_is_refused_with_a_remedy() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({}));
    let mut command = super::tool(&place, &["--out", "a", "--format", "pdf"]);
    command.env("PATH", "/nowhere");
    let told = toolkit::testing::Seen::of(&super::piped(command, &line));
    assert_eq!((told.code, told.reason()), (Some(2), "missing_program"));
    assert!(told.hint().contains("install `chromium`"), "{told:#?}");
}

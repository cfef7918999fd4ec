//! `scripts/generate-report.sh`, as an application has it.

use super::{DEPLOY_REPORT, place, record};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use toolkit::testing::{Seen, workspace};

#[test]
fn the_script_reports_on_the_last_deployment() {
    let place = place();
    symlink(workspace().join("scripts"), place.folder().join("scripts")).unwrap();
    fs::create_dir_all(place.state()).unwrap();
    let line = record("r", "step", "up", "fail", &json!({}));
    fs::write(place.state().join("history.ndjson"), line).unwrap();
    let tools = Path::new(DEPLOY_REPORT).parent().unwrap();
    let report = |folder: Option<&str>| {
        let mut command = place.tool(place.folder().join("scripts/generate-report.sh"));
        // From anywhere, as cron does.
        command.current_dir("/").env("LANG", "fr_FR.UTF-8");
        command.env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command.env("PATH", format!("{}:/usr/bin:/bin", tools.display()));
        command.envs(folder.map(|folder| ("REPORT_DIR", folder)));
        Seen::run(&mut command)
    };
    let seen = report(None);
    assert_eq!(seen.code, Some(1), "the verdict: {seen:#?}");
    let folder = place.folder().join("reports/deployments");
    for (name, text) in [
        ("latest.md", "# Rapport de déploiement"),
        ("latest.html", "<!doctype html>\n<html lang=\"fr\">"),
    ] {
        let written = fs::read_to_string(folder.join(name)).unwrap();
        assert!(written.starts_with(text), "{name}: {written}");
    }
    report(Some("elsewhere"));
    assert!(place.folder().join("elsewhere/latest.md").is_file());
}

//! `deploy.sh` on a developer's machine, and its log.

use crate::installed::{Installed, by_cron};
use crate::project::{Project, alone};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use toolkit::testing::{Compose, Seen};

const SMOKE: &str = "[[smoke.step]]\nkind = \"postgres\"\n";

/// A script of the project, called as cron does.
fn script(project: &Project, name: &str, args: &[&str]) -> Command {
    let path = project.folder().join("scripts").join(name);
    let mut command = by_cron(project.tool(path));
    command.args(args).env("LOG_DIR", project.logs());
    command
}

fn logs(project: &Project) -> Vec<PathBuf> {
    let entries = fs::read_dir(project.logs()).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let is_log = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "log");
    paths.filter(is_log).collect()
}

fn names(seen: &Seen) -> Vec<&str> {
    let records = seen.records.iter();
    records
        .map(|record| record["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_developer_deploys_what_is_there() {
    let _alone = alone();
    let installed = Installed::with(&["backup", "restore", "healthcheck", "smoketest"]);
    let project = Project::start(Compose::V2);
    installed.link(project.folder());
    fs::write(project.folder().join("sextant.toml"), SMOKE).unwrap();

    let seen = Seen::run(&mut script(&project, "deploy.sh", &[])).succeeded();
    // The last one's announcement has no reader to drop it.
    let links = "prune build drain migrate up healthcheck smoketest prune";
    assert_eq!(names(&seen).join(" "), links);
    assert_eq!(project.version(), "one");
    let end = "deploy.sh: done (exit status 0)\nlog: ";
    assert!(seen.stderr.contains(end), "{}", seen.stderr);

    let [log] = &logs(&project)[..] else {
        panic!("one log: {}", seen.stderr);
    };
    let mode = fs::metadata(log).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let name = log.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("deploy-2"), "{name}");
    let kept = fs::read_to_string(log).unwrap();
    for part in ["Successfully built", r#""name":"prune""#, end] {
        assert!(kept.contains(part), "{part}: {kept}");
    }
}

#[test]
fn what_fails_is_the_verdict_and_stops_what_is_behind_it() {
    let _alone = alone();
    let installed = Installed::with(&["healthcheck", "smoketest"]);
    let project = Project::start(Compose::V2);
    installed.link(project.folder());
    let broken = "FROM debian:trixie-slim\nRUN exit 7\n";
    fs::write(project.folder().join("api/Dockerfile"), broken).unwrap();
    let log = project.logs().join("named/one.log");
    let mut deploy = script(&project, "deploy.sh", &["dev"]);
    let seen = Seen::run(deploy.env("LOG_FILE", &log));
    assert_eq!(seen.code, Some(1), "{}", seen.stderr);
    let end = "deploy.sh: failed (exit status 1)";
    assert!(seen.stderr.contains(end), "{}", seen.stderr);
    assert!(fs::read_to_string(&log).unwrap().contains(end));
    assert_eq!(project.states(), ["", "", "running", "running"]);

    let include = format!("include {}\n", installed.path("sextant.mk").display());
    fs::write(project.folder().join("Makefile"), include).unwrap();
    let mut make = by_cron(project.tool("make"));
    let make = make.arg("-C").arg(project.folder()).arg("deploy-dev");
    let output = make.env("LOG_DIR", project.logs()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "make's own");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(end) && said.contains("deploy-dev] Error 1"),
        "{said}"
    );

    let unknown = Seen::run(&mut script(&project, "deploy.sh", &["prod"]));
    assert_eq!(unknown.code, Some(2));
    let said = "error: there is no environment `prod`";
    assert!(unknown.stderr.contains(said), "{}", unknown.stderr);

    // Here only what a deployment to a server needs is missing.
    let missing = Seen::run(&mut script(&project, "deploy.sh", &["staging"]));
    assert_eq!(missing.code, Some(2));
    let said = "error: `backup` is not installed";
    assert!(missing.stderr.contains(said), "{}", missing.stderr);
}

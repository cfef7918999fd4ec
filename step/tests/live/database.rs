//! The scripts that save, bring back and look, on the demo application.

use crate::installed::{Installed, by_cron};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toolkit::testing::{Demo, Place, Seen};

/// The demo application, with the scripts in it.
struct Application {
    demo: Demo,
    place: Place,
    installed: Installed,
}

impl Application {
    fn start(config: &str) -> Self {
        let demo = Demo::start();
        demo.write("sextant.toml", config);
        let installed = Installed::with(&["backup", "restore", "healthcheck", "smoketest"]);
        installed.link(demo.folder());
        Self {
            place: Place::at(demo.folder()),
            demo,
            installed,
        }
    }

    /// A script, called as cron does.
    fn script(&self, name: &str) -> Command {
        let script = self.demo.folder().join("scripts").join(name);
        by_cron(self.place.tool(script))
    }

    fn run(&self, name: &str, args: &[&str]) -> Seen {
        Seen::run(self.script(name).args(args))
    }

    /// A target of sextant.mk, made as cron does; what it wrote.
    fn make(&self, target: &[&str]) -> Seen {
        let include = format!("include {}\n", self.installed.path("sextant.mk").display());
        self.place.write("Makefile", include);
        let mut make = by_cron(self.place.tool("make"));
        Seen::run(make.arg("-sC").arg(self.demo.folder()).args(target))
    }

    fn skills(&self) -> String {
        self.demo.sql("SELECT count(*) FROM skills")
    }

    fn dumps(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.place.backups()).unwrap().flatten();
        let paths = entries.map(|entry| entry.path());
        let is_dump = |path: &PathBuf| path.to_string_lossy().ends_with(".sql.gz");
        paths.filter(is_dump).collect()
    }
}

#[test]
fn a_database_is_saved_and_brought_back_as_the_scripts_before_did() {
    let application = Application::start("");
    application.run("backup-database.sh", &[]).succeeded();
    let [dump] = &application.dumps()[..] else {
        panic!("one dump, and not {:?}", application.dumps());
    };
    let project = application.demo.folder().file_name().unwrap();
    let beginning = format!("{}-backup-2", project.to_str().unwrap());
    let name = dump.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&beginning), "{name}");

    let dump = dump.to_str().unwrap();
    application.demo.sql("DELETE FROM skills");
    let script = application
        .demo
        .folder()
        .join("scripts/restore-database.sh");
    let mut alone = by_cron(application.place.tool("setsid"));
    let unconfirmed = Seen::run(alone.arg("--wait").arg(script).arg(dump));
    assert_eq!(
        (unconfirmed.code, unconfirmed.reason()),
        (Some(2), "no_terminal")
    );
    assert_eq!(application.skills(), "0");
    application
        .run("restore-database.sh", &[dump, "--yes"])
        .succeeded();
    assert_eq!(application.skills(), "5");

    let none = application.run("restore-database.sh", &[]);
    assert_eq!(none.code, Some(2));
    let said = "error: a dump or a set is needed";
    assert!(none.stderr.contains(said), "{}", none.stderr);
}

#[test]
fn a_set_is_saved_and_proven() {
    let application = Application::start("");
    let nothing = application.run("test-restore.sh", &[]);
    assert_eq!(nothing.code, Some(2), "{nothing:#?}");
    let seen = application.run("pre-production-backup.sh", &[]).succeeded();
    assert_eq!(seen.last()["tool"], "restore");
    assert_eq!(seen.data()["checked"], true);
    let set = seen.data()["path"].as_str().unwrap().to_owned();
    assert!(
        Path::new(&set).starts_with(application.place.backups()),
        "{set}"
    );
    application.run("test-restore.sh", &[]).succeeded();

    application.make(&["backup"]).succeeded();
    application.demo.sql("DELETE FROM skills");
    application
        .make(&["restore", "ROLLBACK_AUTO=true"])
        .succeeded();
    assert_eq!(application.skills(), "5");

    fs::write(Path::new(&set).join("database.sql.gz"), "damaged").unwrap();
    let damaged = application.run("test-restore.sh", &[&set]);
    assert_eq!((damaged.code, damaged.reason()), (Some(2), "not_whole"));
}

const CHECKED: &str = r#"
[[check]]
name = "variables"
kind = "env"
matches = { STAGE = "^production$" }

[smoke]
base = "http://127.0.0.1:9"

[[smoke.step]]
call = 'GET /api/health 200 .status == "ok"'
"#;

#[test]
fn an_application_is_looked_at_and_exercised() {
    let application = Application::start(CHECKED);
    let status = application.place.state().join("health-status.json");
    let mut watched = application.script("health-check.sh");
    Seen::run(watched.env("STATUS_FILE", &status).arg("container")).succeeded();
    let written: serde_json::Value = serde_json::from_slice(&fs::read(status).unwrap()).unwrap();
    assert_eq!(
        (&written["status"], &written["errors"]),
        (&"healthy".into(), &0.into())
    );

    let wrong = application.run("check-env.sh", &[]);
    assert_eq!(wrong.code, Some(1), "{wrong:#?}");
    assert!(wrong.message().contains("variables"), "{}", wrong.message());
    let mut right = application.script("check-env.sh");
    Seen::run(right.env("STAGE", "production")).succeeded();

    let api = application.demo.api();
    application.run("smoke-tests.sh", &[&api]).succeeded();
    application
        .make(&["smoke", &format!("AT={api}")])
        .succeeded();
    let nobody = application.run("post-deployment-tests.sh", &[]);
    assert_eq!(nobody.code, Some(1), "nobody is at its base");
    let nowhere = application.run("smoke-tests.sh", &[]);
    assert_eq!(nowhere.code, Some(2), "{nowhere:#?}");
}

//! A real PM2, of this test alone.

use crate::looked::{Looked, is, measure};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toolkit::record::Status;
use toolkit::testing::path_with_pm2;

/// The home of the PM2 that a test was started anew for.
const HOME: &str = "SEXTANT_TEST_PM2";

const SERVES: &str = "setInterval(() => {}, 1000);\n";

#[test]
fn an_application_that_stops_and_crashes() {
    // The program is found by PATH, which is the environment's, and so another
    // process's.
    let Some(home) = env::var_os(HOME) else {
        let home = tempfile::tempdir().unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "pm2::an_application_that_stops_and_crashes",
                "--nocapture",
            ])
            .env("PATH", path_with_pm2())
            .env(HOME, home.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:#?}");
        return;
    };
    let pm2 = Pm2(PathBuf::from(home));
    let looked = Looked::alone().var("PM2_HOME", pm2.0.to_str().unwrap());
    let api = "kind = 'process'\ntimeout = '60s'\npm2 = 'api'";
    is(&looked.at(api), Status::Fail, "pm2_down");
    assert!(!pm2.0.join("pm2.pid").exists(), "a look has started it");

    let script = pm2.0.join("api.js");
    fs::write(&script, SERVES).unwrap();
    let script = script.to_str().unwrap();
    pm2.call(&["start", script, "--name", "api", "--instances", "2"]);
    let found = looked.until_ok(&format!("{api}\ncount = 2"));
    assert_eq!(found.observed, "2 of 2 online");
    looked.until_ok(&format!("{api}\nrestarts = {{ fail = 1 }}"));
    let three = format!("{api}\ncount = {{ min = 3 }}");
    is(&looked.at(&three), Status::Fail, "process_count");
    let memory = format!("{api}\nmemory = {{ fail = 1000 }}");
    let full = looked.until_failed(&memory, "process_memory");
    assert!(measure(&full, "memory") > 1e6, "{full:?}");

    pm2.call(&["stop", "0"]);
    let stopped = looked.at(api);
    is(&stopped, Status::Fail, "process_stopped");
    assert_eq!(stopped.observed, "instance 0 is stopped");
    pm2.call(&["restart", "api"]);
    looked.until_ok(api);
    let restarts = format!("{api}\nrestarts = {{ fail = 1 }}");
    is(&looked.at(&restarts), Status::Fail, "process_restarts");

    let crashing = pm2.0.join("crashing.js");
    fs::write(&crashing, "process.exit(3);\n").unwrap();
    pm2.call(&["start", crashing.to_str().unwrap(), "--name", "crashing"]);
    let check = api.replace("api", "crashing");
    looked.until_failed(&check, "process_failed");
    let absent = api.replace("api", "absent");
    is(&looked.at(&absent), Status::Fail, "process_missing");
}

/// Its daemon ends with it.
struct Pm2(PathBuf);

impl Pm2 {
    fn call(&self, args: &[&str]) {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("pm2");
        command.args(args).current_dir(Path::new("/"));
        command.env("PM2_HOME", &self.0);
        command
    }
}

impl Drop for Pm2 {
    fn drop(&mut self) {
        let _ = self.command(&["kill"]).output();
    }
}

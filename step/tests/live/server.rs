//! Deployments to a server: from a bare repository, with the way back.

use crate::installed::{Installed, by_cron};
use crate::project::{Project, alone};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use toolkit::testing::{Compose, Seen, until};

const TOOLS: [&str; 6] = [
    "backup",
    "restore",
    "healthcheck",
    "smoketest",
    "rollback",
    "deploy-report",
];
/// A release that ends as soon as it is started.
const BROKEN: &str = "FROM debian:trixie-slim\nENV VERSION=broken\nCMD [\"false\"]\n";

/// A server's clone of an application whose first release serves, and the
/// clone that it is developed in.
struct Server {
    project: Project,
    installed: Installed,
    developed: PathBuf,
}

impl Server {
    fn start() -> Self {
        let project = Project::start(Compose::V2);
        let installed = Installed::with(&TOOLS);
        installed.link(project.folder());
        let folder = project.folder().to_owned();
        let env = fs::read_to_string(folder.join(".env")).unwrap();
        fs::write(folder.join(".env"), env + "NODE_ENV=production\n").unwrap();
        fs::write(folder.join(".gitignore"), ".env\nscripts\nuploads\n").unwrap();
        fs::write(
            folder.join("sextant.toml"),
            "[[smoke.step]]\nkind = \"postgres\"\n",
        )
        .unwrap();
        let remote = folder.with_file_name("remote.git");
        let server = Self {
            developed: folder.with_file_name("developed"),
            project,
            installed,
        };
        let remote = remote.to_str().unwrap();
        server.git(&["init", "--quiet", "--bare", "--initial-branch=main", remote]);
        server.git(&["init", "--quiet", "--initial-branch=main"]);
        server.git(&["add", "."]);
        server.git(&["commit", "--quiet", "--message=one"]);
        server.git(&["remote", "add", "origin", remote]);
        server.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
        let developed = server.developed.to_str().unwrap();
        server.git(&["clone", "--quiet", remote, developed]);
        server.project.step(&["build"]);
        server.project.step(&["up"]);
        server
    }

    fn git(&self, args: &[&str]) {
        let mut git = self.project.tool("git");
        let output = git
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(args);
        let output = output.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Brings out the next release, for the server to pull.
    fn publish(&self, recipe: &str) {
        fs::write(self.developed.join("api/Dockerfile"), recipe).unwrap();
        let at = self.developed.to_str().unwrap();
        self.git(&["-C", at, "commit", "--quiet", "--all", "--message=next"]);
        self.git(&["-C", at, "push", "--quiet"]);
    }

    /// A command as cron calls it, with no terminal at all.
    fn command(&self, program: PathBuf) -> Command {
        let mut command = by_cron(self.project.tool("setsid"));
        command
            .arg("--wait")
            .arg(program)
            .env("LOG_DIR", self.project.logs());
        // A service that ends is looked at again until then.
        command.env("WAIT", "20s");
        command
    }

    fn script(&self, name: &str, args: &[&str]) -> Command {
        let mut command = self.command(self.project.folder().join("scripts").join(name));
        command.args(args);
        command
    }

    fn run(&self, name: &str, args: &[&str]) -> Seen {
        Seen::run(&mut self.script(name, args))
    }

    /// The newest report beside the log.
    fn report(&self) -> String {
        fs::read_to_string(self.project.logs().join("latest.md")).unwrap()
    }
}

/// What became of one link of a pipeline.
fn link<'a>(seen: &'a Seen, tool: &str, name: &str) -> &'a str {
    let mut records = seen.records.iter().rev();
    let found = records.find(|record| record["tool"] == tool && record["name"] == name);
    found
        .and_then(|record| record["status"].as_str())
        .unwrap_or("")
}

fn recipe(version: &str) -> String {
    format!(
        "FROM debian:trixie-slim\nENV VERSION={version}\nSTOPSIGNAL SIGKILL\nCMD [\"sleep\", \"infinity\"]\n"
    )
}

#[test]
fn a_release_is_deployed_and_one_that_fails_is_taken_back() {
    let _alone = alone();
    let server = Server::start();
    server.publish(&recipe("two"));
    let seen = server.run("deploy.sh", &["staging"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert_eq!(server.project.version(), "two");
    assert_eq!(link(&seen, "rollback", "record"), "ok");
    assert_eq!(link(&seen, "backup", "backup"), "ok");
    let report = server.report();
    assert!(report.contains("> ✓ Succeeded"), "{report}");

    server.publish(BROKEN);
    let seen = server.run("deploy-production.sh", &["--yes"]);
    assert_eq!(seen.code, Some(3), "{}", seen.stderr);
    assert_eq!(link(&seen, "rollback", "rollback"), "ok");
    assert_eq!(link(&seen, "step", "prune"), "skip");
    assert_eq!(server.project.version(), "two");
    assert_eq!(server.project.states(), ["running"; 4]);
    let end = "failed and rolled back: the earlier release serves (exit status 3)";
    assert!(seen.stderr.contains(end), "{}", seen.stderr);
    let verdict = "> ↶ Failed and rolled back: the earlier release serves and is verified";
    let report = server.report();
    assert!(report.contains(verdict), "{report}");

    // Made again later, of what is remembered.
    let again = server.run("generate-report.sh", &[]);
    assert_eq!(again.code, Some(3), "{}", again.stderr);
    let folder = server.project.folder().join("reports/deployments");
    let report = fs::read_to_string(folder.join("latest.md")).unwrap();
    assert!(report.contains(verdict), "{report}");
    fs::remove_dir_all(server.project.folder().join("reports")).unwrap();

    // By hand, to what was there before.
    let seen = server.run("rollback.sh", &["--list"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let mut back = server.script("rollback.sh", &[]);
    let seen = Seen::run(back.env("ROLLBACK_AUTO", "true"));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert_eq!(server.project.version(), "one");
}

#[test]
fn make_tells_the_pipeline_s_verdict() {
    let _alone = alone();
    let server = Server::start();
    server.publish(BROKEN);
    let include = format!(
        "include {}\n",
        server.installed.path("sextant.mk").display()
    );
    let makefile = server.project.logs().with_file_name("Makefile");
    fs::write(&makefile, include).unwrap();
    let mut make = server.command("make".into());
    make.arg("-C")
        .arg(server.project.folder())
        .arg("-f")
        .arg(makefile);
    let output = make
        .args(["deploy-prod", "CONFIRM=DEPLOY"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("deploy-prod] Error 3"), "{said}");
    assert_eq!(server.project.version(), "one");
}

#[test]
fn ctrl_c_goes_back_and_the_log_tells_it_to_the_end() {
    let _alone = alone();
    let server = Server::start();
    server.publish("FROM debian:trixie-slim\nENV VERSION=slow\nRUN sleep 300\n");
    let log = server.project.logs().join("one.log");
    let script = server.project.folder().join("scripts/deploy.sh");
    let mut deploy = by_cron(server.project.tool(script));
    deploy.arg("staging").env("LOG_FILE", &log).process_group(0);
    let mut deploy = deploy
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let logged = || fs::read_to_string(&log).unwrap_or_default();
    until("the build is at work", || {
        logged().contains("RUN sleep 300")
    });
    kill_process_group(Pid::from_child(&deploy), Signal::INT).unwrap();
    assert_eq!(deploy.wait().unwrap().code(), Some(3), "{}", logged());
    assert!(
        logged().contains("the earlier release serves (exit status 3)"),
        "{}",
        logged()
    );
    assert_eq!(server.project.version(), "one");
    assert_eq!(server.project.states(), ["running"; 4]);
}

#[test]
fn production_asks_for_what_it_needs_before_anything_is_touched() {
    let _alone = alone();
    let server = Server::start();
    let refused = |seen: &Seen, why: &str| {
        assert_eq!(seen.code, Some(1), "{}", seen.stderr);
        assert!(seen.stderr.contains(why), "{}", seen.stderr);
        for (tool, name) in [("rollback", "prepare"), ("step", "pull"), ("step", "up")] {
            assert_eq!(link(seen, tool, name), "skip", "{name}");
        }
    };
    let nobody = server.run("deploy-production.sh", &[]);
    refused(&nobody, "there is no terminal to ask for confirmation on");

    let mut staging = server.script("deploy-production.sh", &["--yes"]);
    let staging = Seen::run(staging.env("NODE_ENV", "staging"));
    refused(&staging, "NODE_ENV must be production: it is `staging`");

    fs::write(server.project.folder().join("left.txt"), "").unwrap();
    let dirty = server.run("deploy-production.sh", &["--yes"]);
    refused(&dirty, "not committed: ?? left.txt");
    assert_eq!(server.project.version(), "one");
}

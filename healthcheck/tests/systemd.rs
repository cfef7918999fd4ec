//! Units of a systemd that has started a machine: a container of one test's
//! own, in which `healthcheck` runs as it would there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // All of it is tests.

use serde_json::Value;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use toolkit::testing::{Seen, until};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");
/// Removes the container once its stdin ends, and so with the process of the
/// tests, however that ends.
const KEEPER: &str = "while read -r _; do :; done; docker rm --force \"$0\"";

/// The units, each with what its file says.
const UNITS: [(&str, &str); 4] = [
    (
        "shop",
        "ExecStart=/bin/sh -c 'test ! -e /tmp/broken && exec sleep infinity'",
    ),
    (
        "migrate",
        "Type=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target",
    ),
    ("slow", "Type=notify\nExecStart=/bin/sleep infinity"),
    (
        "looping",
        "ExecStart=/bin/false\nRestart=always\nRestartSec=1h",
    ),
];

/// A machine that systemd has started.
struct Machine {
    name: String,
    keeper: Child,
    folder: TempDir,
}

impl Machine {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            toolkit::durable::write(&folder.path().join(name), text.as_bytes()).unwrap();
        };
        let mut checks = "project = 'shop'\n[healthcheck]\ndiscover = false\n".to_owned();
        for (unit, service) in UNITS {
            write(
                &format!("{unit}.service"),
                &format!("[Service]\n{service}\n"),
            );
        }
        for (unit, _) in UNITS.into_iter().chain([("nowhere", "")]) {
            let check = format!("name = '{unit}'\nkind = 'process'\nsystemd = '{unit}.service'");
            checks = checks + "[[check]]\n" + &check + "\n";
        }
        write("sextant.toml", &checks);
        let name = format!("sextant-test-systemd-{}", std::process::id());
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let machine = Self {
            name,
            keeper,
            folder,
        };
        let folder = machine.folder.path().display().to_string();
        docker(
            ["run", "--detach", "--name", &machine.name]
                .into_iter()
                .chain(["--cap-add", "SYS_ADMIN", "--cgroupns", "host"])
                .chain(["--security-opt", "seccomp=unconfined"])
                .chain(["--security-opt", "apparmor=unconfined"])
                .chain(["--tmpfs", "/run", "--tmpfs", "/run/lock"])
                .chain(["--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"])
                .chain(["--volume", &format!("{folder}:/checks:ro")])
                .chain([
                    "--volume",
                    &format!("{HEALTHCHECK}:/usr/local/bin/healthcheck:ro"),
                ])
                .chain(["sextant-dev/systemd:257"]),
        );
        until("systemd has started it", || {
            let state = machine.exec(&["systemctl", "is-system-running"]).output();
            let state = state.unwrap().stdout;
            ["running\n", "degraded\n"]
                .iter()
                .any(|up| state == up.as_bytes())
        });
        machine.sh("cp /checks/*.service /usr/lib/systemd/system/ && systemctl daemon-reload");
        machine
    }

    fn exec(&self, argv: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["exec", "--env", "SEXTANT_STATE=/tmp/state", &self.name]);
        command.args(argv);
        command
    }

    /// Runs a line of shell in it, which succeeds.
    fn sh(&self, line: &str) {
        let output = self.exec(&["sh", "-c", line]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    }

    /// What comes of the check of a unit.
    fn look(&self, unit: &str) -> Value {
        let argv = [
            "healthcheck",
            "--config",
            "/checks/sextant.toml",
            "--no-input",
            unit,
        ];
        let seen = Seen::run(&mut self.exec(&argv));
        assert!(matches!(seen.code, Some(0 | 1)), "{seen:#?}");
        seen.data()["checks"][0].clone()
    }

    /// Its status and reason, and what was observed.
    fn told(&self, unit: &str) -> (String, String) {
        let found = self.look(unit);
        let word = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        let told = format!("{} {}", word("status"), word("reason"));
        (told.trim_end().to_owned(), word("observed"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn docker<'a>(args: impl IntoIterator<Item = &'a str>) {
    let output = Command::new("docker").args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/dev/setup test: {said}");
}

fn is(told: &(String, String), status: &str, observed: &str) {
    assert_eq!((told.0.as_str(), told.1.as_str()), (status, observed));
}

#[test]
fn units_are_seen_broken_and_mended() {
    let machine = Machine::start();
    let told = |unit: &str| machine.told(unit);

    is(&told("shop"), "fail process_stopped", "inactive (dead)");
    machine.sh("systemctl start shop");
    is(&told("shop"), "ok", "active (running)");
    let memory = |found: &Value| {
        let measures = found["measures"].as_array().unwrap().iter();
        let mut memory = measures.filter(|one| one["name"] == "memory");
        memory.next().and_then(|one| one["value"].as_f64())
    };
    let found = machine.look("shop");
    assert!(memory(&found).is_some_and(|bytes| bytes > 0.0), "{found:#}");

    // It dies, and is mended; then it does not start at all.
    machine.sh("systemctl kill --signal=KILL shop");
    until("it is seen killed", || {
        told("shop")
            == (
                "fail process_failed".into(),
                "failed (failed), result `signal`".into(),
            )
    });
    machine.sh("systemctl start shop");
    is(&told("shop"), "ok", "active (running)");
    machine.sh("touch /tmp/broken && systemctl restart shop");
    until("it is seen failed", || {
        told("shop")
            == (
                "fail process_failed".into(),
                "failed (failed), exit status 1".into(),
            )
    });
    machine.sh("rm /tmp/broken && systemctl start shop");
    is(&told("shop"), "ok", "active (running)");
    machine.sh("systemctl stop shop && systemctl mask shop");
    is(&told("shop"), "fail process_stopped", "masked");

    machine.sh("systemctl start --no-block looping");
    until("it is seen restarting", || {
        let seen = "activating (auto-restart), exit status 1";
        told("looping") == ("fail process_restarting".into(), seen.into())
    });
    machine.sh("systemctl start --no-block slow");
    until("it is seen starting", || {
        told("slow") == ("warn process_starting".into(), "activating (start)".into())
    });
    is(&told("migrate"), "fail process_stopped", "inactive (dead)");
    machine.sh("systemctl start migrate");
    let forgotten = machine.look("migrate");
    assert_eq!(forgotten["reason"], "process_stopped", "nothing wants it");
    assert!(
        forgotten["hint"]
            .as_str()
            .unwrap()
            .contains("another wants")
    );
    machine.sh("systemctl enable --quiet migrate && systemctl start migrate");
    is(&told("migrate"), "ok", "inactive (dead)");
    let (status, observed) = told("nowhere");
    assert_eq!(status, "fail process_missing");
    assert_eq!(observed, "there is no unit `nowhere.service`");
}

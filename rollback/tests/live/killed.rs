//! SIGKILL at every step of a deployment and of a rollback; then `--resume`,
//! or `--undo`.
//!
//! The steps are those that the journal shows: a new one is killed too.

use crate::shop::{Shop, Sight};
use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use toolkit::testing::until;

/// Runs in a process group of its own, and is killed with all of it as soon as
/// the journal has a line that holds `mark` for the `nth` time; whether it was.
fn killed_at(shop: &Shop, command: &mut Command, step: &str, mark: &str) -> bool {
    let hold = shop.project.folder().join("hold");
    if step == "maintenance off" {
        // The last step of a rollback is over at once, unless it is held.
        std::fs::write(&hold, "").unwrap();
    }
    let mut child = command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let line = format!("{{\"step\":\"{step}\",\"mark\":\"{mark}\"");
    let mut ended = false;
    until("the step is reached", || {
        ended = child.try_wait().unwrap().is_some();
        ended || shop.journal().contains(&line)
    });
    if !ended {
        kill_all(shop, &mut child);
    }
    let _ = std::fs::remove_file(&hold);
    !ended
}

/// Kills the group, and what it started: children have groups of their own,
/// told by the folder that they work for.
fn kill_all(shop: &Shop, child: &mut Child) {
    let state = shop.project.place().state().display().to_string();
    for _ in 0..3 {
        let script = r#"kill -9 -- -$1 2>/dev/null
for p in /proc/[0-9]*; do
  if tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -qxF "SEXTANT_STATE=$2"; then kill -9 "${p#/proc/}" 2>/dev/null; fi
done; true"#;
        // Not with the variable by which they are told.
        let _ = Command::new("bash")
            .args(["-c", script, "bash", &child.id().to_string(), &state])
            .stderr(Stdio::null())
            .status();
    }
    let _ = child.wait();
}

/// The steps that a run has, from the journals that it left.
fn steps_of(shop: &Shop) -> Vec<String> {
    let folder = shop.project.place().state().join("operations");
    let mut seen = BTreeSet::new();
    let mut steps = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for line in std::fs::read_to_string(paths.last().unwrap())
        .unwrap()
        .lines()
    {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(step) = entry["step"]
            .as_str()
            .filter(|step| seen.insert((*step).to_owned()))
        {
            steps.push(step.to_owned());
        }
    }
    steps
}

/// It serves, with data of one of two moments, and nothing is left half-way.
fn is_whole(shop: &Shop, allowed: &[&Sight], when: &str) {
    let now = shop.seen();
    assert!(
        allowed.contains(&&now),
        "{when}: {now:#?} is none of {allowed:#?}"
    );
    assert_eq!(shop.journal(), "", "{when}");
    // What a restore had just replaced when it was killed is kept, for a person to
    // drop: nobody had seen yet that the new one answers.
    let databases = shop.sql(
        "SELECT datname FROM pg_database WHERE datname LIKE 'shop%' AND datname NOT LIKE 'shop\\_\\_before\\_%'",
    );
    assert_eq!(databases, "shop", "{when}");
}

#[test]
fn a_killed_deployment_is_taken_back() {
    let shop = Shop::open();
    let before = shop.seen();
    assert_eq!(shop.deploy("v7").code, Some(0));
    let steps = steps_of(&shop);
    assert!(steps.len() >= 8, "{steps:?}");
    assert_eq!(shop.rollback("--force v1").code, Some(0));
    assert_eq!(shop.seen(), before);
    for step in &steps {
        assert!(
            killed_at(&shop, &mut shop.deployment("v7"), step, "begun"),
            "{step}"
        );
        let status = shop.rollback("--status");
        assert_eq!(status.reason(), "unfinished", "{step}");
        let resumed = shop.rollback("--resume");
        assert_eq!(resumed.code, Some(0), "{step}: {}", resumed.stderr);
        is_whole(&shop, &[&before], step);
    }
}

#[test]
fn a_killed_rollback_goes_on_or_back() {
    let shop = Shop::open();
    let first = shop.seen();
    assert_eq!(shop.deploy("v2").code, Some(0));
    let second = shop.seen();
    assert_eq!(shop.rollback("--force v1").code, Some(0));
    let steps = steps_of(&shop);
    assert!(steps.len() >= 8, "{steps:?}");
    // Each is killed on the way there and on the way back.
    let (mut here, mut there) = (first, second);
    for step in &steps {
        let mut command = shop.shell("rollback --undo --force", &[]);
        assert!(killed_at(&shop, &mut command, step, "begun"), "{step}");
        let undone = shop.rollback("--undo --force");
        assert_eq!(undone.code, Some(0), "{step}: {}", undone.stderr);
        is_whole(&shop, &[&here], step);

        // The undone one's undoing is the way there again.
        let version = if there.answer.contains("THREE") {
            "v2"
        } else {
            "v1"
        };
        let mut command = shop.shell("rollback --force $1", &[version]);
        assert!(killed_at(&shop, &mut command, step, "begun"), "{step}");
        let resumed = shop.rollback("--resume");
        assert_eq!(resumed.code, Some(0), "{step}: {}", resumed.stderr);
        is_whole(&shop, &[&there], step);
        std::mem::swap(&mut here, &mut there);
    }
}

//! Deployments and rollbacks, and how they ended.

use super::super::deployments::{Deployment, Outcome};
use super::*;

/// A deployment's links in their order, a second apart: `up ok`, `record skip`.
pub(super) fn deploy(history: &mut History, run: &str, at: Moment, links: &[&str], version: u32) {
    let of = |version: u32| json!({ "release": format!("r{version}"), "version": format!("v{version}"), "git_commit": "c" });
    for (second, link) in (0..).zip(links) {
        let (name, status) = link.split_once(' ').unwrap();
        let tool = match name {
            "prepare" | "record" | "rollback" => "rollback",
            "backup" | "smoketest" | "healthcheck" => name,
            _ => "step",
        };
        let mut data = match (name, status) {
            ("prepare", "ok") => of(version - 1),
            ("record", "ok") => of(version),
            ("rollback", "ok") => {
                json!({ "from": of(version), "to": of(version - 1), "downtime_ms": 9000 })
            }
            _ => json!({}),
        };
        if name == "record" && status == "ok" {
            data["from"] = of(version - 1);
        }
        history.of_run(
            run,
            &shown(at.after(second * 1000)),
            (tool, name),
            status,
            data,
        );
    }
}

const GOOD: [&str; 7] = [
    "prepare ok",
    "backup ok",
    "build ok",
    "up ok",
    "smoketest ok",
    "rollback skip",
    "record ok",
];
const ROLLED_BACK: [&str; 7] = [
    "prepare ok",
    "backup ok",
    "build ok",
    "up ok",
    "smoketest fail",
    "rollback ok",
    "record skip",
];

fn at(minute: i64) -> Moment {
    Moment::parse(&minute_of(minute)).unwrap()
}

fn one(links: &[&str]) -> Deployment {
    let mut history = History::default();
    deploy(&mut history, "r", at(60), links, 2);
    let mut found = history.day().deployments;
    assert_eq!((found.list.len(), found.rollbacks.len()), (1, 0));
    found.list.remove(0)
}

#[test]
fn how_a_deployment_ended_follows_from_its_records() {
    for (links, outcome) in [
        (&GOOD[..], Outcome::Good),
        (
            &["build ok", "migrate ok", "up ok", "healthcheck ok"],
            Outcome::Good,
        ),
        (&ROLLED_BACK, Outcome::RolledBack),
        (
            &[
                "healthcheck fail",
                "prepare skip",
                "up skip",
                "rollback skip",
                "record skip",
            ],
            Outcome::Stopped,
        ),
        (
            &[
                "prepare ok",
                "build fail",
                "up skip",
                "rollback ok",
                "record skip",
            ],
            Outcome::Stopped,
        ),
        (
            &[
                "prepare ok",
                "migrate fail",
                "up skip",
                "rollback ok",
                "record skip",
            ],
            Outcome::RolledBack,
        ),
        (
            &[
                "prepare ok",
                "up ok",
                "smoketest fail",
                "rollback fail",
                "record skip",
            ],
            Outcome::RollbackFailed,
        ),
        (
            &["build ok", "up fail", "healthcheck skip"],
            Outcome::Failed,
        ),
        (&["prepare ok", "backup ok", "up ok"], Outcome::Unfinished),
    ] {
        assert_eq!(one(links).outcome, outcome, "{links:?}");
    }
}

#[test]
fn the_order_of_lines_is_not_that_of_links() {
    let mut history = History::default();
    deploy(&mut history, "r", at(60), &ROLLED_BACK, 2);
    let ordered = history.day().deployments;
    history.lines.reverse();
    assert_eq!(history.day().deployments, ordered);
    assert_eq!(ordered.counts.rolled_back, 1);
}

#[test]
fn it_says_what_was_deployed_and_what_failed_first() {
    let good = one(&GOOD);
    let version = |release: &Option<_>| {
        let release: &super::super::runs::Release = release.as_ref().unwrap();
        release.version.clone()
    };
    assert_eq!(
        (version(&good.before), version(&good.brought)),
        ("v1".into(), "v2".into())
    );
    assert_eq!((good.failure.as_ref(), good.downtime_ms), (None, None));
    // From the first one's beginning.
    assert_eq!(
        (good.from, good.to, good.ms),
        (at(60).before(1000), at(60).after(6000), 7000)
    );
    let back = one(&ROLLED_BACK);
    assert_eq!(
        (version(&back.before), version(&back.brought)),
        ("v1".into(), "v2".into())
    );
    let failure = back.failure.unwrap();
    assert_eq!(
        (failure.name.as_str(), failure.reason.as_deref()),
        ("smoketest", Some("broken"))
    );
    assert_eq!(back.downtime_ms, Some(9000));
}

#[test]
fn they_are_counted_where_they_ended() {
    let mut history = History::default();
    deploy(&mut history, "before", at(-1).after(56_000), &GOOD, 2);
    deploy(&mut history, "good", at(30), &GOOD, 3);
    deploy(&mut history, "bad", at(60), &ROLLED_BACK, 4);
    deploy(&mut history, "after", at(1440).before(2000), &GOOD, 4);
    deploy(&mut history, "by hand", at(90), &["rollback ok"], 3);
    deploy(&mut history, "refused", at(91), &["rollback fail"], 3);
    deploy(
        &mut history,
        "nothing",
        at(92),
        &["backup fail", "rollback skip"],
        3,
    );
    let next = history.of("2026-11-17", Length::Day).deployments;
    assert_eq!((next.counts.good, next.list[0].run.as_str()), (1, "after"));
    let found = history.day().deployments;
    assert_eq!(
        (
            found.counts.good,
            found.counts.rolled_back,
            found.list.len()
        ),
        (2, 1, 3)
    );
    let by_hand: Vec<_> = found
        .rollbacks
        .iter()
        .map(|one| (one.is_good, one.ms))
        .collect();
    assert_eq!(by_hand, [(true, 1000), (false, 1000)]);
    assert_eq!(found.downtime_ms, 18_000);
    assert_eq!(found.rollbacks[0].left.as_ref().unwrap().version, "v3");
    assert!(found.rollbacks[1].failure.is_some());
}

#[test]
fn thousands_of_other_runs_hide_no_deployment() {
    let mut history = History::default();
    history.every_five(-40_000, -10, &["page ok"]);
    deploy(&mut history, "r", at(30), &["backup fail"], 2);
    history.every_five(0, 30, &["page ok"]);
    deploy(&mut history, "r", at(31), &["up skip", "rollback skip"], 2);
    history.every_five(32, 1440, &["page ok"]);
    assert_eq!(history.day().deployments.counts.stopped, 1);
}

//! Releases: what was deployed, what it replaced, and the way back.

use super::is_by;
use serde::Serialize;
use serde_json::Value;
use toolkit::record::{Record, Status};

/// A release, as far as records name it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Release {
    /// Its name: the local date and time at which it was first seen.
    pub(crate) id: Option<String>,
    /// The tag, else the short commit.
    pub(crate) version: Option<String>,
    pub(crate) commit: Option<String>,
    pub(crate) branch: Option<String>,
}

/// From what to what.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Change {
    /// What served before.
    pub(crate) from: Option<Release>,
    /// What was deployed.
    pub(crate) to: Option<Release>,
    /// What serves now, as far as a record that is `ok` says so.
    pub(crate) serving: Option<Release>,
}

/// What there is to go back to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct WayBack {
    pub(crate) target: Release,
    /// The images of its services.
    pub(crate) images: Vec<Image>,
    /// How many of these are kept by a tag.
    pub(crate) kept: usize,
    /// The backup set with its data.
    pub(crate) set: Option<String>,
    /// Whether that was restored in a test; none where nobody tried.
    pub(crate) proven: Option<bool>,
}

/// An image of a release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Image {
    pub(crate) service: String,
    pub(crate) id: Option<String>,
    /// What the Compose file calls it.
    pub(crate) name: Option<String>,
    /// The tag that keeps it.
    pub(crate) tag: Option<String>,
}

/// A rollback that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Rollback {
    pub(crate) status: Status,
    pub(crate) from: Release,
    pub(crate) to: Release,
    /// From the stop of the services until all was healthy, in milliseconds.
    pub(crate) downtime_ms: Option<u64>,
    pub(crate) steps: Vec<RollbackStep>,
    /// The backup set whose data were brought back; none where they stayed.
    pub(crate) set: Option<String>,
    pub(crate) parts: Vec<String>,
    /// The step that failed.
    pub(crate) failed: Option<String>,
    /// Whether maintenance mode was left on.
    pub(crate) maintenance: Option<bool>,
    /// What a person can do now.
    pub(crate) commands: Vec<String>,
}

/// A step of a rollback.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RollbackStep {
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) ms: Option<u64>,
    /// Whether there was nothing to do.
    pub(crate) already: bool,
}

impl Release {
    /// Reads a release of a record, or its title: `v2 (20261120_164500)`.
    fn of(value: &Value) -> Option<Self> {
        if let Some(title) = text(value) {
            let version = title.split(" (").next().unwrap_or_default();
            return Some(Self {
                version: Some(version.to_owned()),
                ..Self::default()
            });
        }
        let release = Self {
            id: text(&value["release"]),
            version: text(&value["version"]),
            commit: text(&value["git_commit"]),
            branch: text(&value["git_branch"]),
        };
        (release != Self::default()).then_some(release)
    }
}

impl Change {
    pub(super) fn of(records: &[Record]) -> Self {
        let prepared = done(records, "prepare").and_then(|record| Release::of(&record.data));
        let recorded = done(records, "record");
        let rollback = records.iter().rfind(|record| went_back(record));
        let back = done(records, "rollback");
        let returned = back.and_then(|record| Release::of(&record.data["to"]));
        let deployed = recorded.and_then(|record| Release::of(&record.data));
        let failed = rollback.and_then(|record| Release::of(&record.data["from"]));
        let before = recorded.and_then(|record| Release::of(&record.data["from"]));
        Self {
            // By hand, there was no deployment: what was left is what it is from.
            from: before.or(prepared.clone()).or(match prepared {
                None => failed.clone(),
                Some(_) => None,
            }),
            to: deployed.clone().or(match done(records, "prepare") {
                Some(_) => failed,
                None => returned.clone(),
            }),
            serving: returned.or(deployed),
        }
    }
}

impl WayBack {
    /// What `rollback --prepare` kept, and the set that goes with it.
    pub(super) fn of(records: &[Record]) -> Option<Self> {
        let prepared = done(records, "prepare")?;
        let images = prepared.data["services"].as_object();
        let images = images.into_iter().flatten().map(|(service, image)| Image {
            service: service.clone(),
            id: text(&image["id"]),
            name: text(&image["name"]),
            tag: text(&image["tag"]),
        });
        let images: Vec<_> = images.collect();
        let recorded = done(records, "record").and_then(|record| text(&record.data["set"]));
        let of_run = |record: &&Record| record.tool == "backup" && record.run == prepared.run;
        let saved = records.iter().filter(of_run);
        let mut saved = saved.filter(|record| is_done(record.status));
        let set = recorded.or_else(|| text(&saved.next()?.data["path"]));
        Some(Self {
            target: Release::of(&prepared.data).filter(|_| !images.is_empty())?,
            kept: images.iter().filter(|image| image.tag.is_some()).count(),
            proven: set
                .as_deref()
                .and_then(|set| super::backup::proof(records, set)),
            images,
            set,
        })
    }
}

impl Rollback {
    /// The last that was tried.
    pub(super) fn of(records: &[Record]) -> Option<Self> {
        let record = records.iter().rfind(|record| went_back(record))?;
        let data = &record.data;
        let list = |value: &Value| -> Vec<String> {
            let texts = value.as_array().into_iter().flatten();
            texts.filter_map(text).collect()
        };
        let steps = data["steps"].as_array().into_iter().flatten();
        let steps = steps.filter_map(|step| {
            Some(RollbackStep {
                name: text(&step["name"])?,
                status: text(&step["status"]).unwrap_or_default(),
                ms: step["ms"].as_u64(),
                already: step["already"] == true,
            })
        });
        Some(Self {
            status: record.status,
            from: Release::of(&data["from"]).unwrap_or_default(),
            // One that failed early names no release.
            to: Release::of(&data["to"])
                .or_else(|| Release::of(&done(records, "prepare")?.data))
                .unwrap_or_default(),
            downtime_ms: data["downtime_ms"].as_u64(),
            steps: steps.collect(),
            set: text(&data["data"]["set"]),
            parts: list(&data["data"]["parts"]),
            failed: text(&data["step"]),
            maintenance: data["maintenance"].as_bool(),
            commands: list(&data["commands"]),
        })
    }
}

/// The release that `rollback --record` wrote down, with its images.
pub(super) fn recorded(records: &[Record]) -> Option<&Record> {
    done(records, "record")
}

/// Whether it is a rollback that was tried.
pub(super) fn went_back(record: &Record) -> bool {
    is_by(record, "rollback", "rollback") && record.status != Status::Skip
}

/// The last record of this link of `rollback` that is done.
fn done<'r>(records: &'r [Record], name: &str) -> Option<&'r Record> {
    let mut found = records.iter().rev();
    found.find(|record| is_by(record, "rollback", name) && is_done(record.status))
}

fn is_done(status: Status) -> bool {
    matches!(status, Status::Ok | Status::Warn)
}

pub(super) fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

//! Sets written by hand, as `deployment-info.json` is documented.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use toolkit::checksum;
use toolkit::testing::Place;

/// What a hand-made part holds: bytes that a damaged disk may change.
pub(crate) const BYTES: &[u8] = b"REDIS0011, let us say";

/// A complete set of the application `app` with one part, `uploads`.
pub(crate) fn set(place: &Place, stamp: &str) -> PathBuf {
    set_of(place, stamp, "app", &["uploads"])
}

/// A complete set of these parts.
pub(crate) fn set_of(place: &Place, stamp: &str, project: &str, parts: &[&str]) -> PathBuf {
    let folder = place.backups().join(stamp);
    fs::create_dir_all(&folder).unwrap();
    let parts: Vec<_> = parts.iter().map(|name| part(&folder, name)).collect();
    let info = info(stamp, project, &parts);
    fs::write(folder.join("deployment-info.json"), info.to_string()).unwrap();
    folder
}

/// A complete set of one file with its proof beside it.
pub(crate) fn flat(place: &Place, prefix: &str, stamp: &str) -> PathBuf {
    let folder = place.backups();
    fs::create_dir_all(&folder).unwrap();
    let mut part = part(&folder, &format!("{prefix}-{stamp}"));
    part["name"] = "uploads".into();
    let info = info(stamp, "app", &[part]);
    let proof = folder.join(format!("{prefix}-{stamp}.json"));
    fs::write(&proof, info.to_string()).unwrap();
    proof.with_extension("tar.gz")
}

/// Writes a part's file and describes it.
fn part(folder: &Path, name: &str) -> Value {
    let file = format!("{name}.tar.gz");
    fs::write(folder.join(&file), BYTES).unwrap();
    let (bytes, sha256) = checksum::of_file(&folder.join(&file)).unwrap();
    json!({
        "name": name, "file": file, "bytes": bytes, "sha256": sha256, "raw_bytes": 100, "ms": 1,
        "files": { "roots": [], "entries": 1 },
    })
}

fn info(stamp: &str, project: &str, parts: &[Value]) -> Value {
    json!({
        "version": "v1.2.3", "date": date(stamp), "deployed_by": "root", "hostname": "prod-01",
        "git_commit": "", "git_branch": "", "backup_path": "", "status": "success",
        "format": 1, "project": project, "run": "R", "ms": 5, "images": {}, "parts": parts,
    })
}

/// `20261120_020000` as a date.
fn date(stamp: &str) -> String {
    let (day, time) = stamp.split_once('_').unwrap();
    format!(
        "{}-{}-{}T{}:{}:{}+00:00",
        &day[..4],
        &day[4..6],
        &day[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    )
}

/// The stamp of so many hours ago.
pub(crate) fn stamp_of(hours_ago: i64) -> String {
    let time = chrono::Utc::now() - chrono::TimeDelta::hours(hours_ago);
    time.format("%Y%m%d_%H%M%S").to_string()
}

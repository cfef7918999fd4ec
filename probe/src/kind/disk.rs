//! `disk`: how much room a file system has left.

use super::{Probe, Written};
use crate::report::Fault;
use crate::size::shown as size;
use crate::{Around, Limits, Measure, Report, Unit, aside};
use anyhow::{Context, Result};
use rustix::fs::{StatVfs, statvfs};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toolkit::render;

/// The file system that a path is on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Any path on it.
    path: PathBuf,
    /// From how many percent used on, as `df` counts them.
    #[serde(default = "used")]
    used: Limits,
    /// Down to how many bytes free.
    #[serde(default, deserialize_with = "crate::size::limits")]
    free: Limits,
    /// From how many percent of the inodes used on.
    #[serde(default = "used")]
    inodes: Limits,
    /// Down to how many bytes large, used or not.
    #[serde(default, deserialize_with = "crate::size::limits")]
    size: Limits,
}

fn used() -> Limits {
    Limits::new(80.0, 90.0)
}

impl Disk {
    /// The file system of `path`, which warns at 80 % used and fails at 90 %.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            used: used(),
            free: Limits::default(),
            inodes: used(),
            size: Limits::default(),
        }
    }
}

impl Written for Disk {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let all = [self.used, self.free, self.inodes, self.size];
        all.iter().all(Limits::is_none).then(|| {
            (
                "used",
                "the check expects nothing: give `used` a limit".into(),
            )
        })
    }
}

impl Probe for Disk {
    fn expects(&self) -> String {
        let path = self.path.display();
        if self.used.is_none() {
            return format!("room on `{path}`");
        }
        format!("{} of `{path}` used", self.used.expects_less(" %"))
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let path = around.config.resolve(&self.path);
        let asked = path.clone();
        // A file system over a network may be gone, and never answer.
        let room = aside::ask(around.deadline, move || Ok(Room::of(&statvfs(&asked)?)));
        let room = room.with_context(|| format!("cannot look at `{}`", path.display()))?;
        Ok(self.judge(&path, &room))
    }
}

/// What a file system holds, in bytes and in percent.
struct Room {
    total: u64,
    free: u64,
    used: f64,
    inodes: Option<f64>,
}

impl Room {
    fn of(stat: &StatVfs) -> Self {
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        let used = stat.f_blocks.saturating_sub(stat.f_bfree);
        // What is kept for root is neither used nor available.
        let usable = used.saturating_add(stat.f_bavail);
        // Btrfs and others have no fixed number of inodes.
        let inodes = (stat.f_files > 0)
            .then(|| percent(stat.f_files.saturating_sub(stat.f_ffree), stat.f_files));
        Self {
            total: bytes(stat.f_blocks),
            free: bytes(stat.f_bavail),
            used: percent(used, usable),
            inodes,
        }
    }
}

/// `part` of `whole` in percent; nothing of nothing is none of it.
#[allow(clippy::cast_precision_loss)] // a percentage of bytes
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 * 100.0 / whole as f64
    }
}

impl Disk {
    #[allow(clippy::cast_precision_loss)] // for graphs
    fn judge(&self, path: &Path, room: &Room) -> Report {
        let free = self.free;
        let shown = format!(
            "{:.0} % used, {} free of {}",
            room.used,
            render::size(room.free),
            render::size(room.total)
        );
        let mut report = Report::new(&shown);
        report.fact("path", path.display().to_string());
        report.measure(
            Measure::new("used", room.used, Unit::Percent)
                .limits(self.used)
                .max(100.0),
        );
        report.measure(
            Measure::new("free", room.free as f64, Unit::Bytes)
                .limits(free)
                .less_is_worse()
                .max(room.total as f64),
        );
        let hint = || {
            format!(
                "`du -xh {} | sort -h | tail` shows what is large",
                path.display()
            )
        };
        if let Some((level, limit)) = self.used.above(room.used) {
            let expected = format!("less than {limit} % used");
            report.fault(Fault::new(level, "disk_full", &shown, expected).hint(hint()));
        }
        if let Some((level, limit)) = free.below(room.free as f64) {
            let expected = format!("more than {} free", size(limit));
            report.fault(Fault::new(level, "disk_full", &shown, expected).hint(hint()));
        }
        if let Some((level, limit)) = self.size.below(room.total as f64) {
            let observed = format!("it holds {}", render::size(room.total));
            let expected = format!("more than {}", size(limit));
            report.fault(Fault::new(level, "disk_small", observed, expected));
        }
        if let Some(inodes) = room.inodes {
            report.measure(
                Measure::new("inodes", inodes, Unit::Percent)
                    .limits(self.inodes)
                    .max(100.0),
            );
            if let Some((level, limit)) = self.inodes.above(inodes) {
                let observed = format!("{inodes:.0} % of the inodes used");
                let expected = format!("less than {limit} %");
                let hint = "look for folders with very many small files";
                report.fault(Fault::new(level, "inodes_full", observed, expected).hint(hint));
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(disk: &Disk, room: &Room) -> Vec<&'static str> {
        let report = disk.judge(Path::new("/data"), room);
        report.faults.iter().map(|fault| fault.reason).collect()
    }

    fn room(used: f64, free: u64, inodes: Option<f64>) -> Room {
        Room {
            total: 100 << 30,
            free,
            used,
            inodes,
        }
    }

    #[test]
    fn room_and_inodes_each_run_out() {
        let disk = Disk::at("/data");
        assert!(reasons(&disk, &room(79.0, 1 << 30, Some(10.0))).is_empty());
        assert_eq!(reasons(&disk, &room(95.0, 1 << 30, None)), ["disk_full"]);
        assert_eq!(
            reasons(&disk, &room(5.0, 1 << 30, Some(99.0))),
            ["inodes_full"]
        );
    }

    #[test]
    fn a_small_disk_is_told_even_when_it_is_empty() {
        let disk = Disk {
            size: Limits::new(0.0, 2e11),
            ..Disk::at("/data")
        };
        assert_eq!(reasons(&disk, &room(0.0, 1 << 30, None)), ["disk_small"]);
        let disk = Disk {
            size: Limits::new(0.0, 1e11),
            ..disk
        };
        assert!(reasons(&disk, &room(0.0, 1 << 30, None)).is_empty());
    }

    #[test]
    fn reserved_blocks_are_neither_used_nor_free() {
        assert!((percent(90, 95) - 94.7).abs() < 0.1);
        assert!(percent(0, 0).abs() < f64::EPSILON);
    }
}

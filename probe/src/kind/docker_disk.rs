//! `docker-disk`: how much disk Docker takes.

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Around, Limits, Measure, Report, Unit, program};
use anyhow::Result;
use serde::Deserialize;
use toolkit::command::Command;
use toolkit::failure::Failure;

/// What Docker's images, containers, volumes and build cache take.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DockerDisk {
    /// What all images may take: `{ warn = "20 GiB" }`.
    #[serde(deserialize_with = "crate::size::limits")]
    pub images: Limits,
    /// What containers may have written beside their volumes.
    #[serde(deserialize_with = "crate::size::limits")]
    pub containers: Limits,
    /// What all volumes may take.
    #[serde(deserialize_with = "crate::size::limits")]
    pub volumes: Limits,
    /// What the build cache may take.
    #[serde(deserialize_with = "crate::size::limits")]
    pub build_cache: Limits,
    /// What all of this may take.
    #[serde(deserialize_with = "crate::size::limits")]
    pub total: Limits,
}

/// One line of `docker system df`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    #[serde(rename = "Type")]
    name: String,
    size: String,
    reclaimable: String,
}

impl DockerDisk {
    /// Each part's limits, with its name here, and the engine's for it.
    fn parts(&self) -> [(&'static str, &'static str, Limits, &'static str); 4] {
        [
            ("images", "Images", self.images, "docker image prune -a"),
            (
                "containers",
                "Containers",
                self.containers,
                "docker container prune",
            ),
            (
                "volumes",
                "Local Volumes",
                self.volumes,
                "docker volume prune",
            ),
            (
                "build_cache",
                "Build Cache",
                self.build_cache,
                "docker builder prune",
            ),
        ]
    }
}

impl Written for DockerDisk {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let has_none = self
            .parts()
            .iter()
            .all(|(_, _, limits, _)| limits.is_none());
        (has_none && self.total.is_none()).then(|| {
            let message =
                "it has no limits: `images`, `containers`, `volumes`, `build_cache` or `total`";
            ("kind", message.to_owned())
        })
    }
}

impl Probe for DockerDisk {
    fn expects(&self) -> String {
        "Docker takes less disk than its limits".to_owned()
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let df = Command::new("docker").args(["system", "df", "--format", "{{json .}}"]);
        let written = program::read(&df, around.deadline).map_err(|error| {
            let failure = Failure::of(&error);
            match failure.reason {
                "command_failed" => Failure {
                    reason: toolkit::stack::docker::UNREACHABLE,
                    ..failure
                }
                .hint("start it with `sudo systemctl start docker`, or correct DOCKER_HOST")
                .into(),
                _ => error,
            }
        })?;
        let parts = serde_json::Deserializer::from_slice(&written).into_iter::<Part>();
        let parts: Result<Vec<_>, _> = parts.collect();
        let parts = parts.map_err(|error| {
            let message = format!("cannot read what `docker system df` wrote: {error}");
            Failure::new("docker_disk_unknown", message)
        })?;
        Ok(self.judge(&parts))
    }
}

impl DockerDisk {
    fn judge(&self, parts: &[Part]) -> Report {
        let mut report = Report::default();
        let mut shown = Vec::new();
        let mut total = Some(0.0);
        for (name, engines, limits, prune) in self.parts() {
            let part = parts.iter().find(|part| part.name == engines);
            let size = part.and_then(|part| bytes(&part.size));
            total = total.zip(size).map(|(total, size)| total + size);
            if let (Some(part), Some(size)) = (part, size) {
                shown.push(format!("{name} {}", part.size));
                report.measure(Measure::new(name, size, Unit::Bytes).limits(limits));
                // `1.5GB (73%)`
                let free = part.reclaimable.split(' ').next().and_then(bytes);
                report.fact(&format!("{name}_reclaimable"), free);
            }
            let hint = format!("`{prune}` removes what nothing uses");
            report.faults.extend(over(limits, name, size, &hint));
        }
        let hint = "`docker system df -v` shows what takes it";
        report
            .faults
            .extend(over(self.total, "all of it", total, hint));
        if let Some(total) = total {
            report.measure(Measure::new("total", total, Unit::Bytes).limits(self.total));
        }
        report.observed = shown.join(", ");
        report
    }
}

fn over(limits: Limits, name: &str, size: Option<f64>, hint: &str) -> Option<Fault> {
    let Some(size) = size else {
        // What cannot be seen has not been found small.
        return (!limits.is_none()).then(|| {
            let observed = format!("the engine does not say what `{name}` takes");
            Fault::fail("docker_disk_unknown", observed, "it says so")
        });
    };
    let (level, limit) = limits.above(size)?;
    let (observed, expected) = (
        format!("{name}: {size} bytes"),
        format!("less than {limit} bytes"),
    );
    Some(Fault::new(level, "docker_disk_full", observed, expected).hint(hint))
}

/// A size as Docker writes it, in decimal units and four digits:
/// <https://pkg.go.dev/github.com/docker/go-units#HumanSize>.
fn bytes(text: &str) -> Option<f64> {
    let end = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(end);
    let unit = match unit {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "PB" => 1e15,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, size: &str) -> Part {
        Part {
            name: name.into(),
            size: size.into(),
            reclaimable: "1.543GB (73%)".into(),
        }
    }

    #[test]
    fn reads_sizes_as_docker_writes_them() {
        for (text, size) in [
            ("0B", 0.0),
            ("65B", 65.0),
            ("12.5kB", 12500.0),
            ("2GB", 2e9),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "N/A", "12", "GB", "1.2GiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_small() {
        let wanted = DockerDisk {
            volumes: Limits::new(1e9, 2e9),
            total: Limits::new(9e9, 9e9),
            ..DockerDisk::default()
        };
        let reasons = |parts: &[Part]| -> Vec<_> {
            let faults = wanted.judge(parts).faults;
            faults.into_iter().map(|fault| fault.reason).collect()
        };
        let all = |volumes: &str| {
            let others = ["Images", "Containers", "Build Cache"].map(|name| part(name, "5MB"));
            [&others[..], &[part("Local Volumes", volumes)]].concat()
        };
        assert_eq!(reasons(&all("0.9GB")), [] as [&str; 0]);
        assert_eq!(reasons(&all("1.5GB")), ["docker_disk_full"]);
        assert_eq!(reasons(&[]), ["docker_disk_unknown", "docker_disk_unknown"]);
    }
}

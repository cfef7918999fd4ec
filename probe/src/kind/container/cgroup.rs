//! A container's counters in the kernel's own files, from which the engine has
//! them too: read at once, where the engine's collector answers once a second.
//! See cgroups(7), and the kernel's admin-guide for cgroup-v1 and cgroup-v2.

use super::usage::{Sample, in_use};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

/// How long the id of a container is, in hexadecimal digits.
const ID: usize = 64;

/// Where the kernel shows processes and control groups.
#[derive(Debug)]
pub(super) struct Kernel<'a> {
    pub(super) proc: &'a Path,
    pub(super) cgroup: &'a Path,
}

impl Kernel<'_> {
    /// This machine's.
    pub(super) fn here() -> Self {
        Self {
            proc: Path::new("/proc"),
            cgroup: Path::new("/sys/fs/cgroup"),
        }
    }
}

/// The control group of one container.
#[derive(Debug)]
pub(super) struct Group {
    folders: Folders,
    /// How many processors there are.
    cpus: f64,
    since: Instant,
}

#[derive(Debug)]
enum Folders {
    V1 { memory: PathBuf, cpuacct: PathBuf },
    V2(PathBuf),
}

impl Group {
    /// That of the container with this id, whose first process is `pid`.
    ///
    /// None where it cannot be seen from here, as when the engine is another
    /// machine's or this process is in a container itself, and where the process
    /// with that number is not this container's.
    pub(super) fn of(id: &str, pid: u32, kernel: &Kernel<'_>) -> Option<Self> {
        if id.len() != ID || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let process = kernel.proc.join(pid.to_string());
        let groups = fs::read_to_string(process.join("cgroup")).ok()?;
        let path = |controller| within(&groups, controller, id);
        let folders = match (path("memory"), path("cpuacct")) {
            // Where the two share a hierarchy with others, these are links.
            (Some(memory), Some(cpuacct)) => Folders::V1 {
                memory: kernel.cgroup.join("memory").join(memory),
                cpuacct: kernel.cgroup.join("cpuacct").join(cpuacct),
            },
            _ => Folders::V2(kernel.cgroup.join(path("")?)),
        };
        Some(Self {
            folders,
            cpus: processors(kernel.proc)?,
            since: Instant::now(),
        })
    }

    /// One look; none where the container has ended, or this is not counted.
    pub(super) fn sample(&self) -> Option<Sample> {
        let (used, inactive, cpu) = match &self.folders {
            Folders::V1 { memory, cpuacct } => (
                number(&memory.join("memory.usage_in_bytes"))?,
                field(&memory.join("memory.stat"), "total_inactive_file")?,
                number(&cpuacct.join("cpuacct.usage"))?,
            ),
            Folders::V2(folder) => (
                number(&folder.join("memory.current"))?,
                field(&folder.join("memory.stat"), "inactive_file")?,
                field(&folder.join("cpu.stat"), "usage_usec")? * 1e3,
            ),
        };
        Some(Sample {
            at: self.since.elapsed(),
            cpu,
            cpus: self.cpus,
            memory: in_use(used, inactive),
        })
    }
}

/// The folder of a container's control group within the hierarchy of a
/// controller; that of version 2 has no name.
///
/// A process of the container may stand in a group below it.
fn within(groups: &str, controller: &str, id: &str) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let is_it = controllers.split(',').any(|one| one == controller);
        is_it.then_some(path)
    })?;
    let mut folder = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::RootDir => {}
            Component::Normal(name) => {
                folder.push(name);
                // `ID`, or `docker-ID.scope` where systemd keeps the groups.
                if name.to_str().is_some_and(|name| name.contains(id)) {
                    return Some(folder);
                }
            }
            // It is outside of what this process sees of the hierarchy.
            _ => return None,
        }
    }
    None
}

/// How many processors are at work, whichever of them this process may use.
fn processors(proc: &Path) -> Option<f64> {
    let stat = fs::read_to_string(proc.join("stat")).ok()?;
    let each = stat.lines().filter_map(|line| line.strip_prefix("cpu"));
    let count = each.filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    u32::try_from(count.count()).ok().map(f64::from)
}

fn number(file: &Path) -> Option<f64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// A number of a file that has a name and a number on each line.
fn field(file: &Path, name: &str) -> Option<f64> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[cfg(test)]
mod tests;

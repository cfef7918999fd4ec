//! Whose a thing is that a killed run may have left behind.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::process;

/// A process, told apart from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pid: u32,
    /// When it started, in clock ticks since the machine did.
    started: u64,
    /// The machine's start.
    boot: String,
}

impl Owner {
    /// This process.
    pub(super) fn this() -> Result<Self> {
        let pid = process::id();
        Ok(Self {
            pid,
            started: started(pid).context("cannot read `/proc`")?,
            boot: boot()?,
        })
    }

    /// Whether that process still runs.
    pub(super) fn is_alive(&self) -> bool {
        boot().is_ok_and(|boot| boot == self.boot) && started(self.pid) == Some(self.started)
    }
}

fn boot() -> Result<String> {
    let path = "/proc/sys/kernel/random/boot_id";
    let id = fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))?;
    Ok(id.trim().to_owned())
}

/// The 22nd field of `/proc/<pid>/stat` (`proc(5)`); nothing for a process that
/// is gone, or that has ended and is waited for by nobody.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name, which may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<_> = after_name.split_whitespace().collect();
    if matches!(fields.first(), Some(&("Z" | "X"))) {
        return None;
    }
    fields.get(19)?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a child that nobody waits for
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn one_that_has_ended_is_gone_though_nobody_waited_for_it() {
        let mut cat = Command::new("cat");
        let mut child = cat.stdin(Stdio::piped()).spawn().unwrap();
        let owner = Owner {
            pid: child.id(),
            started: started(child.id()).unwrap(),
            boot: boot().unwrap(),
        };
        assert!(owner.is_alive());
        drop(child.stdin.take());
        let stat = format!("/proc/{}/stat", child.id());
        while !fs::read_to_string(&stat).unwrap().contains(") Z ") {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(!owner.is_alive());
        child.wait().unwrap();
    }

    #[test]
    fn tells_processes_apart() {
        let this = Owner::this().unwrap();
        assert!(this.is_alive());
        let gone = [
            Owner {
                started: this.started + 1,
                ..this.clone()
            },
            Owner {
                boot: "another".into(),
                ..this.clone()
            },
            Owner {
                pid: u32::MAX,
                ..this.clone()
            },
        ];
        assert!(!gone.iter().any(Owner::is_alive));
    }
}

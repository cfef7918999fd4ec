//! Whom a deployment belongs to: the process group of its pipeline.
//!
//! A pipeline has no process that lives from its first link to its last. Its
//! group does: a script and all that it starts, or, typed into a shell, the
//! pipeline's own. While a member is alive that is older than the operation,
//! the operation goes on; a group's number that was given out anew has younger
//! members only.
//!
//! Source: proc(5), `/proc/[pid]/stat`, fields 5 (`pgrp`) and 22 (`starttime`);
//! credentials(7) on process groups.

use serde_json::{Value, json};
use std::fs;

/// The group that this process is in.
pub fn this() -> Value {
    let own = rustix::process::getpgrp().as_raw_nonzero().get();
    json!({ "group": own, "boot": boot(), "until": newest(own), "leader": name_of(own) })
}

/// Whether an operation's processes are at work still.
pub fn is_at_work(owner: &Value) -> bool {
    let until = owner["until"].as_u64().unwrap_or(0);
    owner["boot"].as_str() == boot().as_deref()
        && group(owner).is_some_and(|group| members(group).any(|begun| begun <= until))
}

/// [`is_at_work`], and this process is none of them.
pub fn is_another(owner: &Value) -> bool {
    let own = rustix::process::getpgrp().as_raw_nonzero().get();
    group(owner) != Some(own) && is_at_work(owner)
}

fn group(owner: &Value) -> Option<i32> {
    i32::try_from(owner["group"].as_i64()?).ok()
}

/// The owner in words.
pub fn describe(owner: &Value) -> String {
    let group = owner["group"].as_i64().unwrap_or_default();
    match owner["leader"].as_str() {
        Some(name) => format!("`{name}`, process {group}"),
        None => format!("process group {group}"),
    }
}

/// When the newest member was started, in clock ticks since the boot.
fn newest(group: i32) -> u64 {
    members(group).max().unwrap_or(0)
}

/// When each member of a group was started. Zombies have ended.
fn members(group: i32) -> impl Iterator<Item = u64> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(move |process| {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        // The name, in parentheses, may hold anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<_> = fields.split_whitespace().collect();
        let is_member = fields.get(2)?.parse() == Ok(group) && !matches!(fields[0], "Z" | "X");
        is_member.then(|| fields.get(19)?.parse().ok()).flatten()
    })
}

fn name_of(process: i32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim().to_owned())
}

fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_at_work_and_not_another() {
        assert!(is_at_work(&this()));
        assert!(!is_another(&this()));
    }

    #[test]
    fn what_another_boot_or_nobody_owns_is_left() {
        let mut owner = this();
        owner["group"] = 1.into();
        owner["until"] = u64::MAX.into();
        let of_another_boot = {
            let mut owner = owner.clone();
            owner["boot"] = "another".into();
            owner
        };
        assert!(!is_another(&of_another_boot));
        owner["group"] = i32::MAX.into();
        assert!(!is_another(&owner));
    }
}

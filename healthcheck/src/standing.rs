//! How checks stand over several runs: `fail_after` and `recover_after` results
//! in a row, kept in the project's state folder.
//!
//! A result that does not count yet is a warning that says so: a failure is not
//! hidden, and what was seen to be well is not called a failure.

use anyhow::Result;
use probe::{Check, Finding, Rules};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use toolkit::failure::Failure;
use toolkit::record::Status;
use toolkit::run::Run;

/// The file, in the state folder.
const FILE: &str = "standing.json";
/// Its version.
const VERSION: u64 = 1;

/// What the file holds: checks that do not stand well without reserve.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u64,
    checks: BTreeMap<String, Standing>,
}

impl Kept {
    /// What nothing is known of stands well.
    fn new() -> Self {
        Self {
            v: VERSION,
            checks: BTreeMap::new(),
        }
    }

    fn read(content: &[u8]) -> Option<Self> {
        let kept: Self = serde_json::from_slice(content).ok()?;
        (kept.v == VERSION).then_some(kept)
    }

    fn line(&self) -> Vec<u8> {
        // It has string keys and whole numbers only: it always serialises.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// How a check stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    /// Whether it counts as failed.
    failed: bool,
    /// How many results in a row say otherwise.
    otherwise: u32,
}

impl Standing {
    /// Takes one more result. Where it does not count yet: how many in a row
    /// there are, and how many it takes.
    fn take(&mut self, failed: bool, rules: &Rules) -> Option<(u32, u32)> {
        if failed == self.failed {
            self.otherwise = 0;
            return None;
        }
        let needed = if failed {
            rules.fail_after
        } else {
            rules.recover_after
        };
        self.otherwise = self.otherwise.saturating_add(1);
        if self.otherwise < needed {
            return Some((self.otherwise, needed));
        }
        *self = Self {
            failed,
            otherwise: 0,
        };
        None
    }
}

/// Judges `findings`, one for each of `checks`, by those of earlier runs.
/// Checks that are not `known` any more are forgotten.
///
/// Where earlier ones cannot be had, the findings stay as they are, and the
/// failure returned says why.
pub(crate) fn judge(
    run: &mut Run,
    known: &BTreeSet<String>,
    checks: &[&Check],
    findings: &mut [Finding],
) -> Option<Failure> {
    let judged = kept(run, known, checks, findings);
    let (reason, message) = match judged {
        Ok(None) => return None,
        Ok(Some(message)) => ("standing_damaged", message),
        Err(error) => (
            "standing_unkept",
            format!("results in a row are not counted: {error:#}"),
        ),
    };
    Some(Failure::new(reason, message))
}

/// [`judge`]; returns what is to be said of a file that is damaged.
fn kept(
    run: &mut Run,
    known: &BTreeSet<String>,
    checks: &[&Check],
    findings: &mut [Finding],
) -> Result<Option<String>> {
    let rules = checks.iter().map(|check| &check.rules);
    let mut needed = rules.map(|rules| rules.fail_after.max(rules.recover_after));
    let is_needed = needed.any(|results| results > 1);
    let state = match run.state() {
        Err(_) if !is_needed => return Ok(None),
        state => state?,
    };
    let path = state.folder().join(FILE);
    if !is_needed && !path.exists() {
        return Ok(None);
    }
    let mut damaged = None;
    let mut judged = findings.to_vec();
    state.update(FILE, |content| {
        let content = content.unwrap_or_else(|| Kept::new().line());
        let mut kept = Kept::read(&content).unwrap_or_else(|| {
            let path = path.display();
            damaged = Some(format!(
                "`{path}` is damaged: results in a row are counted anew"
            ));
            Kept::new()
        });
        take(&mut kept.checks, checks, &mut judged);
        kept.checks
            .retain(|name, standing| known.contains(name) && *standing != Standing::default());
        kept.line()
    })?;
    // Only what is kept has been counted.
    findings.clone_from_slice(&judged);
    Ok(damaged)
}

/// Takes each finding's result, and turns those that do not count yet into
/// warnings. One that was not run is no result.
fn take(standings: &mut BTreeMap<String, Standing>, checks: &[&Check], findings: &mut [Finding]) {
    for finding in findings {
        let check = checks.iter().find(|check| check.name == finding.name);
        let failed = match finding.status {
            Status::Ok | Status::Warn => false,
            Status::Fail => true,
            _ => continue,
        };
        let standing = standings.entry(finding.name.clone()).or_default();
        let pending = check.and_then(|check| standing.take(failed, &check.rules));
        if let Some((times, of)) = pending {
            warn(finding, failed, times, of);
        }
    }
}

/// The reason of a check that passes, but not often enough yet.
pub(crate) const RECOVERING: &str = "recovering";

fn warn(finding: &mut Finding, failed: bool, times: u32, of: u32) {
    let (reason, word) = if failed {
        ("failing", "failed")
    } else {
        (RECOVERING, "passed")
    };
    let row =
        json!({ "status": finding.status, "reason": finding.reason, "times": times, "of": of });
    finding.facts.insert("in_a_row".into(), row);
    let observed = &finding.observed;
    finding.observed = format!("{word} {times} of {of} times in a row: {observed}");
    finding.status = Status::Warn;
    finding.reason = Some(reason);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statuses of a check that takes 3 failures and 2 passes to change.
    fn shown(results: &str) -> String {
        let rules = Rules {
            fail_after: 3,
            recover_after: 2,
            ..Rules::default()
        };
        let mut standing = Standing::default();
        let each =
            results.chars().map(
                |result| match (standing.take(result == 'F', &rules), result) {
                    (Some(_), _) => 'w',
                    (None, result) => result,
                },
            );
        each.collect()
    }

    #[test]
    fn it_takes_several_results_in_a_row_to_change() {
        assert_eq!(shown("..FF.FFFFF.F..FF.FFF"), "..ww.wwFFFwFw.ww.wwF");
    }

    #[test]
    fn by_default_each_result_counts() {
        let mut standing = Standing::default();
        let rules = Rules::default();
        for failed in [true, true, false, true, false, false] {
            assert_eq!(standing.take(failed, &rules), None);
        }
        // A rule that was changed in between, and a file that somebody edited.
        let mut standing = Standing {
            failed: true,
            otherwise: u32::MAX,
        };
        assert_eq!(standing.take(false, &rules), None);
        assert_eq!(standing, Standing::default());
    }

    #[test]
    fn what_is_not_the_file_is_damaged() {
        let mut kept = Kept::new();
        kept.checks.insert(
            "db".into(),
            Standing {
                failed: true,
                otherwise: 1,
            },
        );
        assert!(Kept::read(&kept.line()).is_some_and(|read| read.checks == kept.checks));
        for content in [
            "",
            "[]",
            "{\"v\":2,\"checks\":{}}",
            "{\"v\":1,\"checks\":{\"a\":{\"failed\":1}}}",
            "\u{0}",
        ] {
            assert!(Kept::read(content.as_bytes()).is_none(), "{content}");
        }
        let deep = "[".repeat(1 << 20);
        assert!(Kept::read(deep.as_bytes()).is_none());
    }
}

//! Which of the checks are wanted.

use probe::{Check, KINDS};
use std::collections::BTreeSet;
use toolkit::failure::Failure;

/// The checks that one of `wanted` names, tags or is the kind of, with those
/// that they depend on; all where nothing is wanted.
///
/// # Errors
/// `no_check` when one of `wanted` is none of these.
pub(crate) fn of(checks: Vec<Check>, wanted: &[String]) -> Result<Vec<Check>, Failure> {
    if wanted.is_empty() {
        return Ok(checks);
    }
    for word in wanted {
        let is_kind = KINDS.contains(&word.as_str());
        if !is_kind && !checks.iter().any(|check| is(check, word)) {
            return Err(Failure::not_started(
                "no_check",
                format!("no check is called, tagged or of the kind `{word}`"),
            )
            .hint("`healthcheck --list` shows all checks"));
        }
    }
    let mut chosen: BTreeSet<String> = BTreeSet::new();
    let mut next: Vec<&Check> = checks
        .iter()
        .filter(|check| wanted.iter().any(|word| is(check, word)))
        .collect();
    while let Some(check) = next.pop() {
        if chosen.insert(check.name.clone()) {
            let on = &check.rules.depends_on;
            next.extend(checks.iter().filter(|other| on.contains(&other.name)));
        }
    }
    Ok(checks
        .into_iter()
        .filter(|check| chosen.contains(&check.name))
        .collect())
}

fn is(check: &Check, word: &str) -> bool {
    check.name == word || check.kind() == word || check.rules.tags.iter().any(|tag| tag == word)
}

//! The checks that there are: those that configuration names, and those that
//! follow from what is there.

use crate::found::STACK;
use anyhow::Result;
use probe::Check;
use std::collections::{BTreeMap, BTreeSet};
use toolkit::config::Config;
use toolkit::failure::Failure;

/// All checks, in the order in which they are shown: what is found first, in
/// its own order, then what sextant.toml adds.
///
/// A check of sextant.toml stands for the found one of the same name; one of
/// the same kind that depends on nothing depends on what that did.
///
/// # Errors
/// `config`: with file, line and key, what [`Check::read`] refuses and a name
/// given twice; a `depends_on` that names no check or leads back to itself.
pub(crate) fn all(config: &Config, found: Vec<Check>) -> Result<Vec<Check>> {
    let mut written = config.entries("check", |mut entry| Check::read(&mut entry))?;
    for check in &mut written {
        let found = found.iter().find(|found| found.name == check.name);
        if let Some(found) = found.filter(|found| found.kind() == check.kind())
            && check.rules.depends_on.is_empty()
        {
            check.rules.depends_on.clone_from(&found.rules.depends_on);
        }
    }
    let names: BTreeSet<_> = written.iter().map(|check| check.name.as_str()).collect();
    let is_blind = found.iter().any(|check| check.name == STACK);
    let mut all: Vec<Check> = found
        .into_iter()
        .filter(|check| !names.contains(check.name.as_str()))
        .collect();
    all.extend(written);
    leave_out(&mut all);
    if is_blind {
        follow_the_stack(&mut all);
    }
    depend(&all)?;
    Ok(all)
}

/// Leaves out those that are off. Nothing depends on them any more.
fn leave_out(checks: &mut Vec<Check>) {
    let off = checks.iter().filter(|check| check.rules.off);
    let off: BTreeSet<_> = off.map(|check| check.name.clone()).collect();
    checks.retain(|check| !check.rules.off);
    for check in checks {
        check.rules.depends_on.retain(|name| !off.contains(name));
    }
}

/// Where the stack cannot be looked at, nobody knows what would be found in it:
/// what depends on that is skipped together with the stack.
fn follow_the_stack(checks: &mut [Check]) {
    let names: BTreeSet<_> = checks.iter().map(|check| check.name.clone()).collect();
    for check in checks {
        let on = check.rules.depends_on.iter_mut();
        for name in on.filter(|name| !names.contains(*name)) {
            STACK.clone_into(name);
        }
    }
}

/// Refuses dependencies on what is not there, and circles.
fn depend(checks: &[Check]) -> Result<(), Failure> {
    let by_name: BTreeMap<_, _> = checks
        .iter()
        .map(|check| (check.name.as_str(), check))
        .collect();
    for check in checks {
        let mut seen = vec![check.name.as_str()];
        let mut next: Vec<_> = check
            .rules
            .depends_on
            .iter()
            .map(|name| (check, name))
            .collect();
        while let Some((from, name)) = next.pop() {
            let Some(on) = by_name.get(name.as_str()) else {
                return Err(refused(from, &format!("`{name}`, which is no check")));
            };
            if name == &check.name {
                return Err(refused(check, "itself, over others"));
            }
            if !seen.contains(&name.as_str()) {
                seen.push(name);
                next.extend(on.rules.depends_on.iter().map(|name| (*on, name)));
            }
        }
    }
    Ok(())
}

fn refused(check: &Check, on: &str) -> Failure {
    Failure::not_started(
        "config",
        format!("the check `{}` depends on {on}", check.name),
    )
    .hint("`healthcheck --list` shows all checks")
}

#[cfg(test)]
mod tests {
    use super::*;
    use toolkit::config::Source;

    fn read(toml: &str) -> Result<Vec<String>, String> {
        let checks = with(toml, Vec::new())?;
        Ok(checks.into_iter().map(|check| check.name).collect())
    }

    fn with(toml: &str, found: Vec<Check>) -> Result<Vec<Check>, String> {
        let folder = tempfile::tempdir().unwrap();
        toolkit::durable::write(&folder.path().join("sextant.toml"), toml.as_bytes()).unwrap();
        let config = Config::load(&Source {
            folder: folder.path().to_owned(),
            ..Source::default()
        });
        all(&config.unwrap(), found).map_err(|error| Failure::of(&error).message)
    }

    const A: &str = "[[check]]\nname = 'a'\nkind = 'tcp'\naddress = 'localhost:1'\n";

    #[test]
    fn names_and_dependencies_are_checked() {
        let b = A.replace("'a'", "'b'");
        assert_eq!(
            read(&format!("{A}{b}depends_on = ['a']\n")).unwrap(),
            ["a", "b"]
        );
        for (toml, message) in [
            (
                format!("{A}{A}"),
                "sextant.toml:6: a check called `a` is on line 1 already",
            ),
            (
                format!("{A}depends_on = ['z']\n"),
                "the check `a` depends on `z`, which is no check",
            ),
            (
                format!("{A}depends_on = ['a']\n"),
                "the check `a` depends on itself, over others",
            ),
            (
                format!("{A}depends_on = ['b']\n{b}depends_on = ['a']\n"),
                "the check `a` depends on itself, over others",
            ),
            (
                A.replace("tcp", "tpc"),
                "sextant.toml:3: unknown kind `tpc`",
            ),
            (
                A.replace("localhost:1", "localhost"),
                "sextant.toml:4: `address` in `[[check]]`: `localhost` is no address; write it like `db.example.org:5432` or `[::1]:25`",
            ),
        ] {
            let told = read(&toml).unwrap_err();
            assert!(told.ends_with(message), "{told}");
        }
    }

    #[test]
    fn one_that_stands_for_a_found_one_depends_on_the_same() {
        let found = || {
            let make = |name: &str, kind| {
                let probe = Box::new(probe::kind::Container::of_service("db"));
                Check::new(name, kind, probe)
            };
            let mut found = vec![make("container:db", "container"), make("a", "tcp")];
            found[1].rules.depends_on = vec!["container:db".into()];
            found
        };
        let on = |toml: &str| {
            let checks = with(toml, found()).unwrap();
            assert_eq!(checks.len(), 2 + usize::from(toml.contains("'b'")));
            checks[1].rules.depends_on.clone()
        };
        assert_eq!(on(A), ["container:db"]);
        let b = A.replace("'a'", "'b'");
        assert_eq!(on(&format!("{A}depends_on = ['b']\n{b}")), ["b"]);
        let other = "[[check]]\nname = 'a'\nkind = 'memory'\n";
        assert!(on(other).is_empty());
        let off = "[[check]]\nname = 'container:db'\noff = true\n";
        let checks = with(off, found()).unwrap();
        assert_eq!(checks.len(), 1);
        assert!(checks[0].rules.depends_on.is_empty());
    }

    #[test]
    fn what_depends_on_an_unknown_stack_follows_it() {
        let stack = || {
            let probe = Box::new(probe::kind::Container::of_service(STACK));
            vec![Check::new(STACK, "container", probe)]
        };
        let b = A.replace("'a'", "'b'");
        let toml = format!("{A}depends_on = ['container:api', 'b']\n{b}");
        let checks = with(&toml, stack()).unwrap();
        assert_eq!(checks[1].rules.depends_on, [STACK, "b"]);
        let told = with(&toml, Vec::new()).unwrap_err();
        assert_eq!(
            told,
            "the check `a` depends on `container:api`, which is no check"
        );
    }

    #[test]
    fn one_that_is_off_is_left_out() {
        assert!(read(&format!("{A}off = true\n")).unwrap().is_empty());
        assert!(
            read("[[check]]\nname = 'a'\noff = true\n")
                .unwrap()
                .is_empty()
        );
        let told = read("[[check]]\nname = 'a'\n").unwrap_err();
        assert!(
            told.ends_with("sextant.toml:1: `check` lacks `kind`"),
            "{told}"
        );
    }
}

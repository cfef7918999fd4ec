//! Which set, and which of its parts.

use crate::cli::Args;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toolkit::config::Config;
use toolkit::failure::Failure;
use toolkit::set::{self, Part, Set, State};
use toolkit::upstream::Upstream;

/// The parts that the scripts before wrote, without a proof.
const FOREIGN: [(&str, Kind); 6] = [
    ("globals.sql.gz", Kind::Globals),
    ("database.sql.gz", Kind::Database),
    ("database.sql.zst", Kind::Database),
    ("database.sql", Kind::Database),
    ("redis.rdb", Kind::Redis),
    ("config.tar.gz", Kind::Files),
];

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Globals,
    Database,
    Redis,
    Files,
}

/// One part to be brought back.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) path: PathBuf,
    /// What it was when it was saved; none for a part without a proof.
    pub(crate) part: Option<Part>,
    /// Whether it was asked for by its own name.
    pub(crate) named: bool,
}

/// What is to be brought back.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The set; none for a file that belongs to none.
    pub(crate) set: Option<Set>,
    /// What messages and records call it.
    pub(crate) path: PathBuf,
    /// Its parts, in the order in which they are brought back.
    pub(crate) parts: Vec<Chosen>,
}

/// Finds the set and its parts.
///
/// # Errors
/// `no_set`, `several_sets`, `not_whole`, `unknown_part`: nothing was touched.
pub(crate) fn choose(args: &Args, config: &Config, upstream: &Upstream) -> Result<Choice> {
    let folder = set::folder(args.from.as_deref(), config)?;
    let piped = piped(upstream)?;
    let (name, mut wanted) = named(args, piped, &folder)?;
    if args.into.is_some() && wanted.is_empty() {
        // A copy under another name concerns nothing else that is live.
        wanted.push("database".into());
    }
    let file = Path::new(&name);
    if file.is_file() && Kind::of_file(&name).is_some() {
        let flat = set::find(&folder, &name, &[]);
        return flat.map_or_else(|_| lone_file(file, &wanted), |set| of_set(set, &wanted));
    }
    of_set(set::find(&folder, &name, &wanted)?, &wanted)
}

/// The set that the records on stdin name.
///
/// # Errors
/// `no_set` when one of them cannot be read as that; `several_sets`.
fn piped(upstream: &Upstream) -> Result<Option<String>> {
    if let Some((line, why)) = upstream.incomplete.first() {
        return Err(Failure::not_started(
            "no_set",
            format!("the record in line {line} of stdin names no set: {why}"),
        )
        .hint("pass records on whole: `jq -c 'select(…)'` takes nothing out of them")
        .into());
    }
    let paths: BTreeSet<_> = upstream
        .kept
        .iter()
        .filter_map(|record| record.data.get("path").and_then(Value::as_str))
        .collect();
    if paths.len() > 1 {
        let count = paths.len();
        return Err(Failure::not_started(
            "several_sets",
            format!("the records on stdin name {count} sets"),
        )
        .hint(
            "select one: `backup --list | jq -c 'select(.name == \"20261120_020000\")' | restore`",
        )
        .into());
    }
    Ok(paths.into_iter().next().map(str::to_owned))
}

/// The set's name, and the parts that are wanted. With a set on stdin, the
/// first argument may be a part already.
fn named(args: &Args, piped: Option<String>, folder: &Path) -> Result<(String, Vec<String>)> {
    let mut parts = args.parts.clone();
    let name = match (&args.set, piped) {
        (Some(first), Some(piped)) => {
            if is_set(first, folder) {
                return Err(Failure::not_started(
                    "several_sets",
                    format!("`{first}` is named, and stdin names `{piped}`"),
                )
                .hint("name one set, or use `--no-input`")
                .into());
            }
            parts.insert(0, first.clone());
            piped
        }
        (Some(name), None) => name.clone(),
        (None, Some(piped)) => piped,
        (None, None) if args.check => "latest".into(),
        (None, None) => {
            return Err(Failure::not_started("no_set", "no set is named")
                .hint("`restore latest` brings the newest back; `backup --list` shows all")
                .into());
        }
    };
    Ok((name, parts))
}

/// Whether an argument can be meant as a set. A part may be called as a folder
/// that is there: `uploads`, in the application's own.
fn is_set(name: &str, folder: &Path) -> bool {
    let path = Path::new(name);
    name == "latest" || name.contains('/') || path.is_file() || folder.join(name).exists()
}

fn of_set(set: Set, wanted: &[String]) -> Result<Choice> {
    let path = set.path();
    let shown = path.display();
    let parts: Vec<_> = match set.state {
        State::Complete => set
            .info
            .iter()
            .flat_map(|info| &info.parts)
            .map(|part| Chosen::of_part(&set, part))
            .collect(),
        State::Foreign => foreign(&set.folder),
        State::Partial
            if !foreign(&set.folder).is_empty()
                && set.info.is_none()
                && !set.name().starts_with('.') =>
        {
            foreign(&set.folder)
        }
        State::Partial | State::Damaged => {
            let why = set.why.clone().unwrap_or_default();
            return Err(Failure::not_started(
                "not_whole",
                format!("`{shown}` is {}: {why}", set.state.word()),
            )
            .hint("`backup --list` shows the sets that are complete")
            .into());
        }
    };
    let parts = select(parts, wanted, &path)?;
    Ok(Choice {
        set: Some(set),
        path,
        parts,
    })
}

/// A dump by itself: from another tool, or from a folder of old ones.
fn lone_file(file: &Path, wanted: &[String]) -> Result<Choice> {
    let path = file
        .canonicalize()
        .with_context(|| format!("cannot read `{}`", file.display()))?;
    let kind = Kind::of_file(&path.to_string_lossy()).unwrap_or(Kind::Database);
    let name = if kind == Kind::Redis {
        "redis"
    } else {
        "database"
    };
    let parts = vec![Chosen {
        name: name.into(),
        kind,
        path: path.clone(),
        part: None,
        named: false,
    }];
    let parts = select(parts, wanted, &path)?;
    Ok(Choice {
        set: None,
        path,
        parts,
    })
}

fn foreign(folder: &Path) -> Vec<Chosen> {
    let there = FOREIGN
        .iter()
        .map(|(file, kind)| (folder.join(file), file, kind));
    there
        .filter(|(path, _, _)| path.is_file())
        .map(|(path, file, kind)| Chosen {
            name: file.split('.').next().unwrap_or(file).to_owned(),
            kind: *kind,
            path,
            part: None,
            named: false,
        })
        .collect()
}

fn select(mut parts: Vec<Chosen>, wanted: &[String], path: &Path) -> Result<Vec<Chosen>> {
    let is = |part: &Chosen, wanted: &String| part.name == *wanted || part.kind.word() == wanted;
    let has = parts
        .iter()
        .map(|part| part.name.clone())
        .collect::<Vec<_>>()
        .join(", ");
    if let Some(unknown) = wanted
        .iter()
        .find(|wanted| !parts.iter().any(|part| is(part, wanted)))
    {
        return Err(Failure::not_started(
            "unknown_part",
            format!("`{}` has no `{unknown}`", path.display()),
        )
        .hint(format!("it has {has}"))
        .into());
    }
    if !wanted.is_empty() {
        parts.retain(|part| wanted.iter().any(|wanted| is(part, wanted)));
        for part in &mut parts {
            part.named = true;
        }
    }
    if parts.is_empty() {
        return Err(Failure::not_started(
            "no_set",
            format!("`{}` holds nothing to restore", path.display()),
        )
        .into());
    }
    // Roles before what they own; the rest in the set's own order.
    parts.sort_by_key(|part| part.kind);
    Ok(parts)
}

impl Chosen {
    fn of_part(set: &Set, part: &Part) -> Self {
        let kind = match part.kind() {
            "globals" => Kind::Globals,
            "database" => Kind::Database,
            "redis" => Kind::Redis,
            _ => Kind::Files,
        };
        Self {
            name: part.name.clone(),
            kind,
            path: set.file(part),
            part: Some(part.clone()),
            named: false,
        }
    }
}

impl Kind {
    /// The word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Globals => "globals",
            Self::Database => "database",
            Self::Redis => "redis",
            Self::Files => "files",
        }
    }

    /// What a file by itself is, by its name.
    fn of_file(name: &str) -> Option<Self> {
        let packed = [".gz", ".zst"]
            .iter()
            .find_map(|ending| name.strip_suffix(ending));
        match packed.unwrap_or(name).rsplit_once('.')?.1 {
            "sql" => Some(Self::Database),
            "rdb" if packed.is_none() => Some(Self::Redis),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name() {
        assert_eq!(
            Kind::of_file("orchestr-a-backup-20251120_113414.sql.gz"),
            Some(Kind::Database)
        );
        assert_eq!(Kind::of_file("backup_20251120.sql"), Some(Kind::Database));
        assert_eq!(Kind::of_file("x.sql.zst"), Some(Kind::Database));
        assert_eq!(Kind::of_file("dump.rdb"), Some(Kind::Redis));
        assert_eq!(Kind::of_file("latest"), None);
        assert_eq!(Kind::of_file("uploads.tar.gz"), None);
    }
}

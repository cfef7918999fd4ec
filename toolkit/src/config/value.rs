//! How the values of `sextant.toml` are read.
//!
//! Each is written out where serde's `untagged` would do in a line, because
//! that forgets where in the file a value stands and what is wrong with it.

use super::file::{Files, StepRun};
use super::secrets::Secret;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The parts of a backup that are not entries of `[files]`.
pub(super) const BUILT_IN_PARTS: [&str; 4] = ["database", "globals", "redis", "config"];

/// Whether `name` is as Compose wants a project's name to be, which is also
/// safe as the name of a file.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.bytes().next().is_some_and(is_plain)
        && name
            .bytes()
            .all(|byte| is_plain(byte) || matches!(byte, b'_' | b'-'))
}

const NAME_RULE: &str =
    "lower-case letters, digits, `_` and `-`, beginning with a letter or a digit";

pub(super) fn project<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(from)?;
    if is_name(&name) {
        return Ok(Some(name));
    }
    Err(D::Error::custom(format!(
        "`{name}` is no project name; it takes {NAME_RULE}"
    )))
}

/// A value written as text.
pub(super) fn text<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = String>,
{
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

/// Reads a length of time that may be left out.
///
/// # Errors
/// What is none.
pub fn some_duration<'de, D>(from: D) -> Result<Option<Duration>, D::Error>
where
    D: Deserializer<'de>,
{
    duration(from).map(Some)
}

/// Reads a length of time, in the units that the tools' flags take: `30s`,
/// `1h 30m`.
///
/// # Errors
/// What is none.
pub fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text).map_err(|_| {
        D::Error::custom(format!(
            "`{text}` is no length of time; write it like `30s`, `10m`, `26h` or `30d`"
        ))
    })
}

/// A number of jobs, as `--jobs` takes it.
pub(super) fn jobs<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    match i64::deserialize(from)?.try_into() {
        Ok(jobs @ 1..=256) => Ok(Some(jobs)),
        _ => Err(D::Error::custom("it takes 1 to 256")),
    }
}

/// A path.
pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    filled(&String::deserialize(from)?)
}

/// A path that may be left out.
pub(super) fn some_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    path(from).map(Some)
}

/// One path, or a list of them.
pub(super) fn paths<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    let paths = from.deserialize_any(OneOrMore("a path or a list of paths"))?;
    paths.iter().map(|path| filled(path)).collect()
}

/// An empty path would mean the working folder to one program and the file's
/// folder to another.
fn filled<E: Error>(path: &str) -> Result<PathBuf, E> {
    if path.is_empty() {
        return Err(E::custom("a path is empty"));
    }
    Ok(path.into())
}

/// A password; an empty one is none.
pub(super) fn password<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let password = String::deserialize(from)?;
    Ok((!password.is_empty()).then(|| Secret::password(password)))
}

/// A URL with a password in it; an empty one is none.
pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let url = String::deserialize(from)?;
    Ok((!url.is_empty()).then(|| Secret::url(url)))
}

/// The entries of `[files]`.
pub(super) fn files<'de, D>(from: D) -> Result<BTreeMap<String, Files>, D::Error>
where
    D: Deserializer<'de>,
{
    let files = BTreeMap::<PartName, Entry>::deserialize(from)?;
    Ok(files
        .into_iter()
        .map(|(name, files)| (name.0, files.0))
        .collect())
}

/// The name of an entry of `[files]`, which names an archive of the set.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct PartName(String);

impl<'de> Deserialize<'de> for PartName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        if BUILT_IN_PARTS.contains(&name.as_str()) {
            return Err(D::Error::custom(format!(
                "`{name}` is a part of its own; give the files another name"
            )));
        }
        if !is_name(&name) {
            return Err(D::Error::custom(format!(
                "`{name}` is no name for files; it takes {NAME_RULE}"
            )));
        }
        Ok(Self(name))
    }
}

/// An entry of `[files]` in its short form, a path, or its long one, a table.
struct Entry(Files);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PathOrTable).map(Self)
    }
}

impl<'de> Deserialize<'de> for StepRun {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let run = from.deserialize_any(LineOrWords)?;
        let is_empty = match &run {
            Self::Line(line) => line.trim().is_empty(),
            Self::Words(words) => words.first().is_none_or(String::is_empty),
        };
        if is_empty {
            return Err(D::Error::custom("the command is empty"));
        }
        Ok(run)
    }
}

struct OneOrMore(&'static str);

impl<'de> Visitor<'de> for OneOrMore {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Vec<String>, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(items))
    }
}

struct LineOrWords;

impl<'de> Visitor<'de> for LineOrWords {
    type Value = StepRun;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command or a list of a program and its arguments")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<StepRun, E> {
        Ok(StepRun::Line(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<StepRun, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(items)).map(StepRun::Words)
    }
}

struct PathOrTable;

impl<'de> Visitor<'de> for PathOrTable {
    type Value = Files;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path or a table")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<Files, E> {
        Ok(Files {
            path: filled(path)?,
            exclude: Vec::new(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Files, A::Error> {
        Files::deserialize(MapAccessDeserializer::new(table))
    }
}

//! The sections that only some tools understand: each of `[[check]]` is read by
//! the tool that runs it, with the same words for what is wrong in it.
//!
//! Nothing in them can hinder a tool that does not use them. What is wrong in
//! them is found whichever environment is chosen.

use super::Config;
use super::document::Document;
use super::fill::Filler;
use super::layers::{Layers, NAMED};
use super::nearest;
use crate::failure::Failure;
use anyhow::Result;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

/// The names of these sections.
pub(super) const SECTIONS: [&str; 4] = ["healthcheck", "check", "alert", "smoke"];

/// One table of a section, its variables filled in.
pub struct Entry<'d, 't> {
    document: &'d Document<'t>,
    table: DeTable<'t>,
    span: Range<usize>,
    /// Where each of its keys stands, whether it has been taken or not.
    places: BTreeMap<String, Range<usize>>,
    taken: Vec<&'static str>,
}

impl Config {
    /// Reads `[section]`, or each `[[section]]`, with `read`, in the order of
    /// the file. What each other environment makes of them is read too, and
    /// dropped: a mistake is to be found before the night it is needed in. What
    /// depends on variables that are not set here is let pass there.
    ///
    /// # Errors
    /// `config`, with file and line: a section that is neither; a `[[check]]`
    /// with the name of another; what `read` finds.
    pub fn entries<T>(
        &self,
        section: &str,
        mut read: impl FnMut(Entry<'_, '_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>> {
        let Some((path, bytes)) = self.path.as_deref().zip(self.written.as_deref()) else {
            return Ok(Vec::new());
        };
        let document = Document::parse(path, bytes)?;
        let layers = Layers::of(&document)?;
        let merged = layers.merged(&document, self.env.as_deref())?;
        let lookup = |name: &str| self.var(name);

        let mut filler = Filler::strict(&document);
        let mut entries = Vec::new();
        for mut entry in entries_of(&document, section, merged)? {
            filler.fill_section(section, &mut entry.table, &lookup)?;
            entries.push(entry);
        }
        differ(section, &entries)?;
        let all: Result<Vec<T>, Failure> = entries.into_iter().map(&mut read).collect();
        let all = all?;

        for other in layers.others_of(section, self.env.as_deref()) {
            let mut filler = Filler::strict(&document);
            let mut entries = entries_of(&document, section, other)?;
            entries.retain_mut(|entry| {
                let result = filler.fill_section(section, &mut entry.table, &lookup);
                result.is_ok()
            });
            differ(section, &entries)?;
            for entry in entries {
                read(entry)?;
            }
        }
        Ok(all)
    }
}

/// The tables of a section, as they are written.
fn entries_of<'d, 't>(
    document: &'d Document<'t>,
    section: &str,
    mut file: DeTable<'t>,
) -> Result<Vec<Entry<'d, 't>>, Failure> {
    let Some((_, value)) = file.remove_entry(section) else {
        return Ok(Vec::new());
    };
    let span = value.span();
    let items = match value.into_inner() {
        DeValue::Array(items) => items.into_iter().collect(),
        table => vec![Spanned::new(span, table)],
    };
    let mut entries = Vec::new();
    for item in items {
        let span = item.span();
        let DeValue::Table(table) = item.into_inner() else {
            let message = format!("`{section}` must be a table");
            return Err(document.fault(&span, message));
        };
        entries.push(Entry::new(document, table, span));
    }
    Ok(entries)
}

impl<'d, 't> Entry<'d, 't> {
    pub(super) fn new(document: &'d Document<'t>, table: DeTable<'t>, span: Range<usize>) -> Self {
        let keys = table.iter();
        Self {
            document,
            places: keys
                .map(|(key, value)| (key.get_ref().to_string(), value.span()))
                .collect(),
            table,
            span,
            taken: Vec::new(),
        }
    }
}

/// Refuses a name that two of the entries have, where names tell them apart.
fn differ(section: &str, entries: &[Entry<'_, '_>]) -> Result<(), Failure> {
    let mut firsts = BTreeMap::new();
    for entry in entries.iter().filter(|_| section == NAMED) {
        let name = entry.table.get("name");
        let Some(name) = name.and_then(|name| name.get_ref().as_str()) else {
            continue;
        };
        if let Some(first) = firsts.insert(name, entry) {
            let line = first.line();
            let message = format!("a {section} called `{name}` is on line {line} already");
            return Err(entry
                .fault("name", message)
                .hint(format!("give each {section} a name of its own")));
        }
    }
    Ok(())
}

impl Entry<'_, '_> {
    /// The same, where the keys `names` are right too: they were taken out before.
    #[must_use]
    pub fn knowing(mut self, names: &[&'static str]) -> Self {
        self.taken.extend(names);
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.document.path
    }

    /// The number of the line that it begins on.
    pub fn line(&self) -> usize {
        self.document.line(&self.span)
    }

    /// Takes the keys `names` out, and reads them as `T`.
    ///
    /// # Errors
    /// `config`, with file, line and key.
    pub fn take<T: DeserializeOwned>(&mut self, names: &[&'static str]) -> Result<T, Failure> {
        let mut taken = DeTable::new();
        for name in names {
            taken.extend(self.table.remove_entry(*name));
        }
        self.taken.extend(names);
        self.read(taken, &[])
    }

    /// Reads what is left as `T`.
    ///
    /// # Errors
    /// `config`, with file, line and key.
    pub fn rest<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let rest = std::mem::take(&mut self.table);
        // A misspelt key may have been meant as one of those that were taken.
        self.read(rest, &self.taken)
    }

    /// A fault at `key`, or at the whole entry where that is not in it.
    pub fn fault(&self, key: &str, message: impl Display) -> Failure {
        self.document
            .fault(self.places.get(key).unwrap_or(&self.span), message)
    }

    /// The fault that `word`, at `key`, is none of `known`.
    pub fn unknown(&self, key: &str, word: &str, known: &[&str]) -> Failure {
        self.fault(key, format!("unknown {key} `{word}`"))
            .hint(nearest::hint(word, known))
    }

    fn read<T: DeserializeOwned>(&self, table: DeTable<'_>, taken: &[&str]) -> Result<T, Failure> {
        let span = self.span.clone();
        T::deserialize(Deserializer::from(Spanned::new(span, table)))
            .map_err(|error| self.document.explain(&error, taken))
    }
}

//! Tables whose variables are filled in later, and for each use anew: a step of
//! a scenario uses what the steps before it have found out.

use super::document::Document;
use super::entries::Entry;
use super::fill::Filler;
use super::layers::{Layers, lay};
use super::{Config, source};
use crate::failure::Failure;
use anyhow::Result;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table as it is written, none of its variables filled in.
///
/// What it was read from stays in memory as long as the process.
#[derive(Clone)]
pub struct Template {
    document: &'static Document<'static>,
    table: DeTable<'static>,
    span: Range<usize>,
}

/// A line of a string, and where it stands in its file.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// What it says.
    pub text: String,
    place: Range<usize>,
}

impl Line {
    /// The same place, with another text.
    #[must_use]
    pub fn saying(self, text: String) -> Self {
        Self { text, ..self }
    }
}

/// What a key is set to.
#[derive(Debug, Clone)]
pub enum Set {
    /// A string.
    Text(String),
    /// A list of strings.
    Texts(Vec<String>),
}

impl Template {
    /// `[name]` of sextant.toml, with the chosen environment laid over it; none
    /// where there is none.
    ///
    /// # Errors
    /// `config`, with file and line, when it is no table.
    pub fn section(config: &Config, name: &str) -> Result<Option<Self>> {
        let Some((path, bytes)) = config.path.as_deref().zip(config.written.clone()) else {
            return Ok(None);
        };
        let document = kept(path, bytes)?;
        let mut merged = Layers::of(document)?.merged(document, config.env.as_deref())?;
        let Some(value) = merged.remove(name) else {
            return Ok(None);
        };
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else {
            return Err(document
                .fault(&span, format!("`{name}` must be a table"))
                .into());
        };
        Ok(Some(Self {
            document,
            table,
            span,
        }))
    }

    /// All of the TOML file at `path`.
    ///
    /// # Errors
    /// `config`, with file and line: one that cannot be read, is longer than
    /// 1 MiB, or is no TOML.
    pub fn file(path: &Path) -> Result<Self> {
        let document = kept(path, source::read(path)?)?;
        Ok(Self {
            table: document.table.clone(),
            document,
            span: 0..0,
        })
    }

    /// The file.
    pub fn path(&self) -> &'static Path {
        self.document.path
    }

    /// The number of the line that it begins on.
    pub fn line(&self) -> usize {
        self.document.line(&self.span)
    }

    /// Whether it has the key.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Takes each `[[name]]` out.
    ///
    /// # Errors
    /// `config`, with file and line, when it is no list of tables.
    pub fn take_tables(&mut self, name: &str) -> Result<Vec<Self>, Failure> {
        let Some(value) = self.table.remove(name) else {
            return Ok(Vec::new());
        };
        let span = value.span();
        let items: Vec<_> = match value.into_inner() {
            DeValue::Array(items) => items.into_iter().collect(),
            _ => return Err(self.no_tables(&span, name)),
        };
        let tables = items.into_iter().map(|item| {
            let span = item.span();
            match item.into_inner() {
                DeValue::Table(table) => Ok(Self {
                    document: self.document,
                    table,
                    span,
                }),
                _ => Err(self.no_tables(&span, name)),
            }
        });
        tables.collect()
    }

    /// Takes the keys `names` out, as they are written.
    pub fn take(&mut self, names: &[&'static str]) -> Entry<'static, 'static> {
        let mut taken = DeTable::new();
        for name in names {
            taken.extend(self.table.remove_entry(*name));
        }
        Entry::new(self.document, taken, self.span.clone())
    }

    /// Takes the table at `name` out.
    ///
    /// # Errors
    /// `config`, with file and line, when it is no table.
    pub fn take_table(&mut self, name: &str) -> Result<Option<Self>, Failure> {
        let Some(value) = self.table.remove(name) else {
            return Ok(None);
        };
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Ok(Some(Self {
                document: self.document,
                table,
                span,
            })),
            _ => Err(self
                .document
                .fault(&span, format!("`{name}` must be a table"))),
        }
    }

    /// Takes the lines of the string at `name` out, each with its place.
    ///
    /// # Errors
    /// `config`, with file and line, when it is no string.
    pub fn take_lines(&mut self, name: &str) -> Result<Option<Vec<Line>>, Failure> {
        let Some(value) = self.table.remove(name) else {
            return Ok(None);
        };
        let span = value.span();
        let DeValue::String(text) = value.into_inner() else {
            let message = format!("`{name}` must be a string");
            return Err(self.document.fault(&span, message));
        };
        let mut from = span.start;
        let lines = text.lines().map(|line| {
            // What is escaped is not written as it reads: then the whole is its
            // place.
            let written = self.document.written(&(from..span.end));
            let place = written
                .find(line)
                .map(|at| from + at..from + at + line.len());
            if let Some(place) = &place {
                from = place.end;
            }
            Line {
                text: line.to_owned(),
                place: place.unwrap_or_else(|| span.clone()),
            }
        });
        Ok(Some(lines.collect()))
    }

    /// Sets the keys to texts that are read out of `line`.
    pub fn set(&mut self, keys: &[(&'static str, Set)], line: &Line) {
        for (key, value) in keys {
            let at = |value| Spanned::new(line.place.clone(), value);
            let text = |text: &String| DeValue::String(Cow::Owned(text.clone()));
            let value = match value {
                Set::Text(one) => text(one),
                Set::Texts(all) => DeValue::Array(all.iter().map(|one| at(text(one))).collect()),
            };
            let key = Spanned::new(line.place.clone(), Cow::Borrowed(*key));
            self.table.insert(key, at(value));
        }
    }

    /// A fault at a line.
    pub fn fault_at(&self, line: &Line, message: impl fmt::Display) -> Failure {
        self.document.fault(&line.place, message)
    }

    /// The key and its value alone.
    #[must_use]
    pub fn only(&self, name: &str) -> Self {
        let mut table = DeTable::new();
        table.extend(self.table.clone().remove_entry(name));
        Self {
            table,
            ..self.clone()
        }
    }

    /// This one, with what of `under` it does not have itself.
    #[must_use]
    pub fn over(mut self, under: &Self) -> Self {
        let own = std::mem::replace(&mut self.table, under.table.clone());
        lay(&mut self.table, own);
        self
    }

    /// Fills its variables in from `lookup`.
    ///
    /// # Errors
    /// `config`, with file, line and key: a variable without value or default.
    pub fn fill(
        &self,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Entry<'static, 'static>, Failure> {
        let mut table = self.table.clone();
        Filler::strict(self.document).fill_step(&mut table, lookup)?;
        Ok(Entry::new(self.document, table, self.span.clone()))
    }

    /// A fault at `key`, or at the whole where that is not in it.
    pub fn fault(&self, key: &str, message: impl fmt::Display) -> Failure {
        let place = self.table.get(key).map(Spanned::span);
        self.document
            .fault(&place.unwrap_or_else(|| self.span.clone()), message)
    }

    fn no_tables(&self, span: &Range<usize>, name: &str) -> Failure {
        self.document
            .fault(span, format!("`{name}` must be tables: write `[[{name}]]`"))
    }
}

/// The document, for as long as the process.
fn kept(path: &Path, bytes: Vec<u8>) -> Result<&'static Document<'static>, Failure> {
    let path: &'static Path = Box::leak(path.to_owned().into_boxed_path());
    let bytes: &'static [u8] = bytes.leak();
    Ok(Box::leak(Box::new(Document::parse(path, bytes)?)))
}

/// Without its values: secrets may be among them.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({}:{})", self.path().display(), self.line())
    }
}

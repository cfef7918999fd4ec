//! From the bytes of `sextant.toml` and `.env` to a [`Config`].

use super::document::Document;
use super::entries::SECTIONS;
use super::file::File;
use super::fill::Filler;
use super::layers::Layers;
use super::source::{self, Source};
use super::value::BUILT_IN_PARTS;
use super::{Config, dotenv, nearest, secrets};
use crate::failure::Failure;
use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

type Vars = BTreeMap<String, String>;

/// The keys that say where `.env` is, and so cannot be filled in from it.
const PLACES: [&str; 2] = ["compose", "env_file"];

impl Config {
    /// Finds and reads the configuration, and learns every secret in it, in
    /// `.env` and in the environment.
    ///
    /// # Errors
    /// `config`, exit status 2, with file, line and the nearest right word,
    /// when a file cannot be read or says what it cannot mean. No message holds
    /// a secret.
    pub fn load(source: &Source) -> Result<Self> {
        for (name, value) in &source.vars {
            secrets::learn_variable(name, value);
        }
        let mut config = Self {
            path: source.locate()?,
            root: source.absolute_folder()?,
            env: source.chosen_env(),
            file: File::default(),
            written: None,
            vars: source.vars.clone(),
            dotenv: Vars::new(),
        };
        match config.path.clone() {
            Some(path) => config.read(&path)?,
            None => config.dotenv = read_dotenv(&config)?,
        }
        Ok(config)
    }

    /// The variables of another file that is written like `.env`; the secrets
    /// among them are learned.
    ///
    /// # Errors
    /// `config`, with file and line, when it cannot be read.
    pub fn variables_of(&self, path: &Path) -> Result<BTreeMap<String, String>> {
        read_variables(self, &[path.to_owned()])
    }

    fn read(&mut self, path: &Path) -> Result<()> {
        let bytes = source::read(path)?;
        self.written = Some(bytes.clone());
        let document = Document::parse(path, &bytes)?;
        let layers = Layers::of(&document)?;
        let mut rest = layers.merged(&document, self.env.as_deref())?;
        for section in SECTIONS {
            rest.remove(section);
        }
        if let Some(root) = path.parent() {
            root.clone_into(&mut self.root);
        }

        let mut filler = Filler::strict(&document);
        let mut table = DeTable::new();
        for key in PLACES {
            table.extend(rest.remove_entry(key));
        }
        filler.fill(&mut table, &|name| self.vars.get(name).cloned())?;
        self.file = typed(&table).map_err(|error| document.explain(&error, &[]))?;
        self.dotenv = read_dotenv(self)?;

        filler.fill(&mut rest, &|name| self.var(name))?;
        table.extend(rest);
        self.file = typed(&table).map_err(|error| document.explain(&error, &[]))?;
        check(&self.file, &table, &document)?;
        for other in layers.others(self.env.as_deref()) {
            check_other(other, &document)?;
        }
        Ok(())
    }
}

/// The table as what it means. Its span is never asked for: faults are in the
/// keys and values within.
fn typed(table: &DeTable<'_>) -> Result<File, Error> {
    File::deserialize(Deserializer::from(Spanned::new(0..0, table.clone())))
}

/// What no single value shows to be wrong.
fn check(file: &File, table: &DeTable<'_>, document: &Document<'_>) -> Result<(), Failure> {
    if file.database.all == Some(true) && file.database.names.is_some() {
        let span = span_of(table, "database", "names");
        return Err(document
            .fault(
                &span,
                "`names` and `all` in `[database]` exclude each other",
            )
            .hint("keep one of the two"));
    }
    let named = file.files.keys().map(String::as_str);
    let known: Vec<_> = BUILT_IN_PARTS.into_iter().chain(named).collect();
    for part in file.backup.parts.iter().flatten() {
        if !known.contains(&part.as_str()) {
            let span = span_of(table, "backup", "parts");
            return Err(document
                .fault(
                    &span,
                    format!("`parts` in `[backup]`: unknown part `{part}`"),
                )
                .hint(nearest::hint(part, &known)));
        }
    }
    Ok(())
}

/// Finds what is wrong in an environment that is not chosen now, so that it is
/// not the night of the incident that shows it. What depends on variables is
/// let pass: they may be set only there.
fn check_other<'t>(mut table: DeTable<'t>, document: &Document<'t>) -> Result<(), Failure> {
    for section in SECTIONS {
        table.remove(section);
    }
    Filler::lenient(document).fill(&mut table, &|_| None)?;
    match typed(&table) {
        Err(error)
            if !document
                .written(&error.span().unwrap_or_default())
                .contains('$') =>
        {
            Err(document.explain(&error, &[]))
        }
        _ => Ok(()),
    }
}

fn span_of(table: &DeTable<'_>, section: &str, key: &str) -> Range<usize> {
    let value = match table.get(section).map(Spanned::get_ref) {
        Some(DeValue::Table(section)) => section.get(key),
        _ => None,
    };
    value.map(Spanned::span).unwrap_or_default()
}

/// Reads the files of variables, and learns the secrets in them.
fn read_dotenv(config: &Config) -> Result<Vars> {
    read_variables(config, &dotenv_files(config))
}

fn read_variables(config: &Config, files: &[PathBuf]) -> Result<Vars> {
    let outer = |name: &str| config.vars.get(name).cloned();
    let mut vars = Vars::new();
    for path in files {
        let bytes = source::read(path)?;
        dotenv::read(&bytes, path, &outer, &mut vars)?;
    }
    for (name, value) in &vars {
        secrets::learn_variable(name, value);
    }
    Ok(vars)
}

/// The files named by `env_file`, else `.env` beside the Compose file if it is
/// there. Compose passes over a folder of that name and a broken link too.
fn dotenv_files(config: &Config) -> Vec<PathBuf> {
    let named = &config.file.env_file;
    if !named.is_empty() {
        return named.iter().map(|path| config.resolve(path)).collect();
    }
    let path = config.compose_folder().join(".env");
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => Vec::new(),
        Err(error) if source::is_absent(&error) => Vec::new(),
        _ => vec![path],
    }
}

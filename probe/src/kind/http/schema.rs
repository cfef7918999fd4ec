//! The JSON Schema that a body must fit: <https://json-schema.org/>, all drafts.

use crate::http::Response;
use crate::report::Fault;
use crate::{Around, Report, aside, text};
use anyhow::Result;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde::Deserialize;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use toolkit::config::Config;
use toolkit::failure::Failure;

/// The longest schema.
const LARGEST: u64 = 1 << 20;
/// How many violations are told.
const TOLD: usize = 5;

/// A schema, compiled when it is first used.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "PathBuf")]
pub(super) struct Schema {
    path: PathBuf,
    compiled: OnceLock<Arc<Validator>>,
}

impl From<PathBuf> for Schema {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            compiled: OnceLock::new(),
        }
    }
}

impl Schema {
    /// What is wrong with it, where its file is there already.
    ///
    /// # Errors
    /// `schema_unreadable`, `schema_invalid`.
    pub(super) fn check(&self, config: &Config) -> Result<(), Failure> {
        if config.resolve(&self.path).exists() {
            self.compiled(config)?;
        }
        Ok(())
    }

    fn compiled(&self, config: &Config) -> Result<Arc<Validator>, Failure> {
        if let Some(known) = self.compiled.get() {
            return Ok(Arc::clone(known));
        }
        let compiled = Arc::new(compile(&config.resolve(&self.path))?);
        Ok(Arc::clone(self.compiled.get_or_init(|| compiled)))
    }

    /// Adds what of a body violates it.
    ///
    /// # Errors
    /// `schema_unreadable`, `schema_invalid`, `timeout`.
    pub(super) fn judge(
        &self,
        response: &Response,
        report: &mut Report,
        around: &Around<'_>,
    ) -> Result<()> {
        let fits = format!("JSON that fits `{}`", self.path.display());
        if response.is_cut {
            let observed = format!(
                "the body is longer than {}",
                text::size(response.body.len())
            );
            let fault = Fault::fail("too_long", observed, fits);
            report.fault(fault.hint("raise `read`"));
            return Ok(());
        }
        let value: Value = match serde_json::from_slice(&response.body) {
            Ok(value) => value,
            Err(error) => {
                let observed = format!("no JSON: {error}, in {}", text::quoted(&response.body));
                report.fault(Fault::fail("json_invalid", observed, fits));
                return Ok(());
            }
        };
        let compiled = self.compiled(around.config)?;
        let faults = aside::ask(around.deadline, move || {
            let all = compiled.iter_errors(&value).take(TOLD);
            Ok(all.map(|error| fault(&error, &fits)).collect::<Vec<_>>())
        })?;
        report.faults.extend(faults);
        Ok(())
    }
}

fn fault(error: &ValidationError<'_>, fits: &str) -> Fault {
    let shown = text::first(&error.instance().to_string()).into_owned();
    let path = match error.instance_path().to_string() {
        path if path.is_empty() => "the body".to_owned(),
        path => format!("`{path}`"),
    };
    let observed = format!("{path}: {}", error.masked_with(shown));
    let expected = format!("{fits} (`{}`)", error.schema_path());
    Fault::fail("schema_violated", observed, expected)
}

/// Compiles the schema at `path`, which refers to nothing outside of it. What a
/// server says may be hostile, so its regular expressions are linear in time.
fn compile(path: &Path) -> Result<Validator, Failure> {
    let at = path.display();
    let unreadable = |why: String| {
        Failure::new("schema_unreadable", format!("cannot read `{at}`: {why}"))
            .hint("a path begins at the folder of sextant.toml, or with `/`")
    };
    let bytes = read(path).map_err(|error| unreadable(error.to_string()))?;
    let schema: Value = serde_json::from_slice(&bytes)
        .map_err(|error| unreadable(format!("it is no JSON: {error}")))?;
    jsonschema::options()
        .offline()
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .map_err(|error| {
            let message = format!(
                "`{at}` is no JSON Schema: `{}`: {error}",
                error.instance_path()
            );
            Failure::new("schema_invalid", message)
        })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(bytes)
}

//! From files to a scenario.

use super::step::Step;
use super::{known, suite};
use crate::scope::Scope;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use toolkit::config::{Config, Template};
use toolkit::failure::Failure;

/// The section of sextant.toml.
const SECTION: &str = "smoke";

/// Where a scenario comes from.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    /// The files, as the caller named them; `[smoke]` where there is none.
    pub(crate) files: Vec<PathBuf>,
    /// Where the application is, instead of what they say.
    pub(crate) base: Option<&'a str>,
}

/// Reads the steps of all files, in their order: those that a file uses first.
///
/// # Errors
/// `config`, with file, line and key; `no_scenario` where there is none.
pub(crate) fn read(sources: &Sources<'_>, scope: &Scope, config: &Config) -> Result<Vec<Step>> {
    let base = sources.base.map(suite::at).transpose();
    let base = base.map_err(|why| Failure::not_started("usage", format!("`--base`: {why}")))?;
    let own = Template::section(config, SECTION)?;
    let mut reader = Reader {
        base,
        default_base: None,
        scope,
        config,
        seen: Vec::new(),
        steps: Vec::new(),
    };
    if sources.files.is_empty() {
        let own = own.ok_or_else(no_scenario)?;
        // What it uses is asked where it is.
        reader.default_base = suite::base(&own, scope, config)?;
        let folder = config.root.clone();
        reader.suite(own, &folder)?;
    } else {
        if let Some(own) = own {
            reader.default_base = suite::base(&own, scope, config)?;
        }
        for file in &sources.files {
            reader.file(file)?;
        }
    }
    if reader.steps.is_empty() {
        return Err(no_scenario().into());
    }
    // Cleanup comes last, whatever file it is in.
    let (cleanup, steps): (Vec<_>, Vec<_>) =
        reader.steps.into_iter().partition(|step| step.is_cleanup);
    let steps = steps.into_iter().chain(cleanup).collect();
    Ok(known::complete(steps, scope, config)?)
}

struct Reader<'a> {
    base: Option<String>,
    default_base: Option<String>,
    scope: &'a Scope,
    config: &'a Config,
    seen: Vec<PathBuf>,
    steps: Vec<Step>,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path) -> Result<()> {
        let known = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.seen.contains(&known) {
            return Ok(());
        }
        self.seen.push(known);
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        self.suite(Template::file(path)?, &folder)
    }

    fn suite(&mut self, template: Template, folder: &Path) -> Result<()> {
        let bases = (self.base.as_deref(), self.default_base.as_deref());
        let suite = suite::read(template, bases, self.scope, self.config)?;
        for name in &suite.uses {
            let mut path = folder.join(name);
            if path.extension().is_none() {
                path.set_extension("toml");
            }
            self.file(&path)
                .with_context(|| format!("`use = \"{name}\"`"))?;
        }
        self.steps.extend(suite.steps);
        Ok(())
    }
}

fn no_scenario() -> Failure {
    Failure::not_started("no_scenario", "there is no step to take").hint(
        "write `[[smoke.step]]` into sextant.toml, or name a scenario's file; see sextant.toml(5)",
    )
}

//! A probe with a name and rules.

use crate::{Around, Deadline, Finding, Probe, Report, Rules, kind};
use anyhow::Result;
use serde::Deserialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use toolkit::config::Entry;
use toolkit::failure::Failure;
use toolkit::signals;

/// Something to look at, again and again.
#[derive(Debug)]
pub struct Check {
    /// What it is called; no two have the same name.
    pub name: String,
    /// What it is told, whatever its kind.
    pub rules: Rules,
    kind: &'static str,
    probe: Box<dyn Probe>,
}

/// The keys that say which check it is.
#[derive(Deserialize)]
struct Identity {
    name: String,
    kind: Option<String>,
}

/// What a check looks at that is left out and says no more than that.
#[derive(Debug)]
struct Nothing;

impl Probe for Nothing {
    fn expects(&self) -> String {
        "nothing".into()
    }

    fn look(&self, _: &Around<'_>) -> anyhow::Result<crate::Report> {
        Err(Failure::new("off", "it is left out").into())
    }
}

impl Check {
    /// A check that no configuration names. `kind` is one of [`kind::KINDS`].
    pub fn new(name: impl Into<String>, kind: &'static str, probe: Box<dyn Probe>) -> Self {
        Self {
            name: name.into(),
            rules: Rules::default(),
            kind,
            probe,
        }
    }

    /// Reads a `[[check]]`.
    ///
    /// # Errors
    /// `config`, with file, line and key: an unknown key or kind, a value that
    /// cannot be meant, a check that expects nothing.
    pub fn read(entry: &mut Entry<'_, '_>) -> Result<Self, Failure> {
        let identity: Identity = entry.take(&["name", "kind"])?;
        if identity.name.trim().is_empty() {
            return Err(entry.fault("name", "the check's `name` is empty"));
        }
        let rules: Rules = entry.take(&Rules::KEYS)?;
        let (kind, probe): (_, Box<dyn Probe>) = match &identity.kind {
            Some(kind) => kind::read(kind, entry)?,
            None if rules.off => ("", Box::new(Nothing)),
            None => return Err(entry.fault("kind", "`check` lacks `kind`")),
        };
        Ok(Self {
            name: identity.name,
            rules,
            kind,
            probe,
        })
    }

    /// Its kind, as `kind = "…"` names it.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What it expects, in a few words.
    pub fn expects(&self) -> String {
        self.probe.expects()
    }

    /// The finding of a check that was not run, and why.
    pub fn skipped(&self, why: &str) -> Finding {
        Finding::skipped(&self.name, self.kind, &self.expects(), why)
    }

    /// Looks, and looks again where the rules say so, until it is as expected.
    pub fn run(&self, around: &Around<'_>) -> Finding {
        let begun = Instant::now();
        let mut tries = 0;
        loop {
            let mut around = around.until(Deadline::after(self.rules.timeout));
            if tries > 0 {
                around = around.again();
            }
            let report = self.look(&around);
            let failed = !report.as_ref().is_ok_and(|report| report.faults.is_empty());
            tries += 1;
            if failed && tries <= self.rules.retries && signals::interrupted().is_none() {
                continue;
            }
            let report = report.map_err(|error| Failure::of(&error));
            return Finding::of(
                &self.name,
                self.kind,
                &self.expects(),
                report,
                begun.elapsed(),
            );
        }
    }

    /// Looks once. What breaks a probe off (a library, met with bytes that
    /// nobody foresaw) is a failure of that check alone.
    fn look(&self, around: &Around<'_>) -> Result<Report> {
        catch_unwind(AssertUnwindSafe(|| self.probe.look(around))).unwrap_or_else(|_| {
            let kind = self.kind;
            let failure = Failure::new("broken_off", format!("the `{kind}` check broke off"));
            Err(failure
                .hint("report it, with what stderr says of it")
                .into())
        })
    }
}

//! What a step looks at.

use super::step::{OWN, Step, WHAT};
use crate::hurl::Hurl;
use probe::Probe;
use probe::http::MOST;
use probe::kind::{self, Http};
use serde::Deserialize;
use toolkit::config::{Entry, Template};
use toolkit::failure::Failure;

/// The kind that only scenarios have.
pub(super) const HURL: &str = "hurl";

/// What a step does, once its variables are known.
#[derive(Debug)]
pub(crate) enum Act {
    /// Asks over HTTP.
    Http(Box<Http>),
    /// Runs files of Hurl.
    Hurl(Hurl),
    /// Looks, as a check does.
    Probe(Box<dyn Probe>),
}

impl Act {
    /// What is expected, in a few words.
    pub(crate) fn expects(&self) -> String {
        match self {
            Self::Http(http) => http.expects(),
            Self::Hurl(hurl) => hurl.expects(),
            Self::Probe(probe) => probe.expects(),
        }
    }
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// Takes the `kind` of a step out; that of a call needs not be written.
///
/// # Errors
/// `config`, with file, line and key.
pub(super) fn take(template: &mut Template, is_call: bool) -> Result<&'static str, Failure> {
    let Kind { kind } = template.clone().take(&["kind"]).rest()?;
    let kind = match kind.as_deref() {
        Some("http") => "http",
        Some(other) if is_call => {
            let message = format!("a call is of the kind `http`, not `{other}`");
            return Err(template.fault("kind", message));
        }
        None if is_call => "http",
        Some(other) => {
            let all: Vec<_> = probe::KINDS.into_iter().chain([HURL]).collect();
            let known = all.iter().find(|kind| **kind == other);
            known.copied().ok_or_else(|| {
                let entry = template.clone().take(&["kind"]);
                entry.unknown("kind", other, &all)
            })?
        }
        None => {
            let message = "the step lacks `call`, `calls` or `kind`";
            return Err(template.fault("", message));
        }
    };
    let _ = template.take(&["kind"]);
    Ok(kind)
}

impl Step {
    /// Whether it needs a Hurl.
    pub(crate) fn is_hurl(&self) -> bool {
        self.kind == HURL
    }

    /// What it does, with its variables filled in from `lookup`.
    ///
    /// # Errors
    /// `config`, with file, line and key.
    pub(crate) fn act(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Act, Failure> {
        self.read(self.template.fill(lookup)?)
    }

    /// The same, with values that only stand in for what is not known yet.
    ///
    /// # Errors
    /// `config`, with file, line and key.
    pub(crate) fn try_act(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Act, Failure> {
        self.read(self.template.try_fill(lookup)?)
    }

    fn read(&self, entry: Entry<'_, '_>) -> Result<Act, Failure> {
        let mut entry = entry.knowing(&OWN).knowing(&WHAT);
        match self.kind {
            "http" => {
                let mut http = kind::as_written::<Http>(&mut entry)?;
                // Few are asked at once, and lists are long.
                http.read.get_or_insert(MOST);
                Ok(Act::Http(Box::new(http)))
            }
            HURL => {
                let hurl: Hurl = entry.rest()?;
                match hurl.mistake() {
                    None => Ok(Act::Hurl(hurl)),
                    Some((key, why)) => Err(entry.fault(key, why)),
                }
            }
            other => {
                let (_, probe) = kind::read(other, &mut entry)?;
                Ok(Act::Probe(probe))
            }
        }
    }
}

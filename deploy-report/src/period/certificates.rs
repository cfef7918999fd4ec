//! Which certificates expire when, as far as checks looked at them.

use super::line::Check;
use super::moment::Moment;
use super::names::cut;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toolkit::record::Status;

/// The most certificates that are kept.
const MOST: usize = 1024;
/// The most bytes of a text that are kept.
const LONGEST: usize = 300;

/// A certificate, as it was seen last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Certificate {
    /// The check that saw it.
    pub(crate) check: String,
    /// The check's kind.
    pub(crate) kind: String,
    /// The file that it is in, where it is a file that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// What it is for: its title, its first name, else its subject; none where the record
    /// does not say.
    pub(crate) domain: Option<String>,
    /// How many days it was valid for then. Below zero, it had expired.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) days_left: f64,
    /// Its last day, as the record has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_after: Option<String>,
    /// When it was seen.
    pub(crate) at: Moment,
}

/// All certificates of a window.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    /// By check and file.
    seen: BTreeMap<(String, String), Certificate>,
    /// Those for which there was no room.
    pub(super) left_out: u64,
}

/// What `facts` may say of what a server showed, or of files.
#[derive(Debug, Default, Deserialize)]
struct Facts {
    #[serde(flatten)]
    shown: Shown,
    #[serde(default)]
    certificates: Vec<Shown>,
}

/// One certificate.
#[derive(Debug, Default, Deserialize)]
struct Shown {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    not_after: Option<String>,
    #[serde(default)]
    days_left: Option<f64>,
}

impl Certificates {
    /// Takes what a check saw at `at`.
    pub(super) fn take(&mut self, at: Moment, check: &Check<'_>) {
        let left = check.measures.iter().find(|one| one.name == "days_left");
        let Some(left) = left.and_then(|left| left.value) else {
            return;
        };
        if check.status == Status::Skip {
            return;
        }
        let name = cut(&check.name, LONGEST);
        // The facts are read only of what was not seen later already.
        let mut known = self.seen.range((name.to_owned(), String::new())..);
        let known = known.next().filter(|((check, _), _)| check == name);
        if known.is_some_and(|(_, known)| known.at > at) {
            return;
        }
        let facts: Facts = check.facts().unwrap_or_default();
        self.seen.retain(|(of, _), _| of != name);
        if facts.certificates.is_empty() {
            self.keep(at, check, left, &facts.shown);
        }
        for shown in &facts.certificates {
            self.keep(at, check, shown.days_left.unwrap_or(left), shown);
        }
    }

    fn keep(&mut self, at: Moment, check: &Check<'_>, days_left: f64, shown: &Shown) {
        let text = |text: &str| cut(text, LONGEST).to_owned();
        let some = |word: Option<&String>| word.map(|word| text(word));
        let file = some(shown.file.as_ref());
        let key = (text(&check.name), file.clone().unwrap_or_default());
        if self.seen.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let domain = some(
            shown
                .title
                .as_ref()
                .or(shown.names.first())
                .or(shown.subject.as_ref()),
        );
        self.seen.insert(
            key,
            Certificate {
                check: text(&check.name),
                kind: text(&check.kind),
                file,
                domain: domain.filter(|domain| !domain.is_empty()),
                days_left,
                not_after: some(shown.not_after.as_ref()),
                at,
            },
        );
    }

    /// Those that expire first come first.
    pub(super) fn end(self) -> Vec<Certificate> {
        let mut all: Vec<_> = self.seen.into_values().collect();
        all.sort_by(|one, other| one.days_left.total_cmp(&other.days_left));
        all
    }
}

//! The variables within the strings of `sextant.toml`.

use super::document::{Document, SECRET_KEYS};
use super::interpolate::{Expander, Fault, Lookup, Unset};
use super::secrets;
use crate::failure::Failure;
use crate::redact;
use std::borrow::Cow;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Fills in the strings of tables, and learns the secrets among them.
///
/// Unlike in Compose, a variable that is not set is an error where no default
/// is given: an empty password or path is never what was meant.
pub(super) struct Filler<'a, 't> {
    document: &'a Document<'t>,
    expander: Expander,
    is_strict: bool,
    learns: bool,
}

impl<'a, 't> Filler<'a, 't> {
    /// One for what is going to be used.
    pub(super) fn strict(document: &'a Document<'t>) -> Self {
        Self {
            document,
            expander: Expander::new(Unset::Refused),
            is_strict: true,
            learns: true,
        }
    }

    /// One for what is only checked: what cannot be filled in becomes empty.
    pub(super) fn lenient(document: &'a Document<'t>) -> Self {
        Self {
            document,
            expander: Expander::new(Unset::Blank),
            is_strict: false,
            learns: true,
        }
    }

    /// One for what is only checked, and filled in with what is not meant: only
    /// what has no variables can be a secret.
    pub(super) fn trying(document: &'a Document<'t>) -> Self {
        Self {
            learns: false,
            ..Self::strict(document)
        }
    }

    /// Fills in every string of the top-level table from `lookup`.
    pub(super) fn fill(
        &mut self,
        table: &mut DeTable<'t>,
        lookup: Lookup<'_>,
    ) -> Result<(), Failure> {
        self.table(table, lookup, &mut Vec::new())
    }

    /// Fills in every string of a table of `section` from `lookup`.
    pub(super) fn fill_section(
        &mut self,
        section: &str,
        table: &mut DeTable<'t>,
        lookup: Lookup<'_>,
    ) -> Result<(), Failure> {
        self.table(table, lookup, &mut vec![section.to_owned()])
    }

    fn table(
        &mut self,
        table: &mut DeTable<'t>,
        lookup: Lookup<'_>,
        keys: &mut Vec<String>,
    ) -> Result<(), Failure> {
        for (key, value) in table {
            keys.push(key.get_ref().to_string());
            let span = value.span();
            self.value(value.get_mut(), &span, lookup, keys)?;
            keys.pop();
        }
        Ok(())
    }

    fn value(
        &mut self,
        value: &mut DeValue<'t>,
        span: &Range<usize>,
        lookup: Lookup<'_>,
        keys: &mut Vec<String>,
    ) -> Result<(), Failure> {
        match value {
            DeValue::Table(table) => self.table(table, lookup, keys),
            DeValue::Array(items) => {
                for item in items.iter_mut() {
                    let span = item.span();
                    self.value(item.get_mut(), &span, lookup, keys)?;
                }
                Ok(())
            }
            DeValue::String(text) => self.string(text, span, lookup, keys),
            _ => Ok(()),
        }
    }

    fn string(
        &mut self,
        text: &mut Cow<'t, str>,
        span: &Range<usize>,
        lookup: Lookup<'_>,
        keys: &[String],
    ) -> Result<(), Failure> {
        // The shell fills in what it is given by itself.
        let is_script = match keys {
            [section, _, run] => section == "step" && run == "run",
            [section, run] if section == "check" => run == "run",
            [section, run] => section == "maintenance" && run != "file",
            _ => false,
        };
        let learns = self.learns || !text.contains('$');
        if text.contains('$') && !is_script {
            *text = match self.expander.expand(text, lookup) {
                Ok(expanded) => Cow::Owned(expanded),
                Err(fault) if self.is_strict => return Err(self.explain(&fault, span, keys)),
                Err(_) => Cow::Borrowed(""),
            };
        }
        if text.contains('\0') {
            let key = keys.last().map_or("", String::as_str);
            return Err(self
                .document
                .fault(span, format!("`{key}` holds a NUL byte")));
        }
        if learns {
            if is_secret(keys) {
                redact::learn(text);
            }
            secrets::learn_url(text);
        }
        Ok(())
    }

    fn explain(&self, fault: &Fault, span: &Range<usize>, keys: &[String]) -> Failure {
        let key = keys.last().map_or("", String::as_str);
        match fault {
            // `pa$word` as a password: what follows the `$` is a part of it.
            Fault::UnsetBare(_) if is_secret(keys) => self
                .document
                .fault(span, format!("`{key}` has a `$` before what is not set"))
                .hint("write `$$` for a `$` that is meant as it is"),
            Fault::Unset(name) | Fault::UnsetBare(name) => self
                .document
                .fault(span, format!("`{key}`: {fault}"))
                .hint(format!(
                    "set `{name}` in the environment or in `.env`, or write `${{{name}:-default}}`; \
                     a `$` that is meant as it is, is written `$$`"
                )),
            _ => self.document.fault(span, format!("`{key}`: {fault}")),
        }
    }
}

/// Whether all of a value is secret. What a check looks at is not: the
/// passwords in its URL are learnt like those of any other value.
fn is_secret(keys: &[String]) -> bool {
    let is_shown = matches!(keys, [section, .., url] if section == "check" && url == "url");
    !is_shown
        && keys
            .last()
            .is_some_and(|key| SECRET_KEYS.contains(&key.as_str()))
}

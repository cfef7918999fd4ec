//! What `[env.NAME]` lays over the rest of the file.

use super::document::Document;
use super::nearest;
use crate::failure::Failure;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file's own content, and what each environment lays over it.
pub(super) struct Layers<'t> {
    base: DeTable<'t>,
    envs: Vec<(String, DeTable<'t>)>,
}

impl<'t> Layers<'t> {
    /// The layers of a document.
    pub(super) fn of(document: &Document<'t>) -> Result<Self, Failure> {
        let mut base = document.table.clone();
        let mut envs = Vec::new();
        if let Some(value) = base.remove("env") {
            for (name, value) in table(document, "env", value)? {
                let name = name.into_inner().into_owned();
                let layer = table(document, &format!("env.{name}"), value)?;
                envs.push((name, layer));
            }
        }
        Ok(Self { base, envs })
    }

    /// The content with the environment `chosen` laid over it. Where the file
    /// has no environments, `chosen` is but a label.
    pub(super) fn merged(
        &self,
        document: &Document<'t>,
        chosen: Option<&str>,
    ) -> Result<DeTable<'t>, Failure> {
        let mut merged = self.base.clone();
        if let Some(chosen) = chosen.filter(|_| !self.envs.is_empty()) {
            let Some((_, layer)) = self.envs.iter().find(|(name, _)| name == chosen) else {
                let names: Vec<_> = self.envs.iter().map(|(name, _)| name).collect();
                let path = document.path.display();
                let message = format!("`{path}` has no `[env.{chosen}]`");
                let hint = nearest::hint(chosen, &names);
                return Err(Failure::not_started("config", message).hint(hint));
            };
            lay(&mut merged, layer.clone());
        }
        Ok(merged)
    }

    /// What each environment other than `chosen` would make of the content.
    pub(super) fn others(&self, chosen: Option<&str>) -> impl Iterator<Item = DeTable<'t>> {
        let others = self.envs.iter();
        let others = others.filter(move |(name, _)| Some(name.as_str()) != chosen);
        others.map(|(_, layer)| {
            let mut merged = self.base.clone();
            lay(&mut merged, layer.clone());
            merged
        })
    }
}

/// Lays `over` over `table`: tables are merged, all else is replaced.
pub(super) fn lay<'t>(table: &mut DeTable<'t>, over: DeTable<'t>) {
    for (key, value) in over {
        match (table.get_mut(&key).map(Spanned::get_mut), value.get_ref()) {
            (Some(DeValue::Table(under)), DeValue::Table(_)) => {
                if let DeValue::Table(over) = value.into_inner() {
                    lay(under, over);
                }
            }
            _ => {
                table.insert(key, value);
            }
        }
    }
}

/// The table that `[name]` must be.
fn table<'t>(
    document: &Document<'t>,
    name: &str,
    value: Spanned<DeValue<'t>>,
) -> Result<DeTable<'t>, Failure> {
    let span: Range<usize> = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok(table),
        _ => Err(document.fault(&span, format!("`{name}` must be a table"))),
    }
}

//! What `[env.NAME]` lays over the rest of the file.

use super::document::Document;
use super::nearest;
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// The list whose tables are known by their `name`.
pub(super) const NAMED: &str = "check";

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
            over(&mut merged, layer.clone());
        }
        Ok(merged)
    }

    /// What each environment other than `chosen` would make of the content.
    pub(super) fn others(&self, chosen: Option<&str>) -> impl Iterator<Item = DeTable<'t>> {
        let others = self.envs.iter();
        let others = others.filter(move |(name, _)| Some(name.as_str()) != chosen);
        others.map(|(_, layer)| {
            let mut merged = self.base.clone();
            over(&mut merged, layer.clone());
            merged
        })
    }
}

/// Lays an environment over the rest of the file.
fn over<'t>(table: &mut DeTable<'t>, mut layer: DeTable<'t>) {
    let checks = layer.remove_entry(NAMED);
    lay(table, layer);
    let Some((key, value)) = checks else { return };
    match (table.get_mut(NAMED).map(Spanned::get_mut), value.get_ref()) {
        (Some(DeValue::Array(under)), DeValue::Array(_)) => {
            if let DeValue::Array(over) = value.into_inner() {
                lay_by_name(under, over);
            }
        }
        _ => {
            table.insert(key, value);
        }
    }
}

/// Lays each table of `over` over the one of `list` that has its name, or
/// stands for it where it is of another kind; the others are added. A name that
/// `over` has twice is found by whoever reads the list.
fn lay_by_name<'t>(list: &mut DeArray<'t>, over: DeArray<'t>) {
    let mut places = BTreeMap::new();
    for (at, one) in list.iter().enumerate() {
        if let Some(name) = text(one.get_ref(), "name") {
            places.entry(name.to_owned()).or_insert(at);
        }
    }
    for value in over {
        let at = text(value.get_ref(), "name").and_then(|name| places.remove(name));
        match at.and_then(|at| list.get_mut(at)) {
            Some(under) => lay_named(under, value),
            None => list.push(value),
        }
    }
}

fn lay_named<'t>(under: &mut Spanned<DeValue<'t>>, value: Spanned<DeValue<'t>>) {
    let kind = text(value.get_ref(), "kind");
    if kind.is_some() && kind != text(under.get_ref(), "kind") {
        *under = value;
    } else if let (DeValue::Table(under), DeValue::Table(over)) =
        (under.get_mut(), value.into_inner())
    {
        lay(under, over);
    }
}

/// The text that is at `key` of a table.
fn text<'a>(value: &'a DeValue<'_>, key: &str) -> Option<&'a str> {
    value.get(key)?.get_ref().as_str()
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

//! What `[env.NAME]` lays over the rest of the file.

use super::document::Document;
use super::entries::SECTIONS;
use super::nearest;
use crate::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};
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

    /// What each environment other than `chosen` makes of `section`, where it
    /// has it at all: of the checks, those that it changes or adds.
    pub(super) fn others_of(
        &self,
        section: &str,
        chosen: Option<&str>,
    ) -> impl Iterator<Item = DeTable<'t>> {
        let base = self.base.get_key_value(section);
        let places = base.and_then(|(_, value)| Some(places(value.get_ref().as_array()?)));
        let others = self.envs.iter();
        let others = others.filter(move |(name, _)| Some(name.as_str()) != chosen);
        others.filter_map(move |(_, layer)| {
            let (key, value) = layer.get_key_value(section)?;
            let mut table = DeTable::new();
            if let Some((key, base)) = base {
                let changed = match (&places, value.get_ref()) {
                    (Some(places), DeValue::Array(over)) if section == NAMED => {
                        named_in(over, base, places)
                    }
                    _ => base.clone(),
                };
                table.insert(key.clone(), changed);
            }
            let only = DeTable::from_iter([(key.clone(), value.clone())]);
            over(&mut table, only);
            Some(table)
        })
    }

    /// What each environment other than `chosen` would make of the content that
    /// every tool understands.
    pub(super) fn others(&self, chosen: Option<&str>) -> impl Iterator<Item = DeTable<'t>> {
        let others = self.envs.iter();
        let others = others.filter(move |(name, _)| Some(name.as_str()) != chosen);
        others.map(|(_, layer)| {
            let common = self.base.iter();
            let common = common.filter(|(key, _)| !SECTIONS.contains(&key.get_ref().as_ref()));
            let common = common.map(|(key, value)| (key.clone(), value.clone()));
            let mut merged: DeTable<'t> = common.collect();
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
    let mut places = places(list);
    for value in over {
        let at = text(value.get_ref(), "name").and_then(|name| places.remove(name));
        match at.and_then(|at| list.get_mut(at)) {
            Some(under) => lay_named(under, value),
            None => list.push(value),
        }
    }
}

/// Where in a list each name stands first.
fn places(list: &DeArray<'_>) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    for (at, one) in list.iter().enumerate() {
        if let Some(name) = text(one.get_ref(), "name") {
            places.entry(name.to_owned()).or_insert(at);
        }
    }
    places
}

/// The tables of the list `base` whose names are in `over` too.
fn named_in<'t>(
    over: &DeArray<'t>,
    base: &Spanned<DeValue<'t>>,
    places: &BTreeMap<String, usize>,
) -> Spanned<DeValue<'t>> {
    let names = over.iter().filter_map(|one| text(one.get_ref(), "name"));
    let names: BTreeSet<_> = names.collect();
    let at = names.into_iter().filter_map(|name| places.get(name));
    let items = at.filter_map(|at| base.get_ref().as_array()?.get(*at).cloned());
    Spanned::new(base.span(), DeValue::Array(items.collect()))
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

//! What an expression needs of jq's library. All of it takes a hundred kilobytes
//! and two milliseconds, for each expression of a configuration.

use super::steps::{self, Stepwise};
use jaq_core::load::parse::Def;
use jaq_core::native::Fun;
use std::collections::HashSet;
use std::sync::OnceLock;

/// The filters that are written in jq, in their order.
static DEFINITIONS: OnceLock<Vec<Def>> = OnceLock::new();

/// What `text` needs: each filter that has the name of a word in it, and what
/// that needs.
pub(super) fn of(text: &str) -> (Vec<Def>, Vec<Fun<Stepwise>>) {
    let all = DEFINITIONS.get_or_init(|| {
        let all = jaq_core::defs().chain(steps::definitions());
        all.chain(jaq_std::defs()).chain(jaq_json::defs()).collect()
    });
    let mut names = HashSet::new();
    let mut texts = vec![text.to_owned()];
    while let Some(text) = texts.pop() {
        for word in words(&text) {
            if !names.contains(word) {
                names.insert(word.to_owned());
                let these = all.iter().filter(|definition| definition.name == word);
                texts.extend(these.map(|definition| format!("{definition:?}")));
            }
        }
    }
    let definitions = all.iter().filter(|one| names.contains(one.name)).cloned();
    let natives = jaq_core::funs();
    let natives = natives.chain(jaq_std::funs()).chain(jaq_json::funs());
    let natives = natives.filter(|(name, ..)| names.contains(*name));
    (definitions.collect(), natives.collect())
}

/// Whatever may be a filter's name.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|one: char| !one.is_alphanumeric() && one != '_' && one != '@')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jq::Jq;

    #[test]
    fn each_filter_of_the_library_compiles_alone() {
        let definitions = jaq_core::defs().chain(jaq_std::defs());
        for one in definitions.chain(jaq_json::defs()) {
            let args = vec!["."; one.args.len()].join("; ");
            let call = match args.as_str() {
                "" => one.name.to_owned(),
                args => format!("{}({args})", one.name),
            };
            // What defines filters within itself has none of the caller's.
            Jq::compile(&call).unwrap();
        }
        let natives = jaq_core::funs::<Stepwise>().chain(jaq_std::funs());
        for (name, args, _) in natives.chain(jaq_json::funs()) {
            let args = vec!["."; args.len()].join("; ");
            let call = if args.is_empty() {
                name.to_owned()
            } else {
                format!("{name}({args})")
            };
            Jq::compile(&call).unwrap();
        }
    }

    #[test]
    fn little_is_needed_of_it() {
        let (definitions, natives) = of(".status == \"ok\" and (.items | length > 2)");
        assert!(definitions.is_empty());
        assert_eq!(natives.len(), 1);
    }
}

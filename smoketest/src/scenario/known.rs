//! That everything a scenario names is there, before anything is asked.

use super::kind::Act;
use super::lanes::{self, is_before};
use super::step::Step;
use crate::scope::Scope;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use toolkit::config::{Config, Template};
use toolkit::failure::Failure;

/// What stands for a value that only a run finds out. No single one can: the
/// first that can be meant is taken.
const STANDING_IN: [&str; 4] = ["1", "http://known-later.invalid/", "a", "/a"];

/// Checks the steps, in the order in which they run: names, what they need, the
/// variables they use, and that each can be read. Completes each with its
/// file's defaults and with what it needs for its variables.
///
/// # Errors
/// `config`, with file, line and key.
pub(super) fn complete(
    mut steps: Vec<Step>,
    scope: &Scope,
    config: &Config,
) -> Result<Vec<Step>, Failure> {
    name(&mut steps)?;
    needs(&steps)?;
    let after = lanes::after(&steps.iter().collect::<Vec<_>>());
    for at in 0..steps.len() {
        let own = Known::of(&steps, &after, at, scope, config);
        // What is wrong with it is told further down.
        let _ = steps[at]
            .template
            .fill(&|name| own.value(name, STANDING_IN[0]));
        steps[at].own_uses = own.variables.take();
        let template = with_defaults(&Known::of(&steps, &after, at, scope, config))?;
        steps[at].template = template;
        let known = Known::of(&steps, &after, at, scope, config);
        let says = known.check()?;
        let (used, variables) = (known.used.take(), known.variables.take());
        let step = &mut steps[at];
        step.uses = variables;
        if step.says.is_empty() {
            step.says = says;
        }
        // Cleanup runs wherever its variables are known.
        if !step.is_cleanup {
            step.needs.extend(used);
            step.needs.sort();
            step.needs.dedup();
        }
    }
    Ok(steps)
}

/// What one step can know.
struct Known<'a> {
    steps: &'a [Step],
    after: &'a [Vec<usize>],
    at: usize,
    scope: &'a Scope,
    config: &'a Config,
    /// The steps whose findings it uses.
    used: RefCell<BTreeSet<String>>,
    /// The variables that it uses and other steps find out.
    variables: RefCell<BTreeSet<String>>,
    missing: RefCell<Option<String>>,
}

impl<'a> Known<'a> {
    fn of(
        steps: &'a [Step],
        after: &'a [Vec<usize>],
        at: usize,
        scope: &'a Scope,
        config: &'a Config,
    ) -> Self {
        Self {
            steps,
            after,
            at,
            scope,
            config,
            used: RefCell::default(),
            variables: RefCell::default(),
            missing: RefCell::default(),
        }
    }

    fn step(&self) -> &Step {
        &self.steps[self.at]
    }

    /// The last step before it that finds `name` out.
    fn finder(&self, name: &str) -> Option<&Step> {
        let finds =
            |(at, step): &(usize, &Step)| step.finds(name) && is_before(self.after, *at, self.at);
        let found = self.steps.iter().enumerate().rev().find(finds);
        found.map(|(_, step)| step)
    }

    /// What `name` stands for, where `standing_in` does for what is not known
    /// before the run.
    fn value(&self, name: &str, standing_in: &str) -> Option<String> {
        if let Some(step) = self.finder(name) {
            self.used.borrow_mut().insert(step.name.clone());
            self.variables.borrow_mut().insert(name.to_owned());
            return Some(standing_in.to_owned());
        }
        let value = self
            .scope
            .value(name, &self.step().shared.vars, self.config);
        if value.is_none() {
            self.missing.borrow_mut().get_or_insert(name.to_owned());
        }
        value
    }

    /// That it can be read, and what it expects.
    fn check(&self) -> Result<String, Failure> {
        let step = self.step();
        let mut first = None;
        for standing_in in STANDING_IN {
            let read = step.try_act(&|name| self.value(name, standing_in));
            let read = read.and_then(|act| {
                let Some(jwt) = &step.jwt else {
                    return Ok(act);
                };
                // It looks at what the step itself has found out.
                let mut entry = jwt.try_fill(&|name| {
                    let is_own = step.finds(name);
                    let own = is_own.then(|| standing_in.to_owned());
                    own.or_else(|| self.value(name, standing_in))
                })?;
                entry.rest::<crate::jwt::Jwt>()?;
                Ok(act)
            });
            match read {
                Ok(act) => {
                    self.check_files(&act)?;
                    return Ok(act.expects());
                }
                Err(failure) => first.get_or_insert(failure),
            };
        }
        let failure = first.unwrap_or_else(|| Failure::not_started("config", ""));
        Err(self.explain(failure))
    }

    fn check_files(&self, act: &Act) -> Result<(), Failure> {
        let Act::Http(http) = act else {
            return Ok(());
        };
        http.check_files(self.config).map_err(|(key, why)| {
            let template = &self.step().template;
            template.fault(key, format!("`{key}`: {}", why.message))
        })
    }

    /// A failure, in better words where a variable is found out too late.
    fn explain(&self, failure: Failure) -> Failure {
        let Some(name) = self.missing.take() else {
            return failure;
        };
        let template = &self.step().template;
        if name == "base" {
            let message = "the call has no host: no `base` is given";
            return template
                .fault("url", message)
                .hint("write `base = \"http://localhost:3000\"`, or give `--base`");
        }
        let Some(finder) = self.steps.iter().find(|step| step.finds(&name)) else {
            return failure;
        };
        let message = format!(
            "`${{{name}}}` is not known yet: `{}` finds it out, which does not come before",
            finder.name
        );
        template.fault(template.key_with(&name).unwrap_or_default(), message)
    }
}

/// The step's keys, over those of its file's defaults whose variables are known
/// by then.
fn with_defaults(known: &Known<'_>) -> Result<Template, Failure> {
    let step = known.step();
    let mut template = step.template.clone();
    for default in &step.defaults {
        match default.try_fill(&|name| known.value(name, STANDING_IN[0])) {
            Ok(_) => template = template.over(default),
            Err(failure) => {
                let missing = known.missing.take();
                let is_found_later = missing.is_some_and(|name| {
                    let mut all = known.steps.iter();
                    all.any(|step| step.finds(&name))
                });
                if !is_found_later {
                    return Err(failure);
                }
            }
        }
    }
    Ok(template)
}

/// Gives the steps that nobody named names of their own.
fn name(steps: &mut [Step]) -> Result<(), Failure> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for step in steps.iter_mut() {
        let is_given = !step.is_nameless && step.block.is_none();
        let line = step.template.line();
        if step.name.trim().is_empty() {
            return Err(step.template.fault("", "the step's `name` is empty"));
        }
        if let Some(first) = taken.get(&step.name) {
            if is_given {
                let message = format!("a step called `{}` is on line {first} already", step.name);
                let failure = step.template.fault("", message);
                return Err(failure.hint("give each step a name of its own"));
            }
            let name = step.name.clone();
            let free = (2..).map(|number| format!("{name} ({number})"));
            let mut free = free.filter(|name| !taken.contains_key(name));
            step.name = free.next().unwrap_or(name);
        }
        taken.insert(step.name.clone(), line);
    }
    Ok(())
}

/// Refuses needs of what is not there, and of what comes later.
fn needs(steps: &[Step]) -> Result<(), Failure> {
    for (at, step) in steps.iter().enumerate() {
        for name in &step.needs {
            let fits = |other: &Step| other.is(name);
            if !steps.iter().any(fits) {
                let message = format!("the step `{}` needs `{name}`, which is no step", step.name);
                return Err(step.template.fault("", message));
            }
            if !step.is_cleanup && !steps[..at].iter().any(fits) {
                let message = format!("the step `{}` needs `{name}`, which comes later", step.name);
                return Err(step.template.fault("", message));
            }
        }
    }
    Ok(())
}

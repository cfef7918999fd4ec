//! What stands for the variables of a scenario until a shell fills them in.

use crate::scenario::Step;
use crate::scope::GENERATED;
use shell_words::quote;
use std::cell::RefCell;
use std::collections::BTreeSet;
use toolkit::config::Config;
use toolkit::redact;

/// What is around the number of a variable: as a word, which a URL or a header
/// keeps as it is; as a number, for jq; as a URL and as a path, where all of one is
/// a variable.
const FORMS: [(&str, &str); 4] = [
    ("shellvariable", "elbairavllehs"),
    ("90807", "70809"),
    ("http://shellvariable", "elbairavllehs/"),
    ("/pathvariable", "elbairavhtap"),
];

/// The variables that a script uses.
pub(super) struct Variables<'a> {
    config: &'a Config,
    /// Those that the steps so far find out.
    found: RefCell<BTreeSet<String>>,
    /// Those that stand somewhere, by their numbers.
    used: RefCell<Vec<String>>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        Self {
            config,
            found: RefCell::default(),
            used: RefCell::default(),
        }
    }

    /// Says that the steps from now on know what `step` finds out.
    pub(super) fn finds(&self, step: &Step) {
        let mut found = self.found.borrow_mut();
        found.extend(step.captures.keys().chain(&step.taken).cloned());
    }

    /// Reads with `read` what stands in for each variable of a step: the first
    /// form that can be meant.
    ///
    /// # Errors
    /// Those of the first form.
    pub(super) fn read<T, E>(
        &self,
        step: &Step,
        read: impl Fn(&dyn Fn(&str) -> Option<String>) -> Result<T, E>,
    ) -> Result<T, E> {
        let [word, number, url, path] =
            FORMS.map(|form| read(&|name| self.standing_in(name, step, form)));
        word.or_else(|first| number.or(url).or(path).map_err(|_| first))
    }

    /// What stands in for `name`; none where only a default can.
    fn standing_in(&self, name: &str, step: &Step, form: (&str, &str)) -> Option<String> {
        if self.found.borrow().contains(name) {
            return Some(self.named(name, form));
        }
        // What the file itself says stays as it is, the variables in it aside.
        let own = step.shared.var(name, &|name| self.outside(name, form));
        own.or_else(|| self.outside(name, form))
    }

    fn outside(&self, name: &str, form: (&str, &str)) -> Option<String> {
        let is_known = GENERATED.contains(&name) || self.config.var(name).is_some();
        is_known.then(|| self.named(name, form))
    }

    fn named(&self, name: &str, form: (&str, &str)) -> String {
        let mut used = self.used.borrow_mut();
        let known = used.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            used.push(name.to_owned());
            used.len() - 1
        });
        written(at, form)
    }

    /// Whether a variable stands somewhere.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().iter().any(|used| used == name)
    }

    /// Those that are used, and that neither the script nor a step finds out.
    pub(super) fn wanted(&self) -> Vec<String> {
        let found = self.found.borrow();
        let is_wanted =
            |name: &&String| !GENERATED.contains(&name.as_str()) && !found.contains(*name);
        let used = self.used.borrow();
        let wanted: BTreeSet<_> = used.iter().filter(is_wanted).cloned().collect();
        wanted.into_iter().collect()
    }

    /// A text as a word of the shell, which fills in the variables in it.
    pub(super) fn word(&self, text: &str) -> String {
        let mut word = String::new();
        let mut rest = text;
        while let Some((from, to, name)) = self.first_in(rest) {
            if from > 0 {
                word.push_str(&masked(&rest[..from]));
            }
            word.extend(["\"$", &name, "\""]);
            rest = &rest[to..];
        }
        if !rest.is_empty() || word.is_empty() {
            word.push_str(&masked(rest));
        }
        word
    }

    /// The first variable in a text: from where, up to where, its name.
    fn first_in(&self, text: &str) -> Option<(usize, usize, String)> {
        let used = self.used.borrow();
        let all = used.iter().enumerate().flat_map(|(at, name)| {
            FORMS.into_iter().filter_map(move |form| {
                let written = written(at, form);
                let from = text.find(&written)?;
                Some((from, from + written.len(), name))
            })
        });
        let (from, to, name) = all.min_by_key(|(from, ..)| *from)?;
        Some((from, to, name.clone()))
    }
}

/// A text in quotes, the secrets in it masked: quoted, they would not be known as
/// such any more.
fn masked(text: &str) -> String {
    quote(&redact::text(text)).into_owned()
}

fn written(at: usize, (begin, end): (&str, &str)) -> String {
    format!("{begin}{at:03}{end}")
}

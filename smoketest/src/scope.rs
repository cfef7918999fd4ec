//! What the variables of a scenario stand for, while it runs.

use probe::http::Jar;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use toolkit::config::Config;
use uuid::Uuid;

/// The variables that each run has anew.
pub(crate) const GENERATED: [&str; 3] = ["uuid", "timestamp", "run"];

/// What is known so far.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What each run has anew.
    generated: BTreeMap<&'static str, String>,
    captured: Mutex<BTreeMap<String, String>>,
    /// The cookies that its steps share.
    pub(crate) cookies: Arc<Jar>,
}

impl Scope {
    /// One of the run called `run`, that has found out nothing yet.
    pub(crate) fn new(run: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = now.map(|now| now.as_secs()).unwrap_or_default();
        let anew = [
            Uuid::new_v4().to_string(),
            seconds.to_string(),
            run.to_owned(),
        ];
        Self {
            generated: GENERATED.into_iter().zip(anew).collect(),
            captured: Mutex::default(),
            cookies: Arc::default(),
        }
    }

    /// What `name` stands for: what a step found out counts before `vars`, these
    /// before what the run has anew, and the environment last.
    pub(crate) fn value(
        &self,
        name: &str,
        vars: &BTreeMap<String, String>,
        config: &Config,
    ) -> Option<String> {
        let captured = self.captured.lock();
        let captured = captured.unwrap_or_else(PoisonError::into_inner);
        let found = captured.get(name).or_else(|| vars.get(name)).cloned();
        found
            .or_else(|| self.generated.get(name).cloned())
            .or_else(|| config.var(name))
    }

    /// Keeps what a step found out.
    pub(crate) fn keep(&self, name: &str, value: String) {
        let captured = self.captured.lock();
        let mut captured = captured.unwrap_or_else(PoisonError::into_inner);
        captured.insert(name.to_owned(), value);
    }

    /// All that steps found out.
    pub(crate) fn captured(&self) -> BTreeMap<String, String> {
        let captured = self.captured.lock();
        captured.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

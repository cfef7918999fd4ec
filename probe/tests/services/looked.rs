//! One look at something, as the text of a `[[check]]` asks for it.

use probe::{Around, Check, Deadline, Finding};
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;
use toolkit::application::Application;
use toolkit::config::{Config, Source};
use toolkit::failure::Failure;
use toolkit::record::Status;
use toolkit::testing::until;

/// What a user would call the check with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looked {
    /// What stands in `sextant.toml` before the check.
    head: String,
    vars: BTreeMap<String, String>,
}

impl Looked {
    /// Without an application.
    pub(crate) fn alone() -> Self {
        let head = "engine = \"none\"\n".to_owned();
        Self {
            head,
            ..Self::default()
        }
    }

    /// In an application whose Compose project has this name.
    pub(crate) fn project(name: &str) -> Self {
        let head = format!("project = \"{name}\"\n");
        Self {
            head,
            ..Self::default()
        }
    }

    /// With a variable of the environment.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With more in its `sextant.toml`.
    pub(crate) fn with(mut self, toml: &str) -> Self {
        self.head.push_str(toml);
        self.head.push('\n');
        self
    }

    /// Looks once.
    pub(crate) fn at(&self, check: &str) -> Finding {
        self.read(check, Check::run).unwrap()
    }

    /// Why the check is refused before it looks.
    pub(crate) fn refused(&self, check: &str) -> String {
        let refused = self.read(check, |check, _| panic!("{check:?} is not refused"));
        refused.map_or_else(|refused| refused.message, |()| String::new())
    }

    /// Looks again and again until it is as the check wants it.
    pub(crate) fn until_ok(&self, check: &str) -> Finding {
        self.until(check, Status::Ok, None)
    }

    /// Looks again and again until it fails for this reason.
    pub(crate) fn until_failed(&self, check: &str, reason: &str) -> Finding {
        self.until(check, Status::Fail, Some(reason))
    }

    /// Looks again and again until this is what comes of it.
    pub(crate) fn until(&self, check: &str, status: Status, reason: Option<&str>) -> Finding {
        let mut last = None;
        let is_it = |found: &Finding| found.status == status && found.reason == reason;
        until(&format!("{check} is {status:?} {reason:?}"), || {
            let found = self.at(check);
            let is_it = is_it(&found);
            if !is_it {
                eprintln!("{:?} {:?}: {}", found.status, found.reason, found.observed);
            }
            last = Some(found);
            is_it
        });
        last.unwrap()
    }

    fn read<T>(
        &self,
        check: &str,
        look: impl FnOnce(&Check, &Around<'_>) -> T,
    ) -> Result<T, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let toml = format!("{}[[check]]\nname = 'a'\n{check}\n", self.head);
        std::fs::write(folder.path().join("sextant.toml"), toml).unwrap();
        let source = Source {
            folder: folder.path().to_owned(),
            vars: self.vars.clone(),
            ..Source::default()
        };
        let config = Config::load(&source).unwrap();
        let application = Application::discover(&config).map_err(|error| Failure::of(&error));
        let deadline = Deadline::after(Duration::from_secs(3600));
        let around = Around::new(&config, application.as_ref(), deadline);
        let checks = config
            .entries("check", |mut entry| Check::read(&mut entry))
            .map_err(|error| Failure::of(&error))?;
        Ok(look(&checks[0], &around))
    }
}

/// The value of one of its measures.
pub(crate) fn measure(found: &Finding, name: &str) -> f64 {
    let measure = found.measures.iter().find(|measure| measure.name == name);
    measure
        .unwrap_or_else(|| panic!("no measure `{name}`: {found:#?}"))
        .value
}

/// What `docker` writes for these arguments.
pub(crate) fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Removed by this command of `docker` when dropped.
pub(crate) struct Removed(pub(crate) &'static [&'static str], pub(crate) String);

impl Drop for Removed {
    fn drop(&mut self) {
        let mut command = Command::new("docker");
        let _ = command.args(self.0).arg(&self.1).output();
    }
}

/// Fails unless this is what came of it.
pub(crate) fn is(found: &Finding, status: Status, reason: &str) {
    assert_eq!(
        (found.status, found.reason.unwrap_or_default()),
        (status, reason),
        "{found:#?}"
    );
}

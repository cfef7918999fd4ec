//! What a probe may look at, beside what its check names.

use crate::{Deadline, aside};
use anyhow::Result;
use std::sync::OnceLock;
use toolkit::application::Application;
use toolkit::config::Config;
use toolkit::failure::Failure;

/// The surroundings of a probe.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Configuration and variables.
    pub config: &'a Config,
    /// When the probe has ended.
    pub deadline: Deadline,
    /// What the programs that it starts find in their environment, beside its
    /// own.
    pub(crate) vars: &'a [(String, String)],
    is_again: bool,
    application: Known<'a>,
}

/// The application, or how to find it.
#[derive(Debug, Clone, Copy)]
enum Known<'a> {
    Found(Result<&'a Application<'a>, &'a Failure>),
    Sought(&'static Sought),
}

/// An application that is looked for once, when first somebody asks for it:
/// that takes longer than most checks do. It lasts as long as the process, as
/// who waits for it may be late and go.
#[derive(Debug)]
pub struct Sought {
    config: &'static Config,
    found: OnceLock<Result<Application<'static>, Failure>>,
}

impl Sought {
    /// That of a configuration.
    pub fn by(config: &'static Config) -> Self {
        Self {
            config,
            found: OnceLock::new(),
        }
    }

    /// The application, or why it could not be found.
    pub fn get(&self) -> Result<&Application<'static>, &Failure> {
        let find = || Application::discover(self.config).map_err(|error| Failure::of(&error));
        self.found.get_or_init(find).as_ref()
    }
}

impl<'a> Around<'a> {
    /// The surroundings of probes for an application, or of those where it
    /// could not be found.
    pub fn new(
        config: &'a Config,
        application: Result<&'a Application<'a>, &'a Failure>,
        deadline: Deadline,
    ) -> Self {
        Self {
            config,
            deadline,
            vars: &[],
            is_again: false,
            application: Known::Found(application),
        }
    }

    /// The surroundings of probes for an application that only some of them ask
    /// for.
    pub fn seeking(sought: &'static Sought, deadline: Deadline) -> Self {
        Self {
            config: sought.config,
            deadline,
            vars: &[],
            is_again: false,
            application: Known::Sought(sought),
        }
    }

    /// The application, as it was found at first.
    ///
    /// # Errors
    /// Why it could not be found; `timeout`.
    pub fn application(&self) -> Result<&'a Application<'a>> {
        let found = match self.application {
            Known::Found(found) => found,
            Known::Sought(sought) => aside::ask(self.deadline, move || Ok(sought.get()))?,
        };
        found.map_err(|failure| failure.clone().into())
    }

    /// What `find` finds of the application, on a thread that is left behind
    /// when it is late: its servers may be asked for their addresses and
    /// passwords.
    ///
    /// # Errors
    /// Why the application could not be found; those of `find`; `timeout`.
    ///
    /// In surroundings that are looked at [again](Around::again), the
    /// application is looked for anew.
    pub(crate) fn find<T: Send + 'static>(
        &self,
        find: impl FnOnce(&Application<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let config = self.config.clone();
        if self.is_again {
            return aside::ask(self.deadline, move || {
                find(&Application::discover(&config)?)
            });
        }
        let stack = self.application()?.stack.clone();
        aside::ask(self.deadline, move || {
            find(&Application::with(stack, &config))
        })
    }

    /// The same, with variables for the programs that probes start.
    #[must_use]
    pub fn with_vars(self, vars: &'a [(String, String)]) -> Self {
        Self { vars, ..self }
    }

    /// The same for another look: in between, the application's containers may
    /// have been made, or others in their place.
    #[must_use]
    pub fn again(self) -> Self {
        Self {
            is_again: true,
            ..self
        }
    }

    /// The same with another deadline.
    #[must_use]
    pub fn until(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }
}

//! A folder with configuration in it, and what is said to a tool started there.

use std::fs;
use std::path::PathBuf;
use toolkit::config::{Config, Source};
use toolkit::failure::{Exit, Failure};

pub(crate) struct Case {
    folder: tempfile::TempDir,
    pub(crate) source: Source,
}

impl Case {
    /// An empty folder and an empty environment.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Source {
            folder: folder.path().to_owned(),
            ..Source::default()
        };
        Self { folder, source }
    }

    /// A folder with this `sextant.toml`.
    pub(crate) fn of(toml: &str) -> Self {
        Self::new().file("sextant.toml", toml)
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        toolkit::durable::write(&path, content.as_ref()).unwrap();
        self
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.source.vars.insert(name.into(), value.into());
        self
    }

    pub(crate) fn env(mut self, name: &str) -> Self {
        self.source.env = Some(name.into());
        self
    }

    /// `--config`, relative to the folder.
    pub(crate) fn config(mut self, name: &str) -> Self {
        self.source.config = Some(self.path(name));
        self
    }

    /// The tool is started in this folder.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.source.folder = self.path(name);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn load(&self) -> Config {
        Config::load(&self.source).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// The message, without the folder's name, and the hint.
    pub(crate) fn refused(&self) -> (String, String) {
        let error = Config::load(&self.source).unwrap_err();
        let failure = Failure::of(&error);
        assert_eq!((failure.reason, failure.exit), ("config", Exit::NotStarted));
        let folder = format!("{}/", self.folder.path().display());
        let message = failure.message.replace(&folder, "");
        (message, failure.hint.unwrap_or_default())
    }
}

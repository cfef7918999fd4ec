//! Tools and scripts as `make install` puts them, called as cron does: by their
//! whole name, with a short PATH, from another folder, without a terminal.

use crate::STEP;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use toolkit::testing::{sibling, workspace};

/// What cron sets.
const PATH: &str = "/usr/bin:/bin";
/// What a crontab sets for the scripts.
const SET: [&str; 4] = ["SEXTANT_STATE", "BACKUP_DIR", "DOCKER_BUILDKIT", "NAME"];

/// A folder that is installed to. Gone when it is dropped.
pub(crate) struct Installed(TempDir);

impl Installed {
    /// With these tools beside `step`.
    pub(crate) fn with(tools: &[&str]) -> Self {
        let prefix = tempfile::tempdir().unwrap();
        let path = |name: &str| prefix.path().join(name);
        fs::create_dir(path("bin")).unwrap();
        symlink(STEP, path("bin/step")).unwrap();
        for tool in tools {
            symlink(sibling(STEP, tool), path("bin").join(tool)).unwrap();
        }
        fs::create_dir_all(path("share/sextant/scripts")).unwrap();
        for entry in fs::read_dir(workspace().join("scripts")).unwrap().flatten() {
            if entry.file_type().unwrap().is_file() {
                let to = path("share/sextant/scripts").join(entry.file_name());
                fs::copy(entry.path(), to).unwrap();
            }
        }
        let to = path("share/sextant/sextant.mk");
        fs::copy(workspace().join("sextant.mk"), to).unwrap();
        Self(prefix)
    }

    /// What was installed under this name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("share/sextant").join(name)
    }

    /// Links the scripts into an application, as its own ones stood there.
    pub(crate) fn link(&self, application: &Path) {
        symlink(self.path("scripts"), application.join("scripts")).unwrap();
    }
}

/// `command` as cron would start it.
pub(crate) fn by_cron(mut command: Command) -> Command {
    let set: Vec<_> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .filter(|(name, _)| SET.iter().any(|set| name == set))
        .collect();
    let home = std::env::var_os("HOME").unwrap_or_default();
    command
        .env_clear()
        .envs(set)
        .env("HOME", home)
        .env("PATH", PATH);
    command.current_dir("/");
    command
}

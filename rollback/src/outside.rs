//! Applications that run outside Compose: by PM2, as systemd's units, or by
//! commands that configuration gives. Their release is a commit; what is built
//! from it is built anew.

use anyhow::Result;
use serde_json::Value;
use std::fs;
use std::path::Path;
use toolkit::command::Command;
use toolkit::config::{Config, Engine};
use toolkit::failure::Failure;

/// The files that PM2 takes a description of processes from.
const ECOSYSTEMS: [&str; 3] = [
    "ecosystem.config.js",
    "ecosystem.config.cjs",
    "ecosystem.config.json",
];
/// Package managers of Node.js, by the file that each locks versions in.
const MANAGERS: [(&str, &str, &[&str]); 3] = [
    ("pnpm-lock.yaml", "pnpm", &["install", "--frozen-lockfile"]),
    ("yarn.lock", "yarn", &["install", "--frozen-lockfile"]),
    ("package-lock.json", "npm", &["ci"]),
];

/// How such an application is handled: commands as values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    /// What is stopped and started, by name.
    pub(crate) names: Vec<String>,
    pub(crate) stop: Vec<Command>,
    /// What makes the checked-out code runnable.
    pub(crate) build: Vec<Command>,
    pub(crate) start: Vec<Command>,
    /// Whether it runs: each has to succeed.
    pub(crate) runs: Vec<Command>,
    /// Whether PM2 has to say that its processes are online.
    pub(crate) is_pm2: bool,
}

impl Outside {
    /// As `engine` says; none for an application under Compose.
    ///
    /// # Errors
    /// `config` when what it is made of is not said.
    pub(crate) fn of(config: &Config, has_stack: bool) -> Result<Option<Self>, Failure> {
        let outside = match config.file.engine {
            Some(Engine::Pm2) => Self::pm2(config)?,
            Some(Engine::Systemd) => Self::systemd(config)?,
            Some(Engine::Compose) => return Ok(None),
            None if has_stack => return Ok(None),
            None | Some(Engine::None) => Self::configured(config),
        };
        Ok(Some(outside))
    }

    fn pm2(config: &Config) -> Result<Self, Failure> {
        let found = || {
            let mut paths = ECOSYSTEMS.iter().map(|name| config.root.join(name));
            paths.find(|path| path.is_file())
        };
        let given = config
            .file
            .pm2
            .ecosystem
            .as_ref()
            .map(|path| config.resolve(path));
        let Some(ecosystem) = given.or_else(found) else {
            let message = format!(
                "`{}` has no file that describes its processes to PM2",
                config.root.display()
            );
            return Err(Failure::not_started("config", message)
                .hint("name it in sextant.toml: `[pm2] ecosystem = \"ecosystem.config.js\"`"));
        };
        let pm2 = |words: &[&str]| {
            let command = Command::new("pm2")
                .args(["--no-color", "--silent"])
                .args(words.iter().copied());
            command.arg(&ecosystem).folder(&config.root)
        };
        Ok(Self {
            names: vec![file_name(&ecosystem)],
            stop: step(config, "stop").unwrap_or_else(|| vec![pm2(&["stop"])]),
            build: build(config),
            start: step(config, "start")
                .unwrap_or_else(|| vec![pm2(&["startOrReload", "--update-env"])]),
            runs: Vec::new(),
            is_pm2: true,
        })
    }

    fn systemd(config: &Config) -> Result<Self, Failure> {
        let units = &config.file.systemd.units;
        if units.is_empty() {
            return Err(Failure::not_started(
                "config",
                "`engine` is systemd, and no unit is named",
            )
            .hint("name them in sextant.toml: `[systemd] units = [\"shop.service\"]`"));
        }
        let systemctl = |words: &[&str], units: &mut dyn Iterator<Item = &String>| {
            let command = Command::new("systemctl").args(words.iter().copied());
            vec![command.args(units.cloned())]
        };
        Ok(Self {
            names: units.clone(),
            // Those that depend on others stop first.
            stop: systemctl(&["stop"], &mut units.iter().rev()),
            build: build(config),
            start: systemctl(&["start"], &mut units.iter()),
            runs: systemctl(&["is-active", "--quiet"], &mut units.iter()),
            is_pm2: false,
        })
    }

    fn configured(config: &Config) -> Self {
        Self {
            names: vec!["the application".to_owned()],
            stop: step(config, "stop").unwrap_or_default(),
            build: step(config, "build").unwrap_or_default(),
            start: step(config, "start").unwrap_or_default(),
            runs: Vec::new(),
            is_pm2: false,
        }
    }
}

/// What `[step.NAME]` runs, where it is configured.
fn step(config: &Config, name: &str) -> Option<Vec<Command>> {
    let run = config.file.step.get(name)?.run.as_ref()?;
    Some(vec![run.command().folder(&config.root)])
}

/// `[step.install]` and `[step.build]`, else what the lock file and
/// `package.json` say.
fn build(config: &Config) -> Vec<Command> {
    let root = &config.root;
    let locked = MANAGERS
        .iter()
        .find(|(lock, _, _)| root.join(lock).is_file());
    let install = step(config, "install").or_else(|| {
        let (_, program, words) = locked?;
        Some(vec![
            Command::new(*program)
                .args(words.iter().copied())
                .folder(root),
        ])
    });
    let script = step(config, "build").or_else(|| {
        let program = locked.map_or("npm", |(_, program, _)| program);
        has_build_script(root)
            .then(|| vec![Command::new(program).args(["run", "build"]).folder(root)])
    });
    [install, script].into_iter().flatten().flatten().collect()
}

fn has_build_script(root: &Path) -> bool {
    let text = fs::read(root.join("package.json")).unwrap_or_default();
    let package: Value = serde_json::from_slice(&text).unwrap_or_default();
    package["scripts"]["build"].is_string()
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The processes of PM2 that run something of `root` and are not online.
///
/// `pm2 jlist` writes a JSON array in its last line; other lines may precede it.
pub(crate) fn not_online(root: &Path) -> Result<Vec<String>> {
    let said = Command::new("pm2").args(["jlist", "--silent"]).read()?;
    let text = String::from_utf8_lossy(&said);
    let list = text
        .lines()
        .rev()
        .find(|line| line.trim_start().starts_with('['));
    let list: Value = serde_json::from_str(list.unwrap_or("[]"))?;
    let of_root = |process: &&Value| {
        let paths = ["pm_exec_path", "pm_cwd"].map(|name| process["pm2_env"][name].as_str());
        paths
            .into_iter()
            .flatten()
            .any(|path| Path::new(path).starts_with(root))
    };
    let processes: Vec<_> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter(of_root)
        .collect();
    if processes.is_empty() {
        return Ok(vec![format!("anything of `{}`", root.display())]);
    }
    let off = processes
        .into_iter()
        .filter(|process| process["pm2_env"]["status"] != "online");
    Ok(off
        .map(|process| process["name"].as_str().unwrap_or("?").to_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use toolkit::config::Source;

    fn outside(toml: &str, files: &[(&str, &str)]) -> Outside {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain(&[("sextant.toml", toml)]) {
            toolkit::durable::write(&folder.path().join(name), text.as_bytes()).unwrap();
        }
        let source = Source {
            folder: folder.path().to_owned(),
            ..Source::default()
        };
        Outside::of(&Config::load(&source).unwrap(), true)
            .unwrap()
            .unwrap()
    }

    fn lines(commands: &[Command]) -> Vec<String> {
        commands
            .iter()
            .map(|command| command.argv().join(" "))
            .collect()
    }

    #[test]
    fn pm2_builds_by_what_locks_the_versions() {
        let found = outside(
            "engine = 'pm2'",
            &[
                ("ecosystem.config.js", ""),
                ("pnpm-lock.yaml", ""),
                ("package.json", r#"{"scripts":{"build":"tsc"}}"#),
            ],
        );
        assert_eq!(
            lines(&found.build),
            ["pnpm install --frozen-lockfile", "pnpm run build"]
        );
        assert!(
            lines(&found.start)[0]
                .starts_with("pm2 --no-color --silent startOrReload --update-env /")
        );
        assert_eq!(found.names, ["ecosystem.config.js"]);
    }

    #[test]
    fn units_stop_in_the_other_order() {
        let found = outside(
            "engine = 'systemd'\n[systemd]\nunits = ['db-proxy', 'shop']",
            &[],
        );
        assert_eq!(lines(&found.stop), ["systemctl stop shop db-proxy"]);
        assert_eq!(lines(&found.start), ["systemctl start db-proxy shop"]);
        assert_eq!(
            lines(&found.runs),
            ["systemctl is-active --quiet db-proxy shop"]
        );
    }

    #[test]
    fn anything_else_is_configured() {
        let found = outside(
            "engine = 'none'\n[step.start]\nrun = ['./serve']\n[step.build]\nrun = 'make'",
            &[],
        );
        assert_eq!(lines(&found.start), ["./serve"]);
        assert_eq!(lines(&found.build), ["sh -c make"]);
        assert!(found.stop.is_empty());
    }
}

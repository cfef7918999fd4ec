//! Which Compose project is meant, and its containers.

use super::compose::{self, ComposeVersion};
use super::docker::{self, Listed};
use super::inspect::Container;
use super::labels;
use super::lookup::Files;
use crate::failure::Failure;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Between being listed and being inspected, a container may be removed: a
/// deployment goes on beside this. Then both are done again, this many times.
const ATTEMPTS: usize = 5;

/// The containers of the project `named`, else of the one that was created
/// from the folders of `files`; running ones first. Containers of `compose run`
/// are left out.
///
/// # Errors
/// `docker_unreachable`; `several_projects` when the folder has several, and
/// neither the Compose files in use nor their running tells which.
pub(super) fn containers(named: Option<&str>, files: &Files) -> Result<Vec<Container>> {
    let mut attempt = 1;
    loop {
        let listed = docker::list()?;
        let meant = |listed: &&Listed| match named {
            // 1.29 and early v2 mend a name that Compose would not take.
            Some(name) => listed.project == name || listed.project == normalized(name),
            None => files
                .folders()
                .contains(&canonical(&listed.folder).as_path()),
        };
        let ids: Vec<_> = listed
            .iter()
            .filter(meant)
            .map(|listed| listed.id.as_str())
            .collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        match docker::inspect(ids).read() {
            Err(error) if attempt < ATTEMPTS && is_gone(&error) => attempt += 1,
            bytes => return only_project(Container::parse(&bytes?)?, files),
        }
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    Failure::of(error)
        .message
        .to_lowercase()
        .contains("no such")
}

fn only_project(containers: Vec<Container>, files: &Files) -> Result<Vec<Container>> {
    let mut projects: BTreeMap<String, Vec<Container>> = BTreeMap::new();
    for container in containers
        .into_iter()
        .filter(|container| !container.is_one_off())
    {
        projects
            .entry(container.project.clone())
            .or_default()
            .push(container);
    }
    prefer(&mut projects, |containers| {
        files.given
            && containers
                .iter()
                .any(|container| files_of(container) == files.found())
    });
    prefer(&mut projects, |containers| {
        containers.iter().any(|container| container.running)
    });
    if projects.len() > 1 {
        return Err(several(&projects).into());
    }
    let mut only = projects.into_values().next().unwrap_or_default();
    // The first one's labels stand for the project: those of one that runs.
    only.sort_by(|one, other| one.rank().cmp(&other.rank()));
    Ok(only)
}

/// Keeps those for which it holds, if there are any.
fn prefer(projects: &mut BTreeMap<String, Vec<Container>>, holds: impl Fn(&[Container]) -> bool) {
    if projects.values().any(|containers| holds(containers)) {
        projects.retain(|_, containers| holds(containers));
    }
}

fn several(projects: &BTreeMap<String, Vec<Container>>) -> Failure {
    let quoted: Vec<_> = projects.keys().map(|name| format!("`{name}`")).collect();
    let first = projects.keys().next().map_or("", String::as_str);
    let folder = projects.values().flatten().next();
    let folder = folder.map_or("", |container| label(container, labels::FOLDER));
    let message = format!(
        "several Compose projects belong to `{folder}`: {}",
        quoted.join(", ")
    );
    Failure::not_started("several_projects", message)
        .hint(format!("name one in sextant.toml: `project = \"{first}\"`"))
}

/// The failure of a project that configuration names, and nothing shows.
pub(super) fn not_found(name: &str) -> Failure {
    let message = format!(
        "the Compose project `{name}` has no containers, and there is no Compose file to start it from"
    );
    Failure::not_started("no_stack", message)
        .hint("correct `project` in sextant.toml; `docker ps -a` shows what there is")
}

/// The Compose files that a container was created from, as far as they are all
/// still there; else none.
pub(super) fn files_of(container: &Container) -> Vec<PathBuf> {
    paths(container, labels::FILES)
}

/// The `--env-file`s that a container was created with, like [`files_of`].
pub(super) fn env_files_of(container: &Container) -> Vec<PathBuf> {
    paths(container, labels::ENV_FILES)
}

/// The folder of the project that a container belongs to.
pub(super) fn folder_of(container: &Container) -> Option<PathBuf> {
    let folder = PathBuf::from(label(container, labels::FOLDER));
    folder.is_dir().then(|| canonical(&folder))
}

/// 1.29 records its files as they were typed, relative to a folder that it does
/// not record: the project's, or one from which the file's name leads there.
fn paths(container: &Container, name: &str) -> Vec<PathBuf> {
    let folder = Path::new(label(container, labels::FOLDER));
    let find = |path: &str| {
        let typed = folder.join(path);
        let beside = folder.join(Path::new(path).file_name()?);
        [typed, beside]
            .into_iter()
            .find(|path| path.is_file())
            .map(|path| canonical(&path))
    };
    let given = label(container, name)
        .split(',')
        .filter(|path| !path.is_empty());
    given.map(find).collect::<Option<_>>().unwrap_or_default()
}

/// The generation of Compose that made the containers.
pub(super) fn made_by(containers: &[Container]) -> ComposeVersion {
    let version = containers
        .first()
        .map_or("", |container| label(container, labels::VERSION));
    match compose::generation(version) {
        ComposeVersion::V1 => ComposeVersion::V1,
        _ => ComposeVersion::V2,
    }
}

/// The project's name that 1.29 makes from a folder's.
///
/// Source: `get_project_name` in `compose/cli/command.py`.
pub(super) fn of_folder(folder: &Path) -> String {
    normalized(&folder.file_name().unwrap_or_default().to_string_lossy())
}

fn normalized(name: &str) -> String {
    let name = name.to_lowercase();
    let kept = name
        .chars()
        .filter(|c| matches!(c, '-' | '_' | 'a'..='z' | '0'..='9'));
    Some(kept.collect::<String>())
        .filter(|kept| !kept.is_empty())
        .unwrap_or_else(|| "default".to_owned())
}

fn label<'a>(container: &'a Container, name: &str) -> &'a str {
    container.labels.get(name).map_or("", String::as_str)
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(labels: &[(&str, &str)]) -> Container {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Container {
            labels: labels.collect(),
            ..Container::default()
        }
    }

    #[test]
    fn finds_files_as_1_29_and_v2_record_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = canonical(folder.path());
        fs::File::create(path.join("a.yml")).unwrap();
        let root = path.to_str().unwrap();
        let files = |recorded: &str| {
            files_of(&container(&[
                (labels::FOLDER, root),
                (labels::FILES, recorded),
            ]))
        };
        let expected = vec![path.join("a.yml")];
        assert_eq!(files("a.yml"), expected);
        assert_eq!(files("shop/a.yml"), expected);
        assert_eq!(files(&format!("{root}/a.yml")), expected);
        for unknown in ["a.yml,b.yml", "-", "", "/", "..", ","] {
            assert_eq!(files(unknown), Vec::<PathBuf>::new(), "{unknown}");
        }
    }

    #[test]
    fn names_a_project_as_1_29_does() {
        assert_eq!(of_folder(Path::new("/srv/Orchestr'A v2.0")), "orchestrav20");
        assert_eq!(of_folder(Path::new("/")), "default");
    }
}

//! The throwaway Redis in a container, from the image of the live one, so that
//! both read the same files; its memory is its own.

use super::tag::{Abandoned, LABEL, Left, Tag};
use super::{Module, Plan, quoted};
use crate::command::{Command, Io, Stdout};
use crate::failure::Failure;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Where everything is in it.
const FOLDER: &str = "/sextant";
/// How many lines of its log are looked at.
const TAIL: &str = "30";

/// The container that it runs beside, and that one's image, by id.
pub(super) struct Beside<'a> {
    pub(super) container: &'a str,
    pub(super) image: &'a str,
}

/// The throwaway container. It is removed with this value.
pub(super) struct Container {
    id: String,
}

impl Container {
    pub(super) fn start(place: &Beside<'_>, plan: &Plan<'_>, modules: &[Module]) -> Result<Self> {
        let tag = serde_json::to_string(&plan.tag(Some(place.container))?)?;
        let created = text(&create(place, plan, &tag))?;
        let container = Self { id: created };
        container.put(plan, modules)?;
        text(&Command::new("docker").args(["start", &container.id]))?;
        Ok(container)
    }

    /// Puts its configuration and the RDB file in, through a pipe: no copy is
    /// left anywhere else.
    fn put(&self, plan: &Plan<'_>, modules: &[Module]) -> Result<()> {
        let target = format!("{}:/", self.id);
        let command = Command::new("docker").args(["cp", "-", &target]);
        let mut running = command.start(Io {
            stdin: true,
            ..Io::default()
        })?;
        let stdin = running.take_stdin().context("`docker cp` has no input")?;
        let configuration = plan.configuration(FOLDER, modules);
        let sent = archive(stdin, &configuration, plan.rdb);
        // Why it closed its input says more than that it did.
        running.wait()?.success(&command)?;
        sent.with_context(|| format!("cannot hand over `{}`", plan.rdb.display()))
    }

    /// What it answers to a command.
    pub(super) fn ask(&self, password: &str, words: &[&str]) -> Result<String> {
        let socket = format!("{FOLDER}/redis.sock");
        // The value is taken from the environment: arguments are public.
        let command = Command::new("docker")
            .args(["exec", "--interactive", "--env", "REDISCLI_AUTH", &self.id])
            .args(["redis-cli", "-s", &socket])
            .env("REDISCLI_AUTH", password);
        let mut running = command.start(Io {
            stdin: true,
            stdout: Stdout::Read,
            ..Io::default()
        })?;
        let mut stdin = running.take_stdin().context("`docker exec` has no input")?;
        let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        let sent = writeln!(stdin, "{}", words.join(" "));
        drop(stdin);
        let mut answer = String::new();
        let read = running.stdout().read_to_string(&mut answer);
        running.wait()?.success(&command)?;
        sent.and(read).context("cannot ask the throwaway Redis")?;
        Ok(answer)
    }

    /// The last lines of its log, once it has ended.
    pub(super) fn last_words(&self) -> Result<Option<Vec<String>>> {
        let state = ["inspect", "--format", "{{.State.Running}}", &self.id];
        if text(&Command::new("docker").args(state))? == "true" {
            return Ok(None);
        }
        let log = ["logs", "--tail", TAIL, &self.id];
        let log = Command::new("docker").args(log).read()?;
        let log = String::from_utf8_lossy(&log);
        Ok(Some(log.lines().map(str::to_owned).collect()))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // What is left is removed by the next run.
        let _ = remove(&self.id);
    }
}

/// `docker create`. Nothing in it but its file, its socket and, where it serves,
/// 127.0.0.1 of the live one.
fn create(place: &Beside<'_>, plan: &Plan<'_>, tag: &str) -> Command {
    let network = if plan.serving.is_some() {
        format!("container:{}", place.container)
    } else {
        "none".to_owned()
    };
    Command::new("docker")
        .args(["create", "--pull", "never"])
        .arg("--label")
        .arg(format!("{LABEL}={tag}"))
        .args(["--network", &network])
        // The files are root's, whatever user the image is made for.
        .args(["--user", "0:0", "--cap-drop", "ALL"])
        .args(["--security-opt", "no-new-privileges"])
        // Where memory is short, this one dies and not the live one.
        .args(["--oom-score-adj", "1000"])
        .args(["--no-healthcheck", "--log-driver", "json-file"])
        .args(["--entrypoint", "redis-server"])
        .args([place.image, &format!("{FOLDER}/redis.conf")])
}

/// A tar archive with the folder and both files, all root's own.
fn archive(output: impl Write, configuration: &str, rdb: &Path) -> std::io::Result<()> {
    let folder = FOLDER.trim_start_matches('/');
    let header = |kind, mode, size| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_uid(0);
        header.set_gid(0);
        header
    };
    let mut archive = tar::Builder::new(output);
    let mut entry = header(tar::EntryType::Directory, 0o700, 0);
    archive.append_data(&mut entry, folder, std::io::empty())?;
    let mut entry = header(tar::EntryType::Regular, 0o600, configuration.len() as u64);
    let path = format!("{folder}/redis.conf");
    archive.append_data(&mut entry, path, configuration.as_bytes())?;
    let file = File::open(rdb)?;
    let mut entry = header(tar::EntryType::Regular, 0o600, file.metadata()?.len());
    archive.append_data(&mut entry, format!("{folder}/dump.rdb"), file)?;
    archive.into_inner()?.flush()
}

pub(super) fn remove(id: &str) -> Result<()> {
    Command::new("docker")
        .args(["rm", "--force", "--volumes", id])
        .clean_up()
}

fn text(command: &Command) -> Result<String> {
    let output = command.read()?;
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

/// The scratch servers of killed runs, by the id of their container.
fn left() -> Result<Vec<(String, Tag)>> {
    let filter = format!("label={LABEL}");
    let list = ["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter];
    let found = match text(&Command::new("docker").args(list)) {
        // Without Docker there is nothing to be found.
        Err(error) if Failure::of(&error).reason == "missing_program" => return Ok(Vec::new()),
        found => found?,
    };
    let label = format!("{{{{index .Config.Labels \"{LABEL}\"}}}}");
    let mut left = Vec::new();
    for id in found.lines() {
        let inspect = ["inspect", "--format", &label, id];
        // It may be gone by now.
        let Ok(tag) = text(&Command::new("docker").args(inspect)) else {
            continue;
        };
        // One that cannot be read is none of ours.
        let Ok(tag) = serde_json::from_str::<Tag>(&tag) else {
            continue;
        };
        left.push((id.to_owned(), tag));
    }
    Ok(left)
}

pub(super) fn sweep() -> Result<()> {
    for (id, tag) in left()? {
        if !tag.owner.is_alive() && !is_followed(&tag) {
            remove(&id)?;
        }
    }
    Ok(())
}

/// Whether a live server may follow it: one that is there, at least.
fn is_followed(tag: &Tag) -> bool {
    let exists = |container: &String| {
        let inspect = ["inspect", "--format", "{{.Id}}", container];
        text(&Command::new("docker").args(inspect)).is_ok()
    };
    tag.serving.is_some() && tag.beside.as_ref().is_some_and(exists)
}

pub(super) fn abandoned(container: &str) -> Result<Vec<Abandoned>> {
    let left = left()?.into_iter();
    let left = left.filter(|(_, tag)| tag.serving.is_some());
    let left = left.filter(|(_, tag)| tag.beside.as_deref() == Some(container));
    Ok(left
        .map(|(id, tag)| Abandoned {
            tag,
            left: Left::Container(id),
        })
        .collect())
}

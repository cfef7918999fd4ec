//! Processes as `/proc` shows them. Those of containers are among them.

use super::Seen;
use crate::report::Fault;
use crate::{Deadline, aside};
use anyhow::Result;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use toolkit::failure::Failure;

/// A PID file has a line; more is something else.
const LONGEST: u64 = 64;

/// A process that runs.
#[derive(Debug, Clone, PartialEq)]
struct Process {
    names: Vec<String>,
    /// Resident, in bytes.
    memory: f64,
}

/// The processes of a program.
pub(super) fn called(name: &str, deadline: Deadline) -> Result<Seen> {
    let wanted = name.to_owned();
    let all = aside::ask(deadline, move || {
        let entries = fs::read_dir("/proc")?.flatten();
        let all = entries.filter_map(|entry| {
            entry.file_name().to_str()?.parse::<u32>().ok()?;
            process(&entry.path())
        });
        Ok(all
            .filter(|one| one.names.contains(&wanted))
            .collect::<Vec<_>>())
    })?;
    #[allow(clippy::cast_precision_loss)] // There are no 2^53 processes.
    let running = all.len() as f64;
    let faults = if all.is_empty() {
        let fault = Fault::fail("process_missing", format!("no `{name}` runs"), "it runs");
        vec![fault.hint("start it, and look into its log")]
    } else {
        Vec::new()
    };
    Ok(Seen {
        shown: format!("{running} running"),
        faults,
        running,
        restarts: None,
        memory: Some(all.iter().map(|one| one.memory).sum()),
    })
}

/// The process whose number is in a file.
pub(super) fn named_in(path: &Path, program: Option<&str>, deadline: Deadline) -> Result<Seen> {
    let (file, program) = (path.to_owned(), program.map(str::to_owned));
    aside::ask(deadline, move || {
        let shown = file.display();
        let missing = |observed: String, hint: &str| Seen {
            shown: observed.clone(),
            faults: vec![Fault::fail("process_missing", observed, "it runs").hint(hint)],
            ..Seen::default()
        };
        let Some(text) = read(&file)? else {
            let observed = format!("there is no `{shown}`");
            return Ok(missing(observed, "start the program that writes it"));
        };
        let Ok(pid) = text.trim().parse::<u32>() else {
            let message = format!("`{shown}` holds no number of a process");
            return Err(Failure::new("process_pidfile", message).into());
        };
        let Some(found) = process(&PathBuf::from(format!("/proc/{pid}"))) else {
            let observed = format!("process {pid} of `{shown}` has ended");
            return Ok(missing(observed, "start it, and look into its log"));
        };
        let is_it = |name: &String| found.names.contains(name);
        if !program.as_ref().is_none_or(is_it) {
            let is = found.names.first().map_or("", String::as_str);
            let observed = format!("process {pid} of `{shown}` is `{is}`");
            return Ok(missing(observed, "the file is left from an earlier run"));
        }
        Ok(Seen {
            shown: format!("process {pid} runs"),
            running: 1.0,
            memory: Some(found.memory),
            ..Seen::default()
        })
    })
}

fn read(path: &Path) -> Result<Option<String>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.display());
            return Err(Failure::new("process_pidfile", message).into());
        }
    };
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The process in this folder; none where it has ended, or only waits for its
/// parent to notice.
fn process(folder: &Path) -> Option<Process> {
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let field = |name: &str| {
        let mut lines = status.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(field, _)| *field == name);
        found.map(|(_, value)| value.trim().to_owned())
    };
    if field("State").is_none_or(|state| state.starts_with(['Z', 'X'])) {
        return None;
    }
    let memory = field("VmRSS").and_then(|size| size.split(' ').next()?.parse::<f64>().ok());
    // The kernel's name has 15 characters; the first argument may be anything.
    let arguments = fs::read(folder.join("cmdline")).unwrap_or_default();
    let first = arguments
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let first = first.rsplit('/').next().unwrap_or_default().to_owned();
    Some(Process {
        names: [field("Name").unwrap_or_default(), first].into(),
        memory: memory.unwrap_or_default() * 1024.0,
    })
}

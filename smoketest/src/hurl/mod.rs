//! A step of the kind `hurl`: files for those who have them already, run by an
//! installed Hurl (<https://hurl.dev>) from 7.1 on.

mod problem;
mod said;

use anyhow::{Context, Result};
use probe::several::several;
use probe::{Around, Fault, Measure, Report, Unit};
use problem::Problem;
use said::Said;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::mpsc::sync_channel;
use std::thread;
use toolkit::command::{Command, Ended, Io, Stdout};
use toolkit::failure::Failure;

/// The most that is read of what Hurl says.
const LARGEST: u64 = 32 << 20;

/// The keys of a step of this kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hurl {
    /// The files, from the folder of sextant.toml on.
    #[serde(deserialize_with = "several")]
    file: Vec<String>,
    /// What they can use as `{{name}}`; `base` is there without being named.
    #[serde(default)]
    variables: Map<String, Value>,
}

/// What came of the files.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) report: Report,
    /// What they captured, by name.
    pub(crate) captured: BTreeMap<String, String>,
}

/// That a Hurl is installed.
///
/// # Errors
/// `missing_program`.
pub(crate) fn is_there() -> Result<(), Failure> {
    let asked = Command::new("hurl").arg("--version").read();
    asked.map(drop).map_err(|error| {
        let failure = Failure::of(&error);
        failure.hint("install Hurl, https://hurl.dev, or leave out the steps of the kind `hurl`")
    })
}

impl Hurl {
    /// What is wrong with it that no single value shows, and at which key.
    pub(crate) fn mistake(&self) -> Option<(&'static str, String)> {
        if self.file.is_empty() {
            return Some(("file", "`file` names no file".into()));
        }
        let wrong = self.variables.iter().find(|(name, value)| {
            let is_plain = matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
            !is_plain || name.is_empty() || name.contains(['=', '\0'])
        });
        wrong.map(|(name, _)| {
            let why =
                format!("`{name}` in `variables` must be a text, a number, `true` or `false`");
            ("variables", why)
        })
    }

    /// What it does, in a few words.
    pub(crate) fn expects(&self) -> String {
        format!("hurl {}", self.file.join(" "))
    }

    /// The command; the variables are in its environment, which only its user
    /// can read.
    fn command(&self, base: Option<&str>) -> Command {
        let mut command = Command::new("hurl").args(["--json", "--no-color"]);
        command = command.args(["--error-format", "short"]);
        for file in &self.file {
            let is_option = file.starts_with('-');
            command = command.arg(if is_option {
                format!("./{file}")
            } else {
                file.clone()
            });
        }
        let base = base.map(|base| ("base".to_owned(), Value::from(base)));
        let own = self
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        for (name, value) in base.into_iter().chain(own) {
            command = command.env(format!("HURL_VARIABLE_{name}"), typed(&value));
        }
        command
    }

    /// Runs the files.
    ///
    /// # Errors
    /// `missing_program`, `timeout`; `hurl_refused` where Hurl cannot read them.
    pub(crate) fn run(&self, base: Option<&str>, around: &Around<'_>) -> Result<Outcome> {
        let command = self.command(base).folder(&around.config.root);
        let (ended, stdout) = run(&command, around)?;
        let files = said::read(&stdout);
        let problems = problem::read(&ended.lines);
        if files.is_empty() {
            let words = problems
                .first()
                .map_or_else(|| ended.lines.join(" "), Problem::told);
            let message = format!("hurl cannot run it: {words}");
            return Err(Failure::new("hurl_refused", message)
                .hint("`hurl` from 7.1 on is needed; `hurlfmt --check` looks at files")
                .into());
        }
        Ok(outcome(&files, &problems, &ended))
    }
}

/// As Hurl reads a variable, which takes a text in `"` for one, and `007`
/// without for a number.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) if number.to_string() == *text => text.clone(),
            _ => format!("\"{text}\""),
        },
        other => other.to_string(),
    }
}

/// Runs it to its end, which is the deadline at the latest; what it wrote to
/// stdout.
fn run(command: &Command, around: &Around<'_>) -> Result<(Ended, Vec<u8>)> {
    let mut running = command.start(Io {
        stdout: Stdout::Read,
        ..Io::default()
    })?;
    let stdout = running.take_stdout().context("hurl has no stdout")?;
    let (tell, told) = sync_channel(1);
    let read = move || {
        let mut bytes = Vec::new();
        let read = stdout.take(LARGEST).read_to_end(&mut bytes);
        let _ = tell.send(read.map(|_| bytes));
    };
    let thread = thread::Builder::new().name("stdout".into());
    thread.spawn(read).context("cannot start a thread")?;
    if !running.wait_within(around.deadline.left()?)? {
        toolkit::signals::check()?;
        return Err(around.deadline.missed()).context("hurl was ended");
    }
    let bytes = told.recv_timeout(around.deadline.left()?)?;
    Ok((running.wait()?, bytes?))
}

/// The entries of all files, what of them failed, and what they captured.
fn outcome(files: &[Said], problems: &[Problem], ended: &Ended) -> Outcome {
    let (mut entries, mut captured) = (Vec::new(), BTreeMap::new());
    let mut faults = Vec::new();
    for file in files {
        for (at, entry) in file.entries.iter().enumerate() {
            let next = file
                .entries
                .get(at + 1)
                .map_or(usize::MAX, |next| next.line);
            let failed = entry.problems(&file.filename, next, problems);
            let request = entry.request();
            entries.push(json!({
                "file": file.filename,
                "index": entry.index,
                "line": entry.line,
                "request": request,
                "status": entry.status(),
                "ms": entry.time,
                "failed": failed.iter().map(Problem::fact).collect::<Vec<_>>(),
            }));
            for problem in failed {
                let at = format!("{}:{}", file.filename, problem.line);
                let observed = format!("{at}: {request}: {}", problem.told());
                let expected = problem.source.clone().unwrap_or_else(|| request.clone());
                faults.push(Fault::fail("hurl_failed", observed, expected));
            }
            for capture in &entry.captures {
                let value = match &capture.value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                captured.insert(capture.name.clone(), value);
            }
        }
    }
    if !ended.status.success() && faults.is_empty() {
        let observed = format!("hurl {}: {}", ended.status, ended.lines.join(" "));
        faults.push(Fault::fail("hurl_failed", observed, "exit status 0"));
    }
    let took: u64 = files.iter().map(|file| file.time).sum();
    let count = entries.len();
    let requests = if count == 1 { "request" } else { "requests" };
    let mut report = Report::new(format!("{count} {requests} in {took} ms"));
    #[allow(clippy::cast_precision_loss)] // No day has as many milliseconds.
    let seconds = took as f64 / 1e3;
    report.measure(Measure::new("time", seconds, Unit::Seconds));
    report.fact("entries", entries);
    report.faults = faults;
    Outcome { report, captured }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_in_no_argument() {
        let hurl: Hurl = toml::from_str(
            "file = ['a.hurl', '-b.hurl']\nvariables = { pin = '0123', n = 7, id = '42', yes = true, is = 'true' }",
        )
        .unwrap();
        let command = hurl.command(Some("http://localhost:1"));
        let argv = [
            "hurl",
            "--json",
            "--no-color",
            "--error-format",
            "short",
            "a.hurl",
            "./-b.hurl",
        ];
        assert_eq!(command.argv(), argv);
        let expected = Command::new("hurl")
            .args(&argv[1..])
            .env("HURL_VARIABLE_base", "\"http://localhost:1\"")
            .env("HURL_VARIABLE_pin", "\"0123\"")
            .env("HURL_VARIABLE_n", "7")
            .env("HURL_VARIABLE_id", "42")
            .env("HURL_VARIABLE_yes", "true")
            .env("HURL_VARIABLE_is", "\"true\"");
        assert!(
            command == expected,
            "variables keep their order and their types"
        );
    }
}

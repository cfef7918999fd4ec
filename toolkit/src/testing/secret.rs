//! Secrets, looked for wherever others could read them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A secret as a URL has it.
pub fn url_encoded(secret: &str) -> String {
    utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string()
}

/// The first form of one of these secrets that a text shows: as it is, in a
/// URL, or in base64 wherever it stands in what was encoded.
pub fn shown(text: &str, secrets: &[String]) -> Option<String> {
    let mut forms = secrets.iter().flat_map(|secret| forms(secret));
    forms.find(|form| text.contains(form.as_str()))
}

fn forms(secret: &str) -> Vec<String> {
    let url = url_encoded(secret);
    let mut forms = vec![secret.to_owned(), url.to_lowercase(), url];
    for before in ["", "a", "ab"] {
        let text = STANDARD.encode(format!("{before}{secret}"));
        // The first and the last characters depend on what stands beside it.
        forms.push(text[4..text.len() - 4].to_owned());
    }
    forms
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.map(|entry| entry.path()).flat_map(|path| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    });
    below.collect()
}

/// Reads the arguments and the environment of every process of this machine,
/// in containers too, over and over.
#[derive(Debug)]
pub struct Watch {
    reading: JoinHandle<Watched>,
    stopped: Arc<AtomicBool>,
}

/// What was seen of all processes.
#[derive(Debug)]
pub struct Watched {
    /// Their arguments, a process a line.
    pub arguments: String,
    /// The names of those whose environment showed a secret. Nothing else of
    /// environments is kept: they hold what is no test's to show.
    pub carriers: BTreeSet<String>,
}

impl Watch {
    /// Starts to read, and to look for these secrets in environments.
    pub fn start(secrets: &[String]) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stopped);
        let forms: Vec<_> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        let reading = thread::spawn(move || watch(&forms, &flag));
        Self { reading, stopped }
    }

    /// Reads once more, and returns all that was seen.
    pub fn stop(self) -> Watched {
        self.stopped.store(true, Ordering::Relaxed);
        self.reading.join().expect("/proc can be read")
    }
}

fn watch(forms: &[String], stopped: &AtomicBool) -> Watched {
    let (mut arguments, mut carriers) = (BTreeSet::new(), BTreeSet::new());
    let mut known = HashMap::new();
    loop {
        let is_last = stopped.load(Ordering::Relaxed);
        for process in fs::read_dir("/proc").expect("/proc is there").flatten() {
            // One may end meanwhile.
            let read = |name| fs::read(process.path().join(name)).unwrap_or_default();
            let line = read("cmdline");
            // The environment changes when another program begins. The sooner
            // a round ends, the shorter may a process live and be seen.
            if known.get(&process.file_name()) == Some(&line) {
                continue;
            }
            let environment = read("environ");
            let environment = String::from_utf8_lossy(&environment);
            if forms.iter().any(|form| environment.contains(form.as_str())) {
                let name = read("comm");
                carriers.insert(String::from_utf8_lossy(name.trim_ascii()).into_owned());
            }
            arguments.insert(String::from_utf8_lossy(&line).replace('\0', " "));
            known.insert(process.file_name(), line);
        }
        if is_last {
            let lines: Vec<_> = arguments.into_iter().collect();
            return Watched {
                arguments: lines.join("\n"),
                carriers,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_secret_is_known_in_each_form() {
        let secrets = ["db/+@=01".to_owned()];
        for text in [
            "x db/+@=01 y",
            "postgres://u:db%2F%2B%40%3D01@h",
            "postgres://u:db%2f%2b%40%3d01@h",
            // `user:db/+@=01`, `db/+@=01` and `x:db/+@=01`, by base64(1).
            "dXNlcjpkYi8rQD0wMQ==",
            "ZGIvK0A9MDE=",
            "eDpkYi8rQD0wMQ==",
        ] {
            assert!(shown(text, &secrets).is_some(), "{text}");
        }
        assert_eq!(shown("db 01", &secrets), None);
    }

    #[test]
    fn another_process_is_seen() {
        let [argument, variable] = [(); 2].map(|()| vec![ulid::Ulid::generate().to_string()]);
        let mut other = Command::new("sh")
            .args(["-c", "echo; read -r _", &argument[0]])
            .env("CARRIED", &variable[0])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It runs: what it was before is this process.
        let mut stdout = std::io::BufReader::new(other.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut String::new()).unwrap();
        let seen = Watch::start(&variable).stop();
        drop(other.stdin.take());
        other.wait().unwrap();
        assert!(shown(&seen.arguments, &argument).is_some());
        assert_eq!(seen.carriers, BTreeSet::from(["sh".to_owned()]));
    }
}

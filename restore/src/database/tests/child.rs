//! A restore in a process of its own, which can be killed.

use super::place::Postgres;
use super::saved::STAMP;
use crate::database::{Wanted, in_place, stage};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use toolkit::set::DatabaseProof;
use toolkit::signals;

const JOB: &str = "SEXTANT_TEST_RESTORE";

/// What the child is to do.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) server: String,
    pub(super) name: String,
    pub(super) dump: String,
    /// What follows the dump, again and again, without an end.
    pub(super) endless: Option<String>,
    pub(super) proof: Option<DatabaseProof>,
    pub(super) in_place: bool,
}

impl Job {
    pub(super) fn new(postgres: &Postgres, name: &str, dump: &str) -> Self {
        Self {
            server: postgres.id().to_owned(),
            name: name.to_owned(),
            dump: dump.to_owned(),
            endless: None,
            proof: None,
            in_place: false,
        }
    }

    /// Starts it; it says `staged` before it swaps, and waits for a line.
    #[allow(clippy::disallowed_methods)] // `toolkit` would stop it kindly
    pub(super) fn start(&self) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("job");
        std::fs::write(&file, serde_json::to_vec(self).unwrap()).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "database::tests::child::works",
                "--nocapture",
                "--quiet",
            ])
            .env(JOB, &file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Started {
            child,
            _folder: folder,
        }
    }
}

pub(super) struct Started {
    pub(super) child: Child,
    _folder: tempfile::TempDir,
}

impl Started {
    /// Waits until it has said `word`.
    pub(super) fn says(&mut self, word: &str) {
        let stdout = self.child.stdout.as_mut().unwrap();
        let mut said = String::new();
        let mut byte = [0];
        while !said.contains(word) {
            assert_eq!(stdout.read(&mut byte).unwrap(), 1, "said only {said:?}");
            said.push(char::from(byte[0]));
        }
    }

    /// Lets it go on.
    pub(super) fn go(&mut self) {
        self.child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(b"go\n")
            .unwrap();
    }

    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM, and waits for its end; what it said on stderr.
    pub(super) fn interrupt(self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let output = self.child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

/// A dump, and after it the same text for ever.
struct Endless {
    dump: io::Cursor<Vec<u8>>,
    rest: Option<Vec<u8>>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.dump.read(buffer)?;
        match &self.rest {
            Some(rest) if read == 0 => {
                // Slowly: the tests wait for what the server shows of it.
                std::thread::sleep(Duration::from_millis(5));
                let len = rest.len().min(buffer.len());
                buffer[..len].copy_from_slice(&rest[..len]);
                Ok(len)
            }
            _ => Ok(read),
        }
    }
}

/// The child itself; among the other tests it has nothing to do.
#[test]
fn works() {
    let Ok(file) = std::env::var(JOB) else { return };
    let job: Job = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    signals::listen().unwrap();
    signals::begin_work();
    let server = Postgres::found(&job.server);
    let wanted = Wanted {
        server: &server,
        maintenance: &job.name,
        name: job.name.clone(),
        replaced: Vec::new(),
        dump: Box::new(Endless {
            dump: io::Cursor::new(job.dump.into_bytes()),
            rest: job.endless.map(String::into_bytes),
        }),
        proof: job.proof,
        stamp: STAMP.into(),
    };
    if job.in_place {
        in_place(wanted).unwrap();
        return;
    }
    let staged = stage(wanted).unwrap();
    println!("staged");
    io::stdin().read_line(&mut String::new()).unwrap();
    staged.swap(false).unwrap();
}

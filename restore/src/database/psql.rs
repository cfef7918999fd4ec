//! The `psql` that a dump is fed to, where the server is.

use anyhow::{Context, Result};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use toolkit::command::{Command, Io, Running, Stdout};
use toolkit::postgres::{Server, Version};
use toolkit::signals;
use ulid::Ulid;

/// What the connection that loads begins with, where the server has it: no
/// timeouts, values read as `pg_dump` writes them, and no wait for the disk at
/// each statement.
const SETTINGS: &str = "\
SELECT pg_catalog.set_config(s.name, v.value, false) \
FROM (VALUES \
  ('statement_timeout', '0'), \
  ('lock_timeout', '0'), \
  ('idle_in_transaction_session_timeout', '0'), \
  ('idle_session_timeout', '0'), \
  ('transaction_timeout', '0'), \
  ('default_transaction_read_only', 'off'), \
  ('client_min_messages', 'warning'), \
  ('standard_conforming_strings', 'on'), \
  ('intervalstyle', 'postgres'), \
  ('datestyle', 'ISO'), \
  ('synchronous_commit', 'off'), \
  ('maintenance_work_mem', (SELECT greatest(setting::bigint, 131072) || 'kB' \
     FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem')), \
  ('client_connection_check_interval', '10s') \
) AS v(name, value) \
JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) = v.name";

/// A `psql` that executes what is written to it, and stops at the first error.
///
/// When this tool ends, the connection does too, and what it has not committed
/// is undone.
#[derive(Debug)]
pub(super) struct Psql {
    running: Running,
    /// Held open until psql has ended: its end would end the connection.
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    word: String,
    /// What lifts the restriction, where psql knows one.
    key: Option<String>,
}

/// How a `psql` ended.
#[derive(Debug)]
pub(super) struct End {
    /// Its exit status; none when it was lost.
    pub(super) status: Option<i32>,
    /// Its last lines.
    pub(super) lines: Vec<String>,
}

impl Psql {
    /// Starts one in `database`, which executes the statements `first`.
    pub(super) fn start(server: &Server, database: &str, first: &[String]) -> Result<Self> {
        let version = Version::of_program(server, "psql")?;
        let word = Ulid::generate().to_string();
        let key = knows_restrict(version).then(|| Ulid::generate().to_string());
        let command = command(server, database, &word, key.as_deref(), first);
        let mut running = command.start(Io {
            stdin: true,
            stdout: Stdout::Read,
            echo: false,
        })?;
        let stdin = running.take_stdin().context("psql has no stdin")?;
        let stdout = running.take_stdout().context("psql has no stdout")?;
        Ok(Self {
            running,
            stdin,
            stdout: BufReader::new(stdout),
            word,
            key,
        })
    }

    /// Hands over the last statements, and waits until all are executed.
    ///
    /// # Errors
    /// `interrupted`.
    pub(super) fn finish(mut self, last: &str) -> Result<End> {
        let lift = self.key.as_ref().map(|key| format!("\\unrestrict {key}\n"));
        let rest = format!("\n{}{last}\n\\q\n", lift.unwrap_or_default());
        // That it cannot be written is known by how psql ended.
        let _ = self.stdin.write_all(rest.as_bytes());
        self.end()
    }

    /// Waits for a psql that has ended by itself, or ends it: nothing that it
    /// has not committed stays.
    pub(super) fn end(self) -> Result<End> {
        let Self {
            running,
            stdin,
            mut stdout,
            word,
            ..
        } = self;
        let status = read_status(&mut stdout, &word);
        drop(stdin);
        let lines = running.wait()?.lines;
        Ok(End { status, lines })
    }

    /// Ends the connection, whatever it is busy with.
    pub(super) fn abandon(self) {
        drop(self.stdin);
        if signals::interrupted().is_none() {
            // Killed at once, it could go on for a while in the server.
            let _ = self.running.wait();
        }
    }
}

impl Write for Psql {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdin.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.flush()
    }
}

fn command(
    server: &Server,
    database: &str,
    word: &str,
    key: Option<&str>,
    first: &[String],
) -> Command {
    let mut command = server.tied_filter("psql", database, word).args([
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--set=VERBOSITY=terse",
        "--output=/dev/null",
        &format!("--command=SET application_name = '{word}'"),
        &format!("--command={SETTINGS}"),
    ]);
    for statement in first {
        command = command.arg(format!("--command={statement}"));
    }
    if let Some(key) = key {
        command = command.arg(format!("--command=\\restrict {key}"));
    }
    command.arg("--file=-")
}

/// The exit status after the word, once psql has ended.
fn read_status(stdout: &mut impl BufRead, word: &str) -> Option<i32> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if !matches!(stdout.read_until(b'\n', &mut line), Ok(1..)) {
            return None;
        }
        let text = String::from_utf8_lossy(&line);
        if let Some(status) = text.strip_prefix(word) {
            return status.trim().parse().ok();
        }
    }
}

/// Whether psql has `\restrict` (CVE-2025-8714): in a mode that nothing in the
/// dump can leave, it runs no other backslash command.
fn knows_restrict(version: Version) -> bool {
    match version.major {
        13 => version.minor >= 22,
        14 => version.minor >= 19,
        15 => version.minor >= 14,
        16 => version.minor >= 10,
        17 => version.minor >= 6,
        major => major >= 18,
    }
}

//! A connection held by the `psql` of the server's own container, asked
//! through its stdin and stdout.
//!
//! Each statement is followed by lines that only psql's own `\echo` can have
//! written: they carry a random word that the server never sees. They say
//! whether the server refused it, with its error code, and where rows end.

use super::csv;
use super::error::{
    AUTH_HINT, CONNECTIONS_HINT, LOST_HINT, NO_DATABASE_HINT, Refusal, STARTING_HINT,
    UNREACHABLE_HINT,
};
use super::meter::Allowance;
use super::place::Server;
use super::session::Trouble;
use crate::command::{Ended, Group, Io, Running, Stdout};
use crate::failure::Failure;
use anyhow::{Context, Result};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout};
use ulid::Ulid;

/// How many bytes more a real psql may have to say: its longest value has one
/// gigabyte, and CSV doubles each quote.
const REST: u64 = 4 << 30;

/// A `psql` that waits for statements.
#[derive(Debug)]
pub(super) struct Psql {
    /// None once it has ended.
    running: Option<Running>,
    group: Group,
    /// None once it was told to end.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// Begins the lines that are not rows, and ends what stands for NULL.
    word: String,
    server: Server,
}

impl Psql {
    pub(super) fn start(server: &Server, database: &str) -> Result<Self> {
        let word = Ulid::generate().to_string();
        let command = server.tied_psql(database, &word).args([
            "--no-psqlrc",
            "--quiet",
            "--csv",
            "--tuples-only",
            &format!("--pset=null={}", null(&word)),
            "--set=VERBOSITY=terse",
        ]);
        let mut running = command.start(Io {
            stdin: true,
            stdout: Stdout::Read,
            echo: false,
        })?;
        let stdin = running.take_stdin().context("psql has no stdin")?;
        let stdout = running.take_stdout().context("psql has no stdout")?;
        let mut psql = Self {
            group: running.group(),
            running: Some(running),
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            word,
            server: server.clone(),
        };
        // Nothing else tells that it is connected.
        let name = format!("SET application_name = '{}'", psql.word);
        match psql.ask(&name) {
            Ok(_) => Ok(psql),
            Err(Trouble::Refused(refusal)) => Err(refusal.failure(server).into()),
            Err(Trouble::Other(error)) => {
                crate::signals::check()?;
                if psql.running.is_some() {
                    return Err(error);
                }
                Err(refused(server, database, &Failure::of(&error)).into())
            }
        }
    }

    pub(super) fn group(&self) -> Group {
        self.group
    }

    /// The rows of one statement, bytes that are no UTF-8 replaced.
    pub(super) fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Trouble> {
        let text = self.ask(sql)?;
        let rows = csv::parse(&text, null(&self.word).as_bytes());
        let plain = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(rows
            .into_iter()
            .map(|row| row.into_iter().map(|value| value.map(plain)).collect())
            .collect())
    }

    /// What psql wrote for one statement.
    fn ask(&mut self, sql: &str) -> Result<Vec<u8>, Trouble> {
        let word = &self.word;
        let question = format!(
            "{sql}\n\\g\n\\echo {word} :ERROR :SQLSTATE\n\\echo :LAST_ERROR_MESSAGE\n\\echo {word} end\n"
        );
        let sent = self
            .stdin
            .as_mut()
            .map(|stdin| stdin.write_all(question.as_bytes()));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.lost()?.into());
        }
        let (text, verdict) = self.read_to_word()?;
        let (message, _) = self.read_to_word()?;
        let mut words = verdict.split_whitespace().skip(1);
        match (words.next(), words.next()) {
            (Some("false"), _) => Ok(text),
            (Some("true"), sqlstate) => Err(Trouble::Refused(Refusal {
                sqlstate: sqlstate.unwrap_or_default().to_owned(),
                message: String::from_utf8_lossy(&message).trim().to_owned(),
                hint: None,
            })),
            _ => Err(anyhow::anyhow!("psql wrote `{verdict}`").into()),
        }
    }

    /// The bytes before the next line that begins with the word, and that line.
    fn read_to_word(&mut self) -> Result<(Vec<u8>, String), Trouble> {
        let mut text = Vec::new();
        let mut allowance = self.server.is_bounded.then(Allowance::new);
        loop {
            let start = text.len();
            // One byte more shows that there is more.
            let most = allowance.as_ref().map_or(u64::MAX, |left| left.left() + 1);
            let mut stdout = (&mut self.stdout).take(most);
            let read = stdout.read_until(b'\n', &mut text);
            let read = read.context("cannot read from psql")?;
            if read == 0 {
                return Err(self.lost()?.into());
            }
            if text[start..].starts_with(self.word.as_bytes()) {
                let line = String::from_utf8_lossy(&text[start..])
                    .trim_end()
                    .to_owned();
                if line == self.word {
                    // The shell's word: psql has ended.
                    return Err(self.lost()?.into());
                }
                text.truncate(start);
                return Ok((text, line));
            }
            let spent = allowance.as_mut().map(|left| left.spend(read as u64));
            if let Some(Err(too_much)) = spent {
                self.let_go();
                return Err(too_much.failure(&self.server).into());
            }
        }
    }

    /// Ends a psql that has more to say than is read of it. It is not killed:
    /// in its container the server would count that as a crash of its own, and
    /// restart.
    fn let_go(&mut self) {
        drop(self.stdin.take());
        let rest = io::copy(&mut (&mut self.stdout).take(REST), &mut io::sink());
        if let Some(running) = self.running.take()
            && rest.is_ok_and(|bytes| bytes < REST)
        {
            let _ = running.wait();
        }
    }

    /// The failure of a psql that has ended, in its last words.
    fn lost(&mut self) -> Result<Failure> {
        let server = &self.server;
        let Some(running) = self.running.take() else {
            let message = format!("the connection to {server} has ended");
            return Ok(Failure::new("pg_unreachable", message).hint(LOST_HINT));
        };
        drop(self.stdin.take());
        let ended = running.wait()?;
        let words = last_words(&ended);
        let reason = if words.contains("executable file not found") {
            "missing_program"
        } else {
            "pg_unreachable"
        };
        Ok(Failure::new(reason, format!("{server}: {words}")).hint(LOST_HINT))
    }
}

impl Drop for Psql {
    /// Lets it end by itself, so that the server logs no broken connection.
    fn drop(&mut self) {
        if let (Some(mut stdin), Some(running)) = (self.stdin.take(), self.running.take()) {
            let _ = stdin.write_all(b"\n\\q\n");
            drop(stdin);
            let _ = running.wait();
        }
    }
}

fn null(word: &str) -> String {
    format!("NULL{word}")
}

/// The lines worth repeating: the server's last word, or all that psql said.
fn last_words(ended: &Ended) -> String {
    let fatal = ended.lines.iter().rfind(|line| line.contains("FATAL:"));
    if let Some((_, words)) = fatal.and_then(|line| line.split_once("FATAL:")) {
        return words.trim().to_owned();
    }
    let lines: Vec<_> = ended.lines.iter().map(|line| line.trim()).collect();
    match lines.join(" ").trim() {
        "" => format!("psql ended with {}", ended.status),
        words => words.trim_start_matches("psql: error: ").to_owned(),
    }
}

/// The reasons that a psql that was not let in may have. Its words are all it
/// says: libpq hands no error code to it at that time.
const WORDS: &[(&str, &str, &str)] = &[
    ("does not exist", "pg_no_database", NO_DATABASE_HINT),
    (
        "not currently accepting connections",
        "pg_no_database",
        NO_DATABASE_HINT,
    ),
    ("authentication failed", "pg_auth", AUTH_HINT),
    ("no pg_hba.conf entry", "pg_auth", AUTH_HINT),
    ("no password supplied", "pg_auth", AUTH_HINT),
    ("not permitted to log in", "pg_auth", AUTH_HINT),
    ("permission denied for database", "pg_permission", AUTH_HINT),
    ("too many", "pg_too_many_connections", CONNECTIONS_HINT),
    (
        "remaining connection slots",
        "pg_too_many_connections",
        CONNECTIONS_HINT,
    ),
];

/// Why psql was not let in.
fn refused(server: &Server, database: &str, lost: &Failure) -> Failure {
    if lost.reason == "missing_program" {
        return lost
            .clone()
            .hint("name the container of the PostgreSQL server itself");
    }
    let failure = |reason, hint: &str| Failure::new(reason, lost.message.clone()).hint(hint);
    // `pg_isready` tells by its exit status, in any language: 1 is a server
    // that lets nobody in yet, 2 is no server.
    match server.readiness(database) {
        Some(1) => return failure("pg_starting", STARTING_HINT),
        Some(0) => {}
        _ => return failure("pg_unreachable", UNREACHABLE_HINT),
    }
    if lost.message.contains("role \"") && lost.message.contains("does not exist") {
        return failure("pg_auth", AUTH_HINT);
    }
    let found = WORDS
        .iter()
        .find(|(words, ..)| lost.message.contains(words));
    found.map_or_else(|| lost.clone(), |(_, reason, hint)| failure(reason, hint))
}

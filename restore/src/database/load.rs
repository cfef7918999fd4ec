//! A dump on its way through `psql`.

use super::psql::{End, Psql};
use super::screen::{Rules, Screen, Versions};
use anyhow::Result;
use std::io::{ErrorKind, Read};
use toolkit::failure::Failure;
use toolkit::signals;
use toolkit::sql::filter::Filter;
use toolkit::sql::tally::{Counter, Tally};

/// How much of the dump is looked at together.
const PIECE: usize = 256 << 10;

/// What was loaded.
#[derive(Debug)]
pub(super) struct Loaded {
    /// What the dump holds.
    pub(super) tally: Tally,
    /// Its size, uncompressed.
    pub(super) bytes: u64,
    /// What of it was left out.
    pub(super) warnings: Vec<String>,
}

/// Feeds a whole dump to `psql`, then the statements that `last` makes of what
/// the dump turned out to hold; these are not executed unless all of it was.
///
/// # Errors
/// `hostile_dump`; `cluster_dump`; `truncated_dump`; `pg_load` with what the server refused and
/// where; `pg_newer_dump` when that may be because the dump is newer than the
/// server; `pg_unreachable` when the server was lost; `interrupted`.
pub(super) fn load(
    dump: &mut dyn Read,
    psql: Psql,
    rules: Rules,
    last: impl FnOnce(&Tally) -> Result<String>,
) -> Result<Loaded> {
    let mut screen = Screen::new(psql, rules);
    let mut counter = Counter::new();
    let mut bytes = 0;
    let fed = feed(dump, &mut screen, &mut counter, &mut bytes);
    let warnings = screen.warnings();
    let ready = match (fed, screen.refused()) {
        (_, Some(refused)) => Err(Stop::Ours(refused.into())),
        (fed, None) => fed,
    };
    let tally = counter.finish();
    let ready = ready.and_then(|()| complete(&tally).map_err(Stop::Ours));
    let last = match ready.and_then(|()| last(&tally).map_err(Stop::Ours)) {
        Ok(last) => last,
        Err(Stop::Ours(error)) => {
            screen.split().0.abandon();
            return Err(error);
        }
        Err(Stop::Psql) => String::new(),
    };
    let versions = screen.versions();
    let (psql, places) = screen.split();
    let end = psql.finish(&last)?;
    if end.status == Some(0) {
        return Ok(Loaded {
            tally,
            bytes,
            warnings,
        });
    }
    let stopped = Stopped::read(&end);
    let statement = stopped.line.and_then(|line| places.statement(line));
    Err(stopped.failure(statement, versions, rules).into())
}

/// Why the feeding ended early.
enum Stop {
    /// What was read or checked here.
    Ours(anyhow::Error),
    /// psql reads no more: it says why itself.
    Psql,
}

fn feed(
    dump: &mut dyn Read,
    screen: &mut Screen<Psql>,
    counter: &mut Counter,
    bytes: &mut u64,
) -> Result<(), Stop> {
    let ours = |error: anyhow::Error| Stop::Ours(error);
    let mut filter = Filter::of_one_database();
    let mut buffer = vec![0; PIECE];
    loop {
        signals::check().map_err(|failure| ours(failure.into()))?;
        let read = match dump.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(ours(
                    anyhow::Error::new(error).context("cannot read the dump"),
                ));
            }
        };
        let piece = &buffer[..read];
        filter.pass(piece, screen).map_err(|error| {
            if error.is::<Failure>() {
                Stop::Ours(error)
            } else {
                Stop::Psql
            }
        })?;
        counter.feed(piece);
        *bytes += read as u64;
    }
    filter.finish().map_err(ours)?;
    screen.release().map_err(|_| Stop::Psql)
}

/// Whether the dump ends as a dump does.
fn complete(tally: &Tally) -> Result<()> {
    if tally.complete {
        return Ok(());
    }
    Err(Failure::new(
        "truncated_dump",
        "the dump lacks its last line, `-- PostgreSQL database dump complete`",
    )
    .hint("restore from another set: this one was cut off, or `pg_dump` failed when it was made")
    .into())
}

/// What psql stopped at.
#[derive(Debug, PartialEq, Eq)]
struct Stopped {
    /// The line of its input.
    line: Option<u64>,
    words: String,
    /// The connection to the server was lost.
    lost: bool,
}

impl Stopped {
    /// From `psql:<stdin>:42: ERROR:  …`, the last line that psql wrote before
    /// it ended.
    fn read(end: &End) -> Self {
        let lines = || {
            end.lines
                .iter()
                .map(|line| line.trim())
                .filter(|line| !line.is_empty())
        };
        let placed = |line: &str| {
            let (line, words) = line.strip_prefix("psql:<stdin>:")?.split_once(": ")?;
            Some((line.parse().ok()?, words.to_owned()))
        };
        let found: Option<(u64, String)> = lines().rev().find_map(placed);
        // Exit status 2: the connection went bad (psql's manual).
        let lost = matches!(end.status, None | Some(2));
        let all = || lines().collect::<Vec<_>>().join(" ");
        let (line, words) = match found {
            Some((line, words)) if !lost => (Some(line), words),
            Some((line, _)) => (Some(line), all()),
            None if lost => (None, all()),
            None => (None, lines().next_back().unwrap_or_default().to_owned()),
        };
        // The severity is in the server's own language: `ERROR:  `, `ERREUR:  `.
        let words = match words.split_once(":  ") {
            Some((severity, rest)) if severity.chars().all(char::is_alphabetic) => rest.to_owned(),
            _ => words,
        };
        Self { line, words, lost }
    }

    fn failure(&self, statement: Option<String>, versions: Versions, rules: Rules) -> Failure {
        let words = if self.words.is_empty() {
            "psql ended without a word"
        } else {
            &self.words
        };
        let place = match (self.line, statement) {
            (Some(line), Some(text)) => format!(" in line {line}, in `{text}`"),
            (Some(line), None) => format!(" in line {line}"),
            _ => String::new(),
        };
        let message = format!("the dump stopped{place}: {words}");
        if self.lost {
            return Failure::new("pg_unreachable", message).hint("look into the server's log");
        }
        let newest = versions.server.max(versions.pg_dump);
        if let Some(newest) = newest.filter(|newest| *newest > rules.server.major) {
            return Failure::new("pg_newer_dump", message).hint(format!(
                "the dump is of PostgreSQL {newest}, and the server is {}: restore into a server of version {newest}",
                rules.server
            ));
        }
        let failure = Failure::new("pg_load", message);
        match hint(words) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The remedy for what a server refuses most often. Its words are in its own
/// language; in another one there is no hint.
fn hint(words: &str) -> Option<&'static str> {
    let has = |part: &str| words.contains(part);
    if has("role \"") && has("does not exist") {
        Some("create the roles first, from the same set: `restore SET globals`")
    } else if has("extension \"") && has("is not available") {
        Some("install the extension where the server is, such as by its image")
    } else if has("permission denied") || has("must be owner") || has("must be superuser") {
        Some("connect as a superuser, or as the role that owned it")
    } else if has("No space left on device") {
        Some("make room where the server is: the live database stays until the new one is whole")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toolkit::postgres::Version;

    fn stopped(status: i32, lines: &[&str]) -> Stopped {
        Stopped::read(&End {
            status: Some(status),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        })
    }

    #[test]
    fn reads_where_and_why_psql_stopped() {
        let read = stopped(
            3,
            &[
                "psql:<stdin>:7: NOTICE:  x",
                "psql:<stdin>:42: ERREUR:  la relation « t » existe déjà",
                "",
            ],
        );
        assert_eq!(
            (read.line, read.words.as_str(), read.lost),
            (Some(42), "la relation « t » existe déjà", false)
        );
        let lost = stopped(
            2,
            &["psql:<stdin>:9: server closed the connection unexpectedly"],
        );
        assert!(lost.lost);
    }

    #[test]
    fn a_newer_dump_is_named_as_the_likely_cause() {
        let rules = Rules {
            server: Version {
                major: 15,
                minor: 1,
            },
            one_transaction: false,
        };
        let newer = Versions {
            server: Some(15),
            pg_dump: Some(17),
        };
        let read = stopped(
            3,
            &["psql:<stdin>:2: ERROR:  syntax error at or near \"x\""],
        );
        let failure = read.failure(Some("CREATE x".into()), newer, rules);
        assert_eq!(failure.reason, "pg_newer_dump");
        assert_eq!(
            failure.message,
            "the dump stopped in line 2, in `CREATE x`: syntax error at or near \"x\""
        );
        let same = read.failure(None, Versions::default(), rules);
        assert_eq!(same.reason, "pg_load");
    }
}

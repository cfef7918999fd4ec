//! The statements of a dump by `pg_dumpall --globals-only`: cut apart, and none
//! but those that it writes.

use anyhow::{Context, Result};
use toolkit::failure::Failure;
use toolkit::sql::filter::Filter;
use toolkit::sql::tally::Counter;
use toolkit::sql::{Event, Scanner};

/// How many words decide about a statement.
const WORDS: usize = 12;

/// One statement, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Without its `;`.
    pub(super) sql: String,
    /// Its first words, which hold no password.
    pub(super) words: String,
    pub(super) subject: Subject,
    /// Whether it creates its subject.
    pub(super) creates: bool,
}

/// What a statement changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Role(String),
    Membership {
        group: String,
        member: String,
    },
    Tablespace(String),
    /// All roles at once.
    Everybody,
    /// The connection alone, or what comes back with a database.
    Connection,
}

/// A word in lower case, or a quoted name as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
}

/// Cuts a dump into its statements.
///
/// # Errors
/// `hostile_dump` when one is none of a dump of roles; `truncated_dump`.
pub(super) fn read(dump: &[u8]) -> Result<Vec<Statement>> {
    let mut text = Vec::with_capacity(dump.len());
    let mut filter = Filter::new();
    filter.pass(dump, &mut text)?;
    filter.finish()?;
    let mut counter = Counter::new();
    counter.feed(dump);
    if !counter.finish().complete {
        let message =
            "the roles lack their last line, `-- PostgreSQL database cluster dump complete`";
        return Err(Failure::new("truncated_dump", message)
            .hint("restore from another set: this one was cut off")
            .into());
    }
    let text = String::from_utf8(text).context("the roles are not in UTF-8")?;
    let mut open: Option<(u64, u64, Vec<Token>)> = None;
    let mut statements = Vec::new();
    Scanner::new().feed(text.as_bytes(), |event| -> Result<(), Failure> {
        match (event, &mut open) {
            (Event::Statement { at, line }, _) => open = Some((at, line, Vec::new())),
            (Event::Word(word), Some((.., tokens))) if tokens.len() < WORDS => {
                tokens.push(Token::Word(String::from_utf8_lossy(word).to_lowercase()));
            }
            (Event::Quoted(name), Some((.., tokens))) if tokens.len() < WORDS => {
                let name = String::from_utf8_lossy(name).replace("\"\"", "\"");
                tokens.push(Token::Quoted(name));
            }
            (Event::End { at: end }, Some((at, line, tokens))) => {
                let range = usize::try_from(*at).unwrap_or_default()
                    ..usize::try_from(end).unwrap_or_default();
                let sql = text.get(range).unwrap_or_default().trim_end_matches(';');
                statements.push(statement(sql, *line, tokens)?);
                open = None;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(statements)
}

fn statement(sql: &str, line: u64, tokens: &[Token]) -> Result<Statement, Failure> {
    let (subject, creates) = subject(tokens).ok_or_else(|| {
        let message = format!("the statement in line {line} of the roles is none of roles or tablespaces");
        Failure::new("hostile_dump", message).hint(
            "`pg_dumpall --globals-only` writes no such statement: find out where this one comes from",
        )
    })?;
    let shown: Vec<_> = tokens.iter().take(4).map(Token::shown).collect();
    Ok(Statement {
        sql: sql.to_owned(),
        words: shown.join(" "),
        subject,
        creates,
    })
}

/// What a statement is about, and whether it creates it; none when it is none
/// that `pg_dumpall` writes (`dumpRoles` and its siblings in `pg_dumpall.c`).
fn subject(tokens: &[Token]) -> Option<(Subject, bool)> {
    let words: Vec<_> = tokens.iter().map(Token::word).collect();
    let role = |at: usize| tokens.get(at).map(|token| Subject::Role(token.name()));
    let tablespace = |at: usize| {
        tokens
            .get(at)
            .map(|token| Subject::Tablespace(token.name()))
    };
    let after = |word: &str| {
        let at = words.iter().position(|found| *found == word)?;
        Some(at + 1)
    };
    Some(match words.as_slice() {
        ["create", "role", ..] => (role(2)?, true),
        ["alter", "role", "all", ..] => (Subject::Everybody, false),
        // Settings for one database come back with it.
        ["set", ..] | ["alter", "role", _, "in", "database", ..] => (Subject::Connection, false),
        ["alter", "role", ..] => (role(2)?, false),
        ["comment", "on", "role", ..] => (role(3)?, false),
        ["create", "tablespace", ..] => (tablespace(2)?, true),
        ["alter", "tablespace", ..] => (tablespace(2)?, false),
        ["comment", "on", "tablespace", ..] => (tablespace(3)?, false),
        ["security", "label", rest @ ..] if rest.contains(&"role") => {
            (role(after("role")?)?, false)
        }
        ["security", "label", rest @ ..] if rest.contains(&"tablespace") => {
            (tablespace(after("tablespace")?)?, false)
        }
        ["grant" | "revoke", _, "on", "tablespace", ..] => (tablespace(4)?, false),
        ["grant" | "revoke", _, "on", "parameter", ..] => {
            let after = after("to").or_else(|| after("from"))?;
            (role(after)?, false)
        }
        ["grant", _, "to", ..] => {
            let (group, member) = (tokens.get(1)?.name(), tokens.get(3)?.name());
            (Subject::Membership { group, member }, false)
        }
        _ => return None,
    })
}

impl Token {
    /// The keyword that it is; a quoted name is none.
    fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Quoted(_) => "",
        }
    }

    fn name(&self) -> String {
        let (Self::Word(name) | Self::Quoted(name)) = self;
        name.clone()
    }

    fn shown(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Quoted(name) => format!("\"{name}\""),
        }
    }
}

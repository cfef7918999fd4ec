//! The database that a dump by `pg_dump --create` makes and connects to.

use super::rules::refused;
use crate::failure::Failure;
use crate::sql::Command;

/// What `pg_dumpall` begins with.
const CLUSTER: &[u8] = b" PostgreSQL database cluster dump";

/// How far a dump has come on the way into the database that it creates.
#[derive(Debug, Default)]
pub(super) struct Created {
    /// The first words of the statement at hand.
    words: Vec<Vec<u8>>,
    /// A statement has been read.
    begun: bool,
    /// The database's name, once it is created.
    name: Option<Vec<u8>>,
    connected: bool,
    /// Where psql's encoding is changed, for nothing but the next line.
    encoding: Option<u64>,
}

impl Created {
    /// Takes the beginning of a statement.
    ///
    /// # Errors
    /// `hostile_dump` when psql's encoding would be changed for it.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        self.finish()?;
        self.begun = true;
        self.words.clear();
        Ok(())
    }

    pub(super) fn token(&mut self, text: &[u8]) {
        if self.words.len() < 3 {
            self.words.push(text.to_owned());
        }
    }

    /// Takes the end of a statement of this line.
    ///
    /// # Errors
    /// `hostile_dump` when it would go elsewhere than into what was created.
    pub(super) fn end(&mut self, line: u64) -> Result<(), Failure> {
        let is = |at: usize, word: &[u8]| {
            let found: Option<&Vec<u8>> = self.words.get(at);
            found.is_some_and(|found| found.eq_ignore_ascii_case(word))
        };
        if self.name.is_some() {
            if self.connected || is(0, b"alter") {
                return Ok(());
            }
            let what = "creates a database before it, and does not connect to it";
            return Err(refused(line, what));
        }
        if is(0, b"create") && is(1, b"database") {
            self.name = self.words.get(2).cloned();
        }
        Ok(())
    }

    /// Takes a comment.
    ///
    /// # Errors
    /// `cluster_dump` when it begins the dump of a whole server.
    pub(super) fn comment(&self, text: &[u8]) -> Result<(), Failure> {
        if self.begun || text.trim_ascii_end() != CLUSTER {
            return Ok(());
        }
        let message = "the dump is one of a whole server, by `pg_dumpall`, and not of one database";
        Err(Failure::new("cluster_dump", message).hint(
            "load it by `psql` into a server of its own, and dump the one database there by `pg_dump`",
        ))
    }

    /// Whether a command connects to the database that was created, or is the
    /// one that stands before that.
    pub(super) fn connects(&mut self, command: Command<'_>) -> bool {
        let Some(name) = &self.name else { return false };
        let whole = command.end - command.start == command.text.len() as u64;
        let text = command.text.trim_ascii_end();
        if whole && text == b"\\encoding SQL_ASCII" {
            self.encoding = Some(command.line);
            return true;
        }
        let connects = whole && connections(name).iter().any(|known| known == text);
        if connects {
            self.encoding = None;
            self.connected = true;
        }
        connects
    }

    /// Takes the dump's end.
    ///
    /// # Errors
    /// `hostile_dump` when psql's encoding would stay changed.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        let refuse = |line| Err(refused(line, "has the command `\\encoding`"));
        self.encoding.map_or(Ok(()), refuse)
    }
}

/// The ways in which `pg_dump` connects to a database
/// (`appendPsqlMetaConnect` in `string_utils.c`, and before it `fmtId`).
fn connections(name: &[u8]) -> Vec<Vec<u8>> {
    let mut value = Vec::new();
    for byte in name {
        if matches!(byte, b'\\' | b'\'') {
            value.push(b'\\');
        }
        value.push(*byte);
    }
    let string = [b"dbname='", value.as_slice(), b"'"].concat();
    let mut known = vec![
        [b"\\connect ".to_vec(), quoted(name)].concat(),
        [b"\\connect -reuse-previous=on ".to_vec(), quoted(&string)].concat(),
    ];
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if name.iter().all(is_plain) {
        known.push([b"\\connect ", name].concat());
    }
    known
}

fn quoted(name: &[u8]) -> Vec<u8> {
    let doubled = |byte: &u8| std::iter::repeat_n(*byte, 1 + usize::from(*byte == b'"'));
    let inside = name.iter().flat_map(doubled);
    [b'"'].into_iter().chain(inside).chain([b'"']).collect()
}

//! What a dump by `pg_dump --create` says of its database itself: dropped,
//! created, owned, set, granted. It is restored under another name first, and
//! is what the live one is, so all of this is left out.

use super::refused;
use toolkit::failure::Failure;

/// How many words say whether a statement is about a database.
pub(super) const WORDS: usize = 16;

/// Which database a dump is of, by what it says.
#[derive(Debug, Default)]
pub(super) struct Own {
    state: State,
    /// Settings, privileges or a comment were left out.
    lost: bool,
}

#[derive(Debug, Default)]
enum State {
    /// Nothing but settings of the connection has been read.
    #[default]
    Beginning,
    /// It is dropped, in this line; the next statement has to create it.
    Dropped {
        name: String,
        line: u64,
    },
    Created {
        name: String,
    },
    /// The dump does not say.
    Unnamed,
}

/// What a statement is about, by its first words.
#[derive(Debug, PartialEq, Eq)]
enum About<'a> {
    Undecided,
    Database(&'a str),
    Other,
}

/// Whether a statement may turn out to be one that is left out.
pub(super) fn may_be(words: &[&str]) -> bool {
    about(words) != About::Other
}

fn about<'a>(words: &[&'a str]) -> About<'a> {
    // What was quoted stands after a `'`.
    let named = |at: usize| match words.get(at) {
        Some(name) => About::Database(name.strip_prefix('\'').unwrap_or(name)),
        None => About::Undecided,
    };
    match words {
        ["update", "pg_catalog", "pg_database", ..] => named(8),
        ["drop", "database", "if", ..] => named(4),
        ["create" | "alter" | "drop", "database", ..] => named(2),
        ["comment", "on", "database", ..] => named(3),
        ["alter", "role", _, "in", "database", ..] => named(5),
        ["grant" | "revoke" | "security", ..] => {
            match words.iter().position(|word| *word == "on") {
                Some(on) => match words.get(on + 1) {
                    Some(&"database") => named(on + 2),
                    Some(_) => About::Other,
                    None => About::Undecided,
                },
                None if words.len() < WORDS => About::Undecided,
                None => About::Other,
            }
        }
        []
        | ["create" | "drop" | "alter" | "comment" | "update"]
        | ["comment", "on"]
        | ["update", "pg_catalog"]
        | ["alter", "role"]
        | ["alter", "role", _]
        | ["alter", "role", _, "in"] => About::Undecided,
        _ => About::Other,
    }
}

impl Own {
    /// Whether a statement that has ended is left out.
    ///
    /// # Errors
    /// `hostile_dump` when it is about another database.
    pub(super) fn leaves_out(&mut self, words: &[&str], line: u64) -> Result<bool, Failure> {
        let About::Database(name) = about(words) else {
            self.other(words)?;
            return Ok(false);
        };
        let foreign = |line| {
            let what = format!("would change a database of the server, `{name}`");
            refused(line, &what)
        };
        let is_own = matches!(&self.state, State::Created { name: own } if own == name);
        match (words[0], &self.state) {
            // A template cannot be dropped; whether the live one is one is its
            // own affair.
            ("update", _) => {
                let expected = ["set", "datistemplate", "false", "where", "datname"];
                if words[3..8] != expected || words.len() > 9 {
                    return Err(foreign(line));
                }
            }
            ("drop", State::Beginning) => {
                let name = name.to_owned();
                self.state = State::Dropped { name, line };
            }
            ("create", State::Beginning) => self.state = created(name),
            ("create", State::Dropped { name: dropped, .. }) if dropped == name => {
                self.state = created(name);
            }
            // Older `pg_dump`s wrote it without `--create` too.
            ("comment", _) if !is_own => {
                self.other(words)?;
                return Ok(false);
            }
            ("create" | "drop", _) => return Err(foreign(line)),
            _ if is_own => self.lost |= !matches!(words, ["alter", "database", _, "owner", ..]),
            _ => return Err(foreign(line)),
        }
        Ok(true)
    }

    /// Takes a statement that is not about a database.
    fn other(&mut self, words: &[&str]) -> Result<(), Failure> {
        self.end()?;
        let is_setting = matches!(
            words,
            ["set", ..] | ["select", "pg_catalog", "set_config", ..]
        );
        if matches!(self.state, State::Beginning) && !is_setting {
            self.state = State::Unnamed;
        }
        Ok(())
    }

    /// Takes the dump's end.
    ///
    /// # Errors
    /// `hostile_dump` when it drops a database and does not create it again.
    pub(super) fn end(&self) -> Result<(), Failure> {
        match &self.state {
            State::Dropped { name, line } => {
                Err(refused(*line, &format!("would drop the database `{name}`")))
            }
            _ => Ok(()),
        }
    }

    /// What is not as the dump says.
    pub(super) fn warning(&self) -> Option<String> {
        self.lost.then(|| {
            "settings, privileges or a comment that the dump has of the database itself are \
             left out: those of the live one come along, where there is one"
                .to_owned()
        })
    }
}

fn created(name: &str) -> State {
    let name = name.to_owned();
    State::Created { name }
}

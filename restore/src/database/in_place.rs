//! The live database emptied and filled again, in one transaction: for servers
//! where no other database may be created.
//!
//! The `COMMIT` is sent once the whole dump has gone by and its rows have been
//! counted in the same transaction. Whatever fails before, here or there, the
//! server rolls everything back.

use super::load;
use super::psql::Psql;
use super::screen::Rules;
use super::swap;
use super::verify::{self, Verified};
use super::{Swapped, Wanted, names};
use anyhow::Result;
use std::fmt::Write;
use std::time::Instant;
use toolkit::failure::Failure;
use toolkit::postgres::{Session, Version, quote};
use toolkit::set::DatabaseProof;
use toolkit::sql::tally::Tally;
use ulid::Ulid;

/// How long clients are waited for that hold a table.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '30s'";

/// Drops what a dump of the database creates, as far as this role may: what it
/// may not drop shows when the dump cannot create it.
///
/// Extensions stay where they are, for a dump creates them only if they do not
/// exist, but not the rows that a dump holds of their tables. Schema `public`
/// stays too: a dump does not create it.
const EMPTY: &str = include_str!("empty.sql");

/// Restores a dump into the live database itself.
///
/// Its owner, privileges and settings stay as they are.
///
/// # Errors
/// Those of [`super::stage`], but for those of creating a database; in every
/// case, the database is as it was.
pub(crate) fn in_place(wanted: Wanted<'_>) -> Result<Swapped> {
    let begun = Instant::now();
    names::check(&wanted.name)?;
    let mut session = Session::open(wanted.server, &wanted.name)?;
    let version = Version::of_server(&mut session)?;
    // Dropping one reaches out to another server, which no transaction undoes.
    swap::check_no_subscription(&mut session, &wanted.name)?;
    drop(session);
    let rules = Rules {
        server: version,
        one_transaction: true,
    };
    let first = ["BEGIN", LOCK_WAIT, EMPTY].map(str::to_owned);
    let psql = Psql::start(wanted.server, &wanted.name, &first)?;
    let proof = wanted.proof.as_ref();
    let word = Ulid::generate().to_string();
    let mut dump = wanted.dump;
    let loaded = load::load(&mut dump, psql, rules, |tally| {
        if let Some(proof) = proof {
            verify::differ(&proof.counts.differences(&tally.rows))?;
        }
        Ok(format!("{}COMMIT;", assertions(tally, proof, &word)))
    });
    let loaded = loaded.map_err(|error| explain(error, &word))?;
    Session::open(wanted.server, &wanted.name)?.execute("ANALYZE")?;
    let verified = Verified {
        tables: loaded.tally.rows.len() as u64,
        rows: loaded.tally.rows.values().sum(),
        large_objects: proof.map_or(0, |proof| proof.large_objects),
        proven: proof.is_some(),
        bytes: loaded.bytes,
        ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        warnings: loaded.warnings,
    };
    Ok(Swapped {
        database: wanted.name,
        kept: None,
        verified,
    })
}

/// A statement that fails, with `word`, unless every table has the rows that
/// the dump brought.
fn assertions(tally: &Tally, proof: Option<&DatabaseProof>, word: &str) -> String {
    let mut values = String::new();
    for (name, rows) in &tally.rows {
        // A name that is no UTF-8 cannot be asked for here; its rows have been
        // compared with the proof.
        if let Some(table) = table(name) {
            let separator = if values.is_empty() { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(values, "{separator}({}, {rows})", quote::literal(&table));
        }
    }
    if values.is_empty() {
        values.push_str("(NULL, 0)");
    }
    let objects = proof.map_or(-1, |proof| i128::from(proof.large_objects));
    // Nothing in the dump can have this tag, and end the quote early.
    include_str!("assert.sql")
        .replace("{tag}", &format!("q{word}"))
        .replace("{word}", word)
        .replace("{objects}", &objects.to_string())
        .replace("{tables}", &values)
}

/// A table's name as SQL, from its name in a dump.
fn table(name: &str) -> Option<String> {
    let key = quote::key_of(name.as_bytes())?;
    if key.contains('\\') {
        return None;
    }
    let mut parts = Vec::new();
    let mut rest = key.as_str();
    loop {
        let end = match rest.strip_prefix('"') {
            None => rest.find('.').unwrap_or(rest.len()),
            Some(_) => closing(rest)?,
        };
        let (part, after) = rest.split_at(end);
        let bare = part
            .strip_prefix('"')
            .and_then(|part| part.strip_suffix('"'));
        let bare = bare.map_or_else(|| part.to_owned(), |part| part.replace("\"\"", "\""));
        parts.push(quote::identifier(&bare));
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None => return Some(parts.join(".")),
        }
    }
}

/// Where the quoted name that the text begins with ends.
fn closing(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find('"')? + 1;
        if !text[at..].starts_with('"') {
            return Some(at);
        }
        at += 1;
    }
}

/// Rows that differ are that, and not a dump that cannot be loaded.
fn explain(error: anyhow::Error, word: &str) -> anyhow::Error {
    let failure = Failure::of(&error);
    let failure = match failure.message.split_once(word) {
        Some((_, differences)) => Failure::new(
            "rows_differ",
            format!(
                "the rows are not those of the dump: {}",
                differences.trim_start_matches([':', ' '])
            ),
        ),
        None if failure.message.contains("lock timeout") => {
            let message = format!("a table is held by a client: {}", failure.message);
            Failure::new("pg_in_use", message).hint("stop the application, and run it again")
        }
        None => return error,
    };
    failure.into()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn names_of_tables_are_always_quoted() {
        assert_eq!(table("public.\"select\"").unwrap(), "\"public\".\"select\"");
        assert_eq!(table("\"a.b\".\"x\"\"y\"").unwrap(), "\"a.b\".\"x\"\"y\"");
        assert_eq!(table("public.\"caf\\xe9\""), None);
        assert_eq!(table("public.x -- y"), None);
    }
}

//! What a dump holds, counted while it streams by.

use super::{Event, Scanner};
use crate::postgres::quote;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// What a dump turned out to hold.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Rows of `COPY` data by table, named as in the dump, such as
    /// `public."My table"`; bytes that are no UTF-8 are written `\xe9`.
    pub rows: BTreeMap<String, u64>,
    /// Whether it ends as `pg_dump` or `pg_dumpall` end a whole dump.
    pub complete: bool,
}

/// Counts the rows of a dump in the pieces that it is fed.
#[derive(Debug, Default)]
pub struct Counter {
    scanner: Scanner,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    tally: Tally,
    table: String,
    cluster: bool,
    in_statement: bool,
}

impl Counter {
    /// A counter at the beginning of a dump.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the next piece of the dump.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { scanner, seen } = self;
        let Ok(()) = scanner.feed(bytes, |event| seen.event(event));
    }

    /// What was counted, once the dump has ended.
    pub fn finish(self) -> Tally {
        let Self {
            mut scanner,
            mut seen,
        } = self;
        let Ok(()) = scanner.finish(|event| seen.event(event));
        seen.tally.complete &= scanner.is_between_statements();
        seen.tally
    }
}

impl Seen {
    #[allow(clippy::unnecessary_wraps)] // as `Scanner::feed` wants it
    fn event(&mut self, event: Event<'_>) -> Result<(), Infallible> {
        match event {
            Event::Statement { .. } => {
                self.in_statement = true;
                self.tally.complete = false;
            }
            Event::End { .. } => self.in_statement = false,
            Event::CopyStart(header) => {
                self.table = quote::text(header.table());
                self.tally.rows.entry(self.table.clone()).or_default();
            }
            Event::CopyEnd { rows } => {
                *self.tally.rows.entry(self.table.clone()).or_default() += rows;
            }
            Event::Comment(text) if !self.in_statement => self.comment(text),
            _ => {}
        }
        Ok(())
    }

    /// The comments that `pg_dump` (`pg_backup_archiver.c`) and `pg_dumpall`
    /// begin and end with. A cluster's dump holds whole dumps of databases.
    fn comment(&mut self, text: &[u8]) {
        match text {
            b" PostgreSQL database cluster dump" => self.cluster = true,
            b" PostgreSQL database cluster dump complete" => self.tally.complete = true,
            b" PostgreSQL database dump complete" => self.tally.complete = !self.cluster,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict a1\n\n\
        COPY public.users (id, \"a, b\") FROM stdin;\n1\tx\n2\t\\.x\n\\.\n\n\
        CREATE FUNCTION f() RETURNS int AS $$\nCOPY x FROM stdin;\n1\n$$ LANGUAGE c;\n\n\
        COPY public.\"None\" (id) FROM stdin;\n\\.\n\n\
        COPY public.users (id) FROM stdin;\n3\n\\.\n\n\
        --\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict a1\n\n";

    fn count(dump: &str) -> Tally {
        let mut counter = Counter::new();
        counter.feed(dump.as_bytes());
        counter.finish()
    }

    #[test]
    fn counts_the_rows_of_each_table() {
        for dump in [DUMP.to_owned(), DUMP.replace('\n', "\r\n")] {
            let tally = count(&dump);
            let rows: Vec<_> = tally.rows.iter().map(|(t, n)| (t.as_str(), *n)).collect();
            assert_eq!(rows, [("public.\"None\"", 0), ("public.users", 3)]);
            assert!(tally.complete);
        }
    }

    #[test]
    fn a_name_that_is_no_utf_8_has_the_key_of_the_counts() {
        let mut counter = Counter::new();
        counter.feed(b"COPY public.\"caf\xe9 \"\"1\" (a) FROM stdin;\n1\n\\.\n");
        let tally = counter.finish();
        let name = tally.rows.keys().next().unwrap();
        let key = quote::key(b"public", b"caf\xe9 \"1");
        assert_eq!(quote::key_of(name.as_bytes()), Some(key));
    }

    #[test]
    fn a_dump_cut_anywhere_is_not_complete() {
        let whole = DUMP.find("complete").unwrap() + "complete".len();
        for cut in 0..whole {
            assert!(!count(&DUMP[..cut]).complete, "cut at {cut}");
        }
        assert!(count(&DUMP[..whole]).complete);
        assert!(!count(&format!("{DUMP}SELECT 1;\n")).complete);
    }

    #[test]
    fn a_cluster_is_complete_with_its_own_last_line() {
        let cut = format!("--\n-- PostgreSQL database cluster dump\n--\n\n{DUMP}");
        assert!(!count(&cut).complete);
        let whole = format!("{cut}--\n-- PostgreSQL database cluster dump complete\n--\n");
        assert!(count(&whole).complete);
    }

    #[test]
    fn the_last_words_count_only_as_a_comment() {
        let words = "-- PostgreSQL database dump complete";
        for dump in [
            format!("SELECT '\n{words}\n';\n"),
            format!("COPY t FROM stdin;\n{words}\n\\.\n"),
            format!("SELECT 1\n{words}\n;\n"),
            format!("/*\n{words}\n*/"),
        ] {
            assert!(!count(&dump).complete, "{dump}");
        }
    }
}

//! Large ordinary tables, which other connections than `pg_dump`'s can copy in
//! ranges of pages, with the very text that `pg_dump` would write.

use super::session::Session;
use super::tables::{self, Table};
use super::version::Version;
use crate::failure::Failure;
use anyhow::Result;
use std::collections::BTreeMap;

/// The first version that reads a range of pages without the pages before it
/// (TID range scans).
const RANGES: u32 = 14;
/// The most tables: each is named in an argument of `pg_dump`.
const MOST: usize = 400;

/// A table that is copied apart from `pg_dump`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// Its name as [`quote::key`](super::quote::key) writes it.
    pub key: String,
    /// Its size in pages; none where the server cannot read ranges of them.
    pub pages: Option<u64>,
    /// What it takes, without its indexes, in bytes.
    pub bytes: u64,
    /// The names of its schema and itself, and its owner's, in the database's
    /// own encoding.
    schema: Vec<u8>,
    name: Vec<u8>,
    owner: Vec<u8>,
    /// Both names and its columns' as SQL, quoted as `pg_dump` does.
    qualified: Vec<u8>,
    columns: Vec<u8>,
}

/// Which of the large tables are [`Bulk`], in the order of their names, and why
/// the others are not, by key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sorted {
    /// Those that are.
    pub bulk: Vec<Bulk>,
    /// Those that are not.
    pub others: BTreeMap<String, String>,
}

/// Sorts those of `tables` that take at least `least` bytes.
pub(super) fn sort(
    session: &mut Session,
    tables: &[Table],
    version: Version,
    least: u64,
) -> Result<Sorted> {
    let with_rows = tables.iter().filter(|table| table.has_rows);
    let by_oid: BTreeMap<_, _> = with_rows.map(|table| (table.oid, table)).collect();
    let mut sorted = Sorted::default();
    for row in session.rows(&question(version, least))? {
        let text = |at: usize| row.get(at).and_then(Option::as_deref);
        let oid = text(0).and_then(|text| text.parse().ok());
        let Some(table) = oid.and_then(|oid: u32| by_oid.get(&oid)) else {
            continue;
        };
        let bulk = read(table, &row, version)
            .ok_or_else(|| Failure::new("pg_query", "a table's row is not as asked"))?;
        let is_utf8 = text(9) == Some("UTF8");
        match why_not(table, &bulk, text(8), is_utf8) {
            Some(why) => drop(sorted.others.insert(bulk.key, why.to_owned())),
            None => sorted.bulk.push(bulk),
        }
    }
    sorted
        .bulk
        .sort_by_key(|table| std::cmp::Reverse(table.bytes));
    for table in sorted.bulk.split_off(MOST.min(sorted.bulk.len())) {
        let why = format!("{MOST} tables are larger");
        sorted.others.insert(table.key, why);
    }
    // As `pg_dump` sorts them (`DOTypeNameCompare`).
    sorted
        .bulk
        .sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    Ok(sorted)
}

/// What is asked of each large table. Generated columns are left out, as in
/// `fmtCopyColumnList` of `pg_dump`.
fn question(version: Version, least: u64) -> String {
    let hex = |text: &str| {
        format!(
            "pg_catalog.encode(pg_catalog.convert_to({text}, \
             pg_catalog.getdatabaseencoding()), 'hex')"
        )
    };
    let generated = if version.major >= 12 {
        "AND a.attgenerated = ''"
    } else {
        ""
    };
    let columns = format!(
        "(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) \
         FROM pg_catalog.pg_attribute AS a \
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped {generated})"
    );
    format!(
        "SELECT c.oid, {schema}, {name}, {owner}, {qualified}, {columns}, \
           pg_catalog.pg_relation_size(c.oid, 'main') \
             / pg_catalog.current_setting('block_size')::bigint, \
           pg_catalog.pg_table_size(c.oid), m.amname, pg_catalog.getdatabaseencoding() \
         FROM pg_catalog.pg_class AS c \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam \
         WHERE c.relkind = 'r' AND pg_catalog.pg_table_size(c.oid) >= {least}",
        schema = hex("n.nspname::text"),
        name = hex("c.relname::text"),
        owner = hex("pg_catalog.pg_get_userbyid(c.relowner)::text"),
        qualified =
            hex("pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"),
        columns = hex(&columns),
    )
}

fn read(table: &Table, row: &[Option<String>], version: Version) -> Option<Bulk> {
    let text = |at: usize| row.get(at).and_then(Option::as_deref);
    let bytes = |at: usize| text(at).and_then(tables::unhex);
    let pages = text(6)?.parse().ok()?;
    Some(Bulk {
        key: table.key.clone(),
        pages: (version.major >= RANGES).then_some(pages),
        bytes: text(7)?.parse().ok()?,
        schema: bytes(1)?,
        name: bytes(2)?,
        owner: bytes(3)?,
        qualified: bytes(4)?,
        columns: bytes(5).unwrap_or_default(),
    })
}

/// Why it is left to `pg_dump`.
fn why_not(
    table: &Table,
    bulk: &Bulk,
    method: Option<&str>,
    is_utf8: bool,
) -> Option<&'static str> {
    // `pg_dump` reads patterns in the database's encoding, and arguments pass
    // through programs that know none but UTF-8.
    let speakable = |name: &[u8]| {
        let known = name.is_ascii() || (is_utf8 && std::str::from_utf8(name).is_ok());
        known && !name.iter().any(u8::is_ascii_control)
    };
    if table.condition.is_some() {
        Some("its extension says which of its rows are dumped")
    } else if table.root.is_some() {
        Some("its rows are dumped as those of the table that it is a partition of")
    } else if method.is_some_and(|method| method != "heap") {
        Some("its access method is not PostgreSQL's own")
    } else if bulk.columns.is_empty() {
        Some("it has no columns to be copied")
    } else if !speakable(&bulk.schema) || !speakable(&bulk.name) {
        Some("its name cannot be given to pg_dump as an argument")
    } else {
        None
    }
}

impl Bulk {
    /// What `pg_dump --exclude-table-data` takes for it: in double quotes,
    /// nothing of a name is a pattern.
    pub fn pattern(&self) -> String {
        let quoted = |name: &[u8]| super::quote::identifier(&String::from_utf8_lossy(name));
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    /// What stands before its rows in a dump.
    pub fn header(&self) -> Vec<u8> {
        let name = |name: &[u8]| name.to_vec();
        [
            b"--\n-- Data for Name: ".to_vec(),
            name(&self.name),
            b"; Type: TABLE DATA; Schema: ".to_vec(),
            name(&self.schema),
            b"; Owner: ".to_vec(),
            // A line's end would end the comment.
            self.owner
                .iter()
                .map(|byte| match byte {
                    b'\n' | b'\r' => b' ',
                    byte => *byte,
                })
                .collect(),
            b"\n--\n\n".to_vec(),
            self.copy_in(),
            b"\n".to_vec(),
        ]
        .concat()
    }

    /// The statement that takes its rows in.
    pub fn copy_in(&self) -> Vec<u8> {
        [
            b"COPY ".as_slice(),
            &self.qualified,
            b" (",
            &self.columns,
            b") FROM stdin;",
        ]
        .concat()
    }

    /// What stands after its rows.
    pub fn footer(&self) -> Vec<u8> {
        b"\\.\n\n\n".to_vec()
    }

    /// The statement that copies its rows out: of the pages from `from` to
    /// before `to`, both without end where there is none.
    pub fn copy_out(&self, from: Option<u64>, to: Option<u64>) -> Vec<u8> {
        let condition = match (from, to) {
            (None, None) => {
                return [
                    b"COPY ".as_slice(),
                    &self.qualified,
                    b" (",
                    &self.columns,
                    b") TO STDOUT",
                ]
                .concat();
            }
            (Some(from), None) => format!("ctid >= '({from},0)'"),
            (None, Some(to)) => format!("ctid < '({to},0)'"),
            (Some(from), Some(to)) => format!("ctid >= '({from},0)' AND ctid < '({to},0)'"),
        };
        [
            b"COPY (SELECT ".as_slice(),
            &self.columns,
            b" FROM ONLY ",
            &self.qualified,
            b" WHERE ",
            condition.as_bytes(),
            b") TO STDOUT",
        ]
        .concat()
    }

    /// The statement that locks it for copying, and waits for nobody: who waits
    /// for us to end must not be waited for.
    pub fn lock(&self) -> Vec<u8> {
        [
            b"LOCK TABLE ONLY ".as_slice(),
            &self.qualified,
            b" IN ACCESS SHARE MODE NOWAIT",
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Bulk {
        Bulk {
            key: "public.\"My \"\"T\"".into(),
            pages: Some(9),
            bytes: 1,
            schema: b"public".to_vec(),
            name: b"My \"T".to_vec(),
            owner: b"a\nDROP TABLE x;".to_vec(),
            qualified: b"public.\"My \"\"T\"".to_vec(),
            columns: b"id, \"a, b\"".to_vec(),
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_is_written_is_what_pg_dump_writes() {
        let table = table();
        assert_eq!(table.pattern(), "\"public\".\"My \"\"T\"");
        assert_eq!(
            text(table.header()),
            "--\n-- Data for Name: My \"T; Type: TABLE DATA; Schema: public; \
             Owner: a DROP TABLE x;\n--\n\n\
             COPY public.\"My \"\"T\" (id, \"a, b\") FROM stdin;\n"
        );
    }

    #[test]
    fn ranges_have_ends_that_are_open() {
        let table = table();
        let select = "COPY (SELECT id, \"a, b\" FROM ONLY public.\"My \"\"T\" WHERE ";
        for (from, to, expected) in [
            (None, Some(4), format!("{select}ctid < '(4,0)') TO STDOUT")),
            (
                Some(4),
                Some(8),
                format!("{select}ctid >= '(4,0)' AND ctid < '(8,0)') TO STDOUT"),
            ),
            (Some(8), None, format!("{select}ctid >= '(8,0)') TO STDOUT")),
            (
                None,
                None,
                "COPY public.\"My \"\"T\" (id, \"a, b\") TO STDOUT".to_owned(),
            ),
        ] {
            assert_eq!(text(table.copy_out(from, to)), expected);
        }
    }
}

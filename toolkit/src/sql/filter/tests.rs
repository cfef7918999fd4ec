use super::*;

/// What psql would get, or the refusal, with the dump in pieces of `size`.
fn pass(dump: &[u8], size: usize) -> Result<Vec<u8>, Box<Failure>> {
    pass_by(Filter::new(), dump, size)
}

fn pass_by(mut filter: Filter, dump: &[u8], size: usize) -> Result<Vec<u8>, Box<Failure>> {
    let mut out = Vec::new();
    let mut all = || {
        for piece in dump.chunks(size) {
            filter.pass(piece, &mut out)?;
        }
        std::mem::take(&mut filter).finish()
    };
    match all() {
        Ok(()) => Ok(out),
        Err(error) => Err(Box::new(Failure::of(&error))),
    }
}

#[test]
fn drops_the_restriction_and_nothing_else() {
    let dump = "--\n-- dump\n--\n\n\\restrict aB3\n\nSET standard_conforming_strings = on;\n\
        SET client_encoding = 'UTF8';\nSELECT 'C:\\', E'\\'', $x$\\! id$x$; -- \\o\n\
        /* \\! */ COPY t FROM stdin;\n\\N\t\\.x\n\\restrict x\n\\.\n\n\\unrestrict aB3\r\n\n";
    let expected = dump
        .replace("\\restrict aB3", "")
        .replace("\\unrestrict aB3\r", "");
    for size in 1..dump.len() {
        let passed = pass(dump.as_bytes(), size).unwrap();
        assert_eq!(String::from_utf8(passed).unwrap(), expected, "{size}");
    }
}

#[test]
fn refuses_every_other_command_and_names_its_line() {
    for (dump, message) in [
        (
            "SELECT 1;\n\\! id\n",
            "line 2 of the dump has the command `\\!`",
        ),
        (
            "\\copy t from x",
            "line 1 of the dump has the command `\\copy`",
        ),
        (
            "SELECT 1 \\gexec\n",
            "line 1 of the dump has the command `\\gexec`",
        ),
        (
            "SELECT '\n\\';\\o|id\n",
            "line 2 of the dump has the command `\\o|id`",
        ),
        (
            "SELECT 1 \\; SELECT 2;\n",
            "line 1 of the dump has the command `\\;`",
        ),
        ("-- x\r\\! id\n", "line 1 of the dump has the command `\\!`"),
        (
            "\\restrict `id`\n",
            "line 1 of the dump has the command `\\restrict`",
        ),
        (
            "\\restrict a \\! id\n",
            "line 1 of the dump has the command `\\restrict`",
        ),
        (
            "SELECT\n\\unrestrict a\n",
            "line 2 of the dump has the command `\\unrestrict`",
        ),
        (
            "COPY t FROM stdin;\n1\n\\.\n\\.\n",
            "line 4 of the dump has the command `\\.`",
        ),
        (
            "\\i x\u{1b}]0;\n",
            "line 1 of the dump has the command `\\i`",
        ),
    ] {
        for size in 1..=dump.len() {
            let failure = pass(dump.as_bytes(), size).unwrap_err();
            assert_eq!(failure.reason, "hostile_dump");
            assert_eq!(failure.message, message, "{dump:?} in pieces of {size}");
        }
    }
}

#[test]
fn refuses_what_changes_the_reading_of_quotes() {
    for dump in [
        "SET standard_conforming_strings = off;",
        "set /* on */ SESSION \"standard_conforming_strings\" TO 'OFF';",
        "SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false);",
        "SELECT '', set_config(E'Standard_Conforming_Strings', 'off', false);",
        "RESET standard_conforming_strings;",
        "SET client_encoding = 'SJIS';",
        "SET NAMES 'Shift_JIS_2004';",
        "SELECT pg_catalog.set_config('client_encoding', 'gbk', false);",
        "SELECT E'a'\n'b\\' || '; COPY t FROM stdin; -- ';",
        "CREATE FUNCTION begin() RETURNS int AS 'x'; COPY t FROM stdin; END;",
        "SELECT (1; COPY t FROM stdin; 2);",
        "COPY t FROM stdin; SELECT 1;\n\\.\n",
        "SELECT 1E'\\'';",
        "SELECT 1a$$;",
        "SELECT 'a\0';",
    ] {
        for size in 1..=dump.len() {
            let failure = pass(dump.as_bytes(), size).unwrap_err();
            assert_eq!(
                failure.reason, "hostile_dump",
                "{dump:?} in pieces of {size}"
            );
            assert!(failure.hint.is_some());
        }
    }
}

#[test]
fn lets_dumps_speak_of_settings() {
    for dump in [
        "COMMENT ON TABLE t IS 'standard_conforming_strings off';",
        "INSERT INTO t VALUES ('standard_conforming_strings', 'off', 'client_encoding', 'sjis');",
        "SET standard_conforming_strings TO 'on';",
        "SET client_encoding = 'LATIN1';",
        "SELECT 1e10, 1.5E-7, .5, $1, 'sjis';",
        "SELECT E'a''b\\'c', U&\"d\" \"e\\\";",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; END;",
    ] {
        assert_eq!(pass(dump.as_bytes(), 7).unwrap(), dump.as_bytes(), "{dump}");
    }
}

#[test]
fn nothing_of_a_refused_piece_is_written() {
    let mut out = Vec::new();
    let mut filter = Filter::new();
    filter.pass(b"SELECT 1;\n", &mut out).unwrap();
    filter
        .pass(b"DROP TABLE t;\n\\! id\n", &mut out)
        .unwrap_err();
    assert_eq!(out, b"SELECT 1;\n");
}

#[test]
fn a_dump_that_ends_early_is_named() {
    for dump in [
        "SELECT 1",
        "COPY t FROM stdin;\n1\n",
        "SELECT 'a;\n",
        "/* ;\n",
    ] {
        let failure = pass(dump.as_bytes(), 4).unwrap_err();
        assert_eq!(failure.reason, "truncated_dump", "{dump}");
    }
}

/// As `pg_dump` 15 to 17 write it, with names that need quoting.
#[test]
fn the_way_into_the_database_that_it_creates_is_left_out() {
    for (name, connect) in [
        ("plain", "\\connect plain"),
        ("\"Shop\"", "\\connect \"Shop\""),
        (
            "\"My \"\"shop\"",
            "\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname='My \"\"shop'\"",
        ),
        (
            "\"d=b'x\\y\"",
            "\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname='d=b\\'x\\\\y'\"\r",
        ),
        (
            "\"été\"",
            "\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname='été'\"",
        ),
    ] {
        let dump = format!(
            "-- x\n\\restrict a\nSET a = 1;\nDROP DATABASE {name};\nCREATE DATABASE {name} WITH a = 'b';\n\
             ALTER DATABASE {name} OWNER TO app;\n\\unrestrict a\n{connect}\n\\restrict a\nSELECT 1;\n\
             \\unrestrict a\n{connect}\n\\restrict a\nCREATE TABLE t ();\n"
        );
        let is_command = |line: &str| line.starts_with('\\');
        let expected: String = dump
            .split_inclusive('\n')
            .map(|line| if is_command(line) { "\n" } else { line })
            .collect();
        for size in 1..dump.len() {
            let passed = pass_by(Filter::of_one_database(), dump.as_bytes(), size).unwrap();
            assert_eq!(String::from_utf8(passed).unwrap(), expected, "{size}");
        }
        // Where no single database is expected, nothing is connected to.
        let failure = pass(dump.as_bytes(), 100).unwrap_err();
        assert_eq!(failure.reason, "hostile_dump");
    }
}

#[test]
fn no_other_connection_is_made() {
    let created = "CREATE DATABASE shop;\n\\connect shop\n";
    for (dump, message) in [
        (
            "\\connect shop\n",
            "line 1 of the dump has the command `\\connect`",
        ),
        (
            "CREATE DATABASE shop;\n\\connect live\n",
            "line 2 of the dump has the command `\\connect`",
        ),
        (
            "CREATE DATABASE shop;\n\\connect shop mallory\n",
            "line 2 of the dump has the command `\\connect`",
        ),
        (
            "CREATE DATABASE \"a b\";\n\\connect a b\n",
            "line 2 of the dump has the command `\\connect`",
        ),
        (
            "CREATE DATABASE shop;\nSELECT 1 \\connect shop\n",
            "line 2 of the dump has the command `\\connect`",
        ),
        (
            "CREATE DATABASE shop;\nCREATE TABLE t ();\n",
            "line 2 of the dump creates a database before it, and does not connect to it",
        ),
        (
            &format!("{created}CREATE DATABASE two;\n\\connect two\n"),
            "line 4 of the dump has the command `\\connect`",
        ),
        (
            &format!("{created}\\encoding LATIN1\n"),
            "line 3 of the dump has the command `\\encoding`",
        ),
        (
            &format!("{created}\\encoding SQL_ASCII\nSELECT 1;\n"),
            "line 3 of the dump has the command `\\encoding`",
        ),
        (
            &format!("{created}\\encoding SQL_ASCII\n"),
            "line 3 of the dump has the command `\\encoding`",
        ),
        (
            &format!(
                "CREATE DATABASE \"{0}\";\n\\connect \"{0}\" mallory\n",
                "x".repeat(117)
            ),
            "line 2 of the dump has the command `\\connect`",
        ),
    ] {
        for size in 1..=dump.len() {
            let filter = Filter::of_one_database();
            let failure = pass_by(filter, dump.as_bytes(), size).unwrap_err();
            assert_eq!(failure.reason, "hostile_dump", "{dump}");
            assert_eq!(failure.message, message, "{dump:?} in pieces of {size}");
        }
    }
}

#[test]
fn the_dump_of_a_whole_server_is_named() {
    let dump = "--\n-- PostgreSQL database cluster dump\n--\n\nSET a = 1;\n\\connect template1\n";
    for size in 1..=dump.len() {
        let failure = pass_by(Filter::of_one_database(), dump.as_bytes(), size).unwrap_err();
        assert_eq!(failure.reason, "cluster_dump", "{size}");
        assert!(failure.hint.is_some());
    }
    let spoken = "SELECT 1;\n-- PostgreSQL database cluster dump\n";
    pass_by(Filter::of_one_database(), spoken.as_bytes(), 9).unwrap();
    // Its roles alone are not refused where roles are meant.
    pass(b"-- PostgreSQL database cluster dump\nCREATE ROLE a;\n", 9).unwrap();
}

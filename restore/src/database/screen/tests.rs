use super::*;

/// What psql gets of a dump, in pieces of `size`, and the warnings.
fn pass(dump: &str, size: usize, rules: Rules) -> Result<(String, Vec<String>), Failure> {
    let mut screen = Screen::new(Vec::new(), rules);
    for piece in dump.as_bytes().chunks(size) {
        if screen.write_all(piece).is_err() {
            return Err(screen.refused().unwrap());
        }
    }
    if screen.release().is_err() {
        return Err(screen.refused().unwrap());
    }
    let warnings = screen.warnings();
    Ok((String::from_utf8(screen.split().0).unwrap(), warnings))
}

fn rules(major: u32, one_transaction: bool) -> Rules {
    let server = Version { major, minor: 0 };
    Rules {
        server,
        one_transaction,
    }
}

const DUMP: &str = "-- x\nSET lock_timeout = 0;\nSET transaction_timeout = 0;\n\
    SET default_table_access_method = heap;\nSELECT 'SET transaction_timeout = 0;';\n\
    BEGIN;\n\nSELECT lo_open(1, 2);\nCOMMIT;\n\
    COPY t FROM stdin;\nSET transaction_timeout = 0;\nCOMMIT;\n\\.\n\
    CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;\n\
    CREATE USER MAPPING FOR a SERVER b;\nCREATE PREPARE;\n";

#[test]
fn leaves_out_what_an_older_server_does_not_know() {
    let blank = |dump: &str, text: &str| dump.replacen(text, &" ".repeat(text.len()), 1);
    let older = blank(DUMP, "SET transaction_timeout = 0;");
    let oldest = blank(&older, "SET default_table_access_method = heap;");
    for size in 1..DUMP.len() {
        assert_eq!(
            pass(DUMP, size, rules(17, false)).unwrap(),
            (DUMP.into(), vec![])
        );
        let (text, warnings) = pass(DUMP, size, rules(16, false)).unwrap();
        assert_eq!((text.as_str(), warnings.len()), (older.as_str(), 1));
        assert_eq!(pass(DUMP, size, rules(11, false)).unwrap().0, oldest);
    }
    let other = DUMP.replace("heap", "columnar");
    assert_eq!(pass(&other, 9, rules(11, false)).unwrap().1.len(), 1);
}

#[test]
fn one_transaction_is_not_the_dumps_to_end() {
    let expected =
        DUMP.replacen("BEGIN;\n", "      \n", 1)
            .replacen("COMMIT;\nCOPY", "       \nCOPY", 1);
    for size in 1..DUMP.len() {
        assert_eq!(
            pass(DUMP, size, rules(17, true)).unwrap().0,
            expected,
            "{size}"
        );
    }
    let padded = format!("COMMIT /* {} */;", "x".repeat(2 * HELD));
    for dump in [
        "END;",
        "ABORT;",
        "rollback;",
        "START TRANSACTION;",
        "COMMIT AND CHAIN;",
        "PREPARE TRANSACTION 'x';",
        "BEGIN ISOLATION LEVEL SERIALIZABLE;",
        &padded,
    ] {
        for size in [1, 3, 1000] {
            let refused = pass(dump, size, rules(17, true)).unwrap_err();
            assert_eq!(refused.reason, "hostile_dump", "{dump}");
            assert!(refused.message.contains("line 1"));
        }
    }
    // psql executes what it has when its input ends.
    for len in 1..7 {
        let mut screen = Screen::new(Vec::new(), rules(17, true));
        screen.write_all(&b"COMMIT;"[..len]).unwrap();
        assert_eq!(screen.split().0, b"");
    }
}

#[test]
fn what_is_of_the_whole_server_is_refused() {
    for dump in [
        "DROP DATABASE live;",
        "alter /* x */ database live RENAME TO mine;",
        "CREATE DATABASE x;",
        "ALTER SYSTEM SET fsync = off;",
        "CREATE USER mallory SUPERUSER;",
        "DROP USER \"mapping\";",
        "ALTER ROLE boss NOLOGIN;",
        "DROP TABLESPACE x;",
        "LOAD '/tmp/evil.so';",
        "REASSIGN OWNED BY a TO b;",
        "COPY t TO PROGRAM 'id';",
        "COPY t FROM '/etc/passwd';",
        "COPY (SELECT 'x FROM stdin') TO PROGRAM 'stdin';",
    ] {
        let dump = format!("SELECT 1;\n{dump}\n");
        for size in 1..dump.len() {
            let refused = pass(&dump, size, rules(17, false)).unwrap_err();
            assert_eq!(refused.reason, "hostile_dump", "{dump}");
            assert!(refused.message.contains("line 2"), "{}", refused.message);
        }
    }
}

#[test]
fn statements_are_found_by_their_lines() {
    let mut screen = Screen::new(Vec::new(), rules(17, false));
    screen
        .write_all(b"-- a\nSELECT 1;\nCREATE TABLE\n  t (\n);\nCOPY t FROM stdin;\n1\n\\.\n")
        .unwrap();
    let places = screen.split().1;
    let found = |line| places.statement(line);
    assert_eq!(found(1), None);
    assert_eq!(found(2).unwrap(), "SELECT 1;");
    assert_eq!(found(5).unwrap(), "CREATE TABLE t ( );");
    assert_eq!(found(8).unwrap(), "COPY t FROM stdin;");
}

/// What `pg_dump` 17 writes with `--clean --if-exists --create`, its commands
/// left out.
const CREATES: &str = "SET lock_timeout = 0;\n\
    SELECT pg_catalog.set_config('search_path', '', false);\n\n\
    UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'My \"shop';\n\
    DROP DATABASE IF EXISTS \"My \"\"shop\";\n--\n-- Name: x\n--\n\n\
    CREATE DATABASE \"My \"\"shop\" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';\n\n\
    ALTER DATABASE \"My \"\"shop\" OWNER TO app;\n\n\
    SET lock_timeout = 0;\n";

const PROPERTIES: &str = "COMMENT ON DATABASE \"My \"\"shop\" IS 'a; b';\n\
    ALTER DATABASE \"My \"\"shop\" CONNECTION LIMIT = 7;\n\
    ALTER DATABASE \"My \"\"shop\" SET search_path TO 'a', 'b';\n\
    ALTER ROLE bob IN DATABASE \"My \"\"shop\" SET work_mem TO '6MB';\n\
    REVOKE CONNECT,TEMPORARY ON DATABASE \"My \"\"shop\" FROM PUBLIC;\n\
    GRANT ALL ON DATABASE \"My \"\"shop\" TO bob WITH GRANT OPTION;\n\
    SECURITY LABEL FOR x ON DATABASE \"My \"\"shop\" IS 'y';\n";

const CONTENT: &str =
    "CREATE TABLE t ();\nGRANT SELECT ON TABLE t TO bob;\nALTER TABLE t OWNER TO app;\n";

/// The dump, with every line that begins so blanked.
fn without(dump: &str, beginnings: &[&str]) -> String {
    let blank = |line: &str| {
        let is_meant = beginnings
            .iter()
            .any(|beginning| line.starts_with(beginning));
        let len = line.len() - usize::from(line.ends_with('\n'));
        if is_meant {
            " ".repeat(len) + &line[len..]
        } else {
            line.to_owned()
        }
    };
    dump.split_inclusive('\n').map(blank).collect()
}

#[test]
fn what_a_dump_says_of_its_own_database_is_left_out() {
    let about = [
        "UPDATE", "DROP D", "CREATE D", "ALTER D", "ALTER R", "COMMENT", "REVOKE", "GRANT A",
        "SECURITY",
    ];
    for one_transaction in [false, true] {
        let dump = format!("{CREATES}{PROPERTIES}{CONTENT}");
        let expected = without(&dump, &about);
        for size in 1..dump.len() {
            let (text, warnings) = pass(&dump, size, rules(17, one_transaction)).unwrap();
            assert_eq!(text, expected, "{size}");
            assert_eq!(warnings.len(), 1, "{warnings:?}");
        }
        let dump = format!("{CREATES}{CONTENT}");
        let (text, warnings) = pass(&dump, 7, rules(17, one_transaction)).unwrap();
        assert_eq!((text, warnings), (without(&dump, &about), vec![]));
    }
}

#[test]
fn what_it_says_of_another_database_is_refused() {
    let long = format!(
        "{CREATES}COMMENT ON DATABASE \"My \"\"shop\" IS '{}';\n",
        "x".repeat(19_000)
    );
    for (dump, line) in [
        ("DROP DATABASE live;\nCREATE TABLE t ();\n", 1),
        ("DROP DATABASE live;\n", 1),
        ("DROP DATABASE live;\nCREATE DATABASE shop;\n", 2),
        ("DROP DATABASE a;\nDROP DATABASE b;\n", 2),
        ("CREATE DATABASE a;\nCREATE DATABASE a;\n", 2),
        ("CREATE DATABASE a;\nDROP DATABASE a;\n", 2),
        ("CREATE TABLE t ();\nCREATE DATABASE a;\n", 2),
        ("CREATE DATABASE a;\nALTER DATABASE b RENAME TO c;\n", 2),
        (
            "CREATE DATABASE a;\nALTER ROLE bob IN DATABASE b SET x TO 1;\n",
            2,
        ),
        ("CREATE DATABASE a;\nALTER ROLE bob SUPERUSER;\n", 2),
        ("CREATE DATABASE a;\nALTER ROLE bob;\n", 2),
        (
            "CREATE DATABASE a;\nGRANT CREATE, CONNECT ON DATABASE b TO bob;\n",
            2,
        ),
        ("GRANT ALL ON DATABASE b TO bob;\n", 1),
        (
            "UPDATE pg_catalog.pg_database SET datallowconn = false WHERE datname = 'live';\n",
            1,
        ),
        (
            "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'a' OR true;\n",
            1,
        ),
        ("DROP DATABASE;\n", 1),
        (&long, 15),
    ] {
        for size in [1, 3, 1000, 5000, 100_000] {
            // A comment in one piece is not too long.
            if dump.len() > 5000 && size > dump.len() {
                continue;
            }
            let refused = pass(dump, size, rules(17, false)).unwrap_err();
            assert_eq!(refused.reason, "hostile_dump", "{dump}");
            let place = format!("in line {line} ");
            assert!(
                refused.message.contains(&place),
                "{dump}: {}",
                refused.message
            );
        }
    }
}

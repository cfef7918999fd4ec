use super::*;

/// What psql gets of a dump, in pieces of `size`, and the warnings.
fn pass(dump: &str, size: usize, rules: Rules) -> Result<(String, Vec<String>), Failure> {
    let mut screen = Screen::new(Vec::new(), rules);
    for piece in dump.as_bytes().chunks(size) {
        if screen.write_all(piece).is_err() {
            return Err(screen.refused().unwrap());
        }
    }
    screen.release().unwrap();
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

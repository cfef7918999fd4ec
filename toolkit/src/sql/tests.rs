use super::tally::Counter;
use super::{Event, Scanner};
use proptest::prelude::*;
use std::convert::Infallible;

/// Everything that is seen in `dump`, in pieces cut at `cuts`.
fn scan(dump: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut scanner = Scanner::new();
    let mut seen = Vec::new();
    let mut see = |event: Event<'_>| -> Result<(), Infallible> {
        seen.push(match event {
            Event::Word(text) | Event::Quoted(text) | Event::Comment(text) => {
                format!("{} {}", kind(event), text.escape_ascii())
            }
            Event::CopyStart(header) => {
                let columns = header.columns();
                let columns: Vec<_> = columns
                    .iter()
                    .map(|c| c.escape_ascii().to_string())
                    .collect();
                format!("copy {} {columns:?}", header.table().escape_ascii())
            }
            other => format!("{other:?}"),
        });
        Ok(())
    };
    let mut rest = dump;
    let mut before = 0;
    for cut in cuts {
        let (piece, after) = rest.split_at((cut - before).min(rest.len()));
        let Ok(()) = scanner.feed(piece, &mut see);
        before = *cut;
        rest = after;
    }
    let Ok(()) = scanner.feed(rest, &mut see);
    let Ok(()) = scanner.finish(&mut see);
    seen.push(format!(
        "line {} idle {}",
        scanner.line(),
        scanner.is_between_statements()
    ));
    seen
}

fn kind(event: Event<'_>) -> &'static str {
    match event {
        Event::Word(_) => "word",
        Event::Quoted(_) => "quoted",
        _ => "comment",
    }
}

fn headers(dump: &str) -> Vec<String> {
    let seen = scan(dump.as_bytes(), &[]);
    seen.into_iter()
        .filter(|event| event.starts_with("copy "))
        .collect()
}

#[test]
fn only_a_copy_from_the_stream_is_followed_by_data() {
    for (dump, header) in [
        ("COPY t FROM stdin;", "copy t []"),
        (
            "copy public.\"a (\"\"b\"  ( x, \"y,z\" ) from STDIN with (format text);",
            r#"copy public.\"a (\"\"b\" ["x", "\\\"y,z\\\""]"#,
        ),
        ("/* a */ COPY -- b\n t FROM stdout;", "copy -- b\\n t []"),
        ("\u{feff}COPY stdin FROM stdin;", "copy stdin []"),
    ] {
        assert_eq!(headers(dump), [header], "{dump}");
    }
    for dump in [
        "COPY t TO stdout;",
        "COPY (SELECT a FROM stdin) TO stdout;",
        "COPY t FROM '/x' WHERE a IS DISTINCT FROM stdin;",
        "COPY t FROM PROGRAM 'x';",
        "SELECT copy, t FROM stdin;",
        "CREATE FUNCTION f() AS $b$ COPY x FROM stdin; $b$;",
        "SELECT 'x; COPY t FROM stdin;';",
        "-- COPY t FROM stdin;\n",
        "/* /* */ COPY t FROM stdin; */",
    ] {
        assert!(headers(dump).is_empty(), "{dump}");
    }
}

#[test]
fn data_end_only_at_their_own_line() {
    let dump = b"COPY t FROM stdin;\n\n\\\n\\.x\n\\..\n \\.\n\\.\rx\n\\\\.\n\\.\r\nSELECT 1;";
    let rows = scan(dump, &[]);
    assert!(rows.contains(&"CopyEnd { rows: 7 }".to_owned()), "{rows:?}");
    assert!(rows.contains(&"word SELECT".to_owned()), "{rows:?}");
}

#[test]
fn a_semicolon_ends_only_what_psql_says() {
    for (dump, ends) in [
        ("SELECT 1; SELECT 2;", 2),
        (";;", 0),
        (
            "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);",
            1,
        ),
        (
            "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END;",
            1,
        ),
        ("BEGIN; SELECT 1; END;", 3),
        ("SELECT $a$ $b$ ; $a $a$; SELECT $$;$$; SELECT a$$;", 3),
        ("SELECT \";\", ';', E'\\';', U&';' -- ;\n/* ; */;", 1),
    ] {
        let ended = scan(dump.as_bytes(), &[]);
        let ended = ended
            .iter()
            .filter(|event| event.starts_with("End"))
            .count();
        assert_eq!(ended, ends, "{dump}");
    }
}

/// Pieces of dumps that mean something next to each other.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    const FRAGMENTS: &[&str] = &[
        "COPY t (a, \"b\") FROM stdin;",
        "COPY ",
        "FROM ",
        "stdin",
        ";",
        "\n",
        "\r\n",
        "\\.",
        "\\.\n",
        "1\t\\N\n",
        "\\",
        "\\restrict x\n",
        "'",
        "E'",
        "e",
        "''",
        "\"",
        "$",
        "$$",
        "$a$",
        "$1",
        "--",
        "/*",
        "*/",
        "-",
        "/",
        "*",
        "(",
        ")",
        "CREATE FUNCTION ",
        "BEGIN ",
        "END ",
        "1",
        "1e",
        "\u{e9}",
        "\u{feff}",
        " ",
        "word ",
    ];
    prop_oneof![
        9 => proptest::sample::select(FRAGMENTS).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn cuts_change_nothing(
        fragments in proptest::collection::vec(fragment(), 0..40),
        mut cuts in proptest::collection::vec(0_usize..200, 0..6),
    ) {
        let dump = fragments.concat();
        cuts.sort_unstable();
        let whole = scan(&dump, &[]);
        prop_assert_eq!(&scan(&dump, &cuts), &whole);
        let every: Vec<_> = (0..dump.len()).collect();
        prop_assert_eq!(&scan(&dump, &every), &whole);
    }

    #[test]
    fn nothing_panics(dump in proptest::collection::vec(any::<u8>(), 0..300)) {
        scan(&dump, &[]);
        let mut counter = Counter::new();
        counter.feed(&dump);
        counter.finish();
    }
}

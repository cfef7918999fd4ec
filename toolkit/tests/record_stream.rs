//! Whatever arrives on stdin, no valid record is lost or changed.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::BufReader;
use toolkit::record::Header;
use toolkit::stdin::{self, Line};
use toolkit::upstream::{Disposition, Upstream};

/// Reads a whole input; returns the lines that would be written on.
fn read(input: &[u8], upstream: &mut Upstream) -> Vec<Vec<u8>> {
    let mut passed = Vec::new();
    let mut reader = BufReader::with_capacity(64, input);
    stdin::lines(&mut reader, |line| {
        let (disposition, bytes) = match line {
            Line::Whole(bytes) => (upstream.line(bytes), bytes),
            Line::Last(bytes) => (upstream.last_line(bytes), bytes),
            Line::TooLong => (upstream.too_long(), &b""[..]),
        };
        if disposition == Disposition::Pass {
            passed.push(bytes.to_vec());
        }
    })
    .unwrap();
    passed
}

/// A line of an input, and whether it is a final record.
#[derive(Debug, Clone)]
enum Piece {
    Final(Vec<u8>),
    Running(Vec<u8>),
    Junk(Vec<u8>),
}

fn record(status: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let words = (
        "[a-z]{1,6}",
        any::<String>(),
        any::<String>(),
        1u64..9,
        any::<bool>(),
    );
    words.prop_map(move |(tool, name, unknown, v, spaced)| {
        let record = json!({
            "unknown": {unknown.clone(): [unknown, 1.5e300, null]},
            "v": v, "run": "r", "tool": tool, "name": name, "status": status,
        });
        let text = if spaced {
            format!("  {record:#}\t").replace('\n', " ")
        } else {
            record.to_string()
        };
        text.into_bytes()
    })
}

fn piece() -> impl Strategy<Value = Piece> {
    let finals = prop_oneof![
        record("ok"),
        record("fail"),
        record("warn"),
        record("skip"),
        record("odd")
    ];
    let junk = proptest::collection::vec(
        any::<u8>().prop_filter("one line", |byte| *byte != b'\n'),
        0..40,
    );
    prop_oneof![
        finals.prop_map(Piece::Final),
        record("running").prop_map(Piece::Running),
        junk.prop_filter("no record", |junk| Header::parse(junk).is_err())
            .prop_map(Piece::Junk),
    ]
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(input in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut upstream = Upstream::new(&["backup"]);
        let passed = read(&input, &mut upstream);
        prop_assert!(passed.iter().all(|line| Header::parse(line).is_ok()));
        upstream.end();
    }

    #[test]
    fn valid_records_pass_unchanged_among_anything(
        pieces in proptest::collection::vec(piece(), 0..20),
        ended in any::<bool>(),
    ) {
        let lines: Vec<&[u8]> = pieces.iter().map(|piece| match piece {
            Piece::Final(line) | Piece::Running(line) | Piece::Junk(line) => line.as_slice(),
        }).collect();
        let mut input = lines.join(&b'\n');
        if ended {
            input.push(b'\n');
        }
        let mut upstream = Upstream::new(&[]);
        let passed = read(&input, &mut upstream);
        let finals: Vec<_> = pieces.iter().filter_map(|piece| match piece {
            Piece::Final(line) => Some(line.clone()),
            _ => None,
        }).collect();
        prop_assert_eq!(passed, finals);

        let running = pieces.iter().filter(|piece| matches!(piece, Piece::Running(_))).count();
        let died = upstream.end();
        prop_assert!(died.len() <= running);
        for record in died {
            let line: Value = serde_json::from_str(&record.line()).unwrap();
            prop_assert_eq!(&line["error"]["reason"], "died");
        }
    }

    #[test]
    fn a_refused_line_is_named_by_its_number(before in 0usize..5, junk in "[^\n{ \t\r]{1,20}") {
        let mut input = Vec::new();
        for _ in 0..before {
            input.extend(br#"{"v":1,"run":"r","tool":"t","name":"n","status":"ok"}"#);
            input.push(b'\n');
        }
        input.extend(junk.as_bytes());
        input.push(b'\n');
        let mut upstream = Upstream::new(&[]);
        read(&input, &mut upstream);
        prop_assume!(!junk.trim_ascii().is_empty());
        prop_assert_eq!(upstream.refused.first().map(|refused| refused.0), Some(before + 1));
    }
}

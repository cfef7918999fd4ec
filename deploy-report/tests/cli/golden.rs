//! Reports of real pipelines, as they were recorded: `tests/golden/*.ndjson`.
//! `BLESS=1` writes the documents anew.

use super::{document, place};
use std::fs;
use toolkit::testing::{bless, workspace};

/// What was recorded, and the exit status that it comes to.
const RECORDED: [(&str, i32); 5] = [
    ("good", 0),
    ("rolled-back", 3),
    ("rollback-failed", 4),
    ("died", 1),
    ("empty", 0),
];

#[test]
fn real_pipelines_in_both_languages() {
    let place = place();
    for (name, expected) in RECORDED {
        let golden = format!("deploy-report/tests/golden/{name}");
        let records = workspace().join(format!("{golden}.ndjson"));
        let records = fs::read_to_string(records).unwrap();
        for lang in ["en", "fr"] {
            for (format, extension) in [("markdown", "md"), ("text", "txt"), ("html", "html")] {
                let args = [
                    "--format",
                    format,
                    "--lang",
                    lang,
                    "--timezone",
                    "Europe/Paris",
                ];
                let (code, made) = document(&place, &args, &records);
                assert_eq!(code, expected, "{name}");
                bless(&format!("{golden}.{lang}.{extension}"), made.as_bytes());
            }
        }
        let (_, model) = document(&place, &["--format", "json"], &records);
        bless(&format!("{golden}.json"), model.as_bytes());
    }
}

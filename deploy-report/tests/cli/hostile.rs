//! Records that were made to break a report.

use super::{document, place, record};
use serde_json::json;

const ALL: &str =
    "<script>alert(1)</script> | `x` **b** [a](javascript:b) \u{1b}[31m\u{7}\u{202e}\n# h\n\"'&";

/// Records that hold the same text wherever a text may stand.
fn hostile(text: &str) -> String {
    let finding = json!({
        "name": text, "kind": text, "status": "fail", "ms": 1, "observed": text, "expected": text,
        "reason": text, "hint": text,
        "also": [{"level": "warn", "reason": text, "observed": text, "expected": text, "hint": text}],
        "measures": [{"name": text, "value": 1e300, "unit": text}],
        "facts": {"containers": [{"name": text, "state": text, "health": text, "image": text,
                                  "ports": [text], "started": text}]},
    });
    let of_kind = |kind: &str| {
        let mut finding = finding.clone();
        finding["kind"] = kind.into();
        finding["name"] = format!("{kind} {text}").into();
        finding["facts"]["version"] = text.into();
        finding["facts"]["subject"] = text.into();
        finding["facts"]["not_after"] = text.into();
        let measures = finding["measures"].as_array_mut().unwrap();
        measures.push(json!({"name": "days_left", "value": 3.5, "unit": "days"}));
        measures.push(json!({"name": format!("rows_{text}"), "value": 3, "unit": "count"}));
        finding
    };
    let kinds = [
        "container",
        "http",
        "postgres",
        "redis",
        "disk",
        "tls",
        "env",
        text,
    ];
    let checks: Vec<_> = kinds.iter().map(|kind| of_kind(kind)).collect();
    let data = json!({
        "checks": checks, "steps": [finding], "path": text, "version": text, "by": text,
        "git_commit": text, "release": text, "lines": [text], "warnings": [text],
        "parts": [{"name": text, "file": text, "database": {"counts": {"rows": {text: 1}}}}],
        "services": {text: {"id": text, "name": text, "tag": text}},
        "from": {"version": text}, "to": {"version": text}, "commands": [text], "step": text,
    });
    let each = ["backup", "healthcheck", "smoketest", "step"];
    let mut records: String = each
        .iter()
        .map(|tool| record("r", tool, text, "fail", &data))
        .collect();
    for name in ["prepare", "record", "rollback"] {
        records.push_str(&record("r", "rollback", name, "ok", &data));
    }
    records
}

#[test]
fn nothing_of_a_record_is_markup() {
    let place = place();
    for lang in ["en", "fr"] {
        let args = |format| ["--format", format, "--lang", lang];
        let (code, page) = document(&place, &args("html"), &hostile(ALL));
        assert_eq!(code, 3);
        assert_eq!(
            page.matches("<script").count(),
            2,
            "the records and the script alone"
        );
        assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        let (_, markdown) = document(&place, &args("markdown"), &hostile(ALL));
        assert!(!markdown.contains("<script") && !markdown.contains("**b**"));
        assert!(!markdown.contains("[a](") && !markdown.contains('\u{1b}'));
        let (_, text) = document(&place, &args("text"), &hostile(ALL));
        let obeyed = |letter: char| letter.is_control() && letter != '\n';
        assert!(!text.contains(obeyed), "{text}");
        assert!(text.contains("\\u{1b}[31m\\u{7}\\u{202e}"), "{text}");
    }
}

#[test]
fn tables_of_markdown_keep_their_columns() {
    let place = place();
    let (_, markdown) = document(&place, &["--format", "markdown"], &hostile(ALL));
    let mut columns = None;
    let mut tables = 0;
    for line in markdown.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let cells = line.replace("\\|", "").matches('|').count();
        tables += usize::from(columns.is_none());
        assert_eq!(*columns.get_or_insert(cells), cells, "{line}");
    }
    assert!(tables > 8, "{markdown}");
}

#[test]
fn what_is_too_long_is_cut_and_says_so() {
    let place = place();
    let long = "x".repeat(10_000_000);
    let line = record("r", "step", "up", "fail", &json!({"lines": [long]}));
    for format in ["text", "markdown"] {
        let (_, document) = document(&place, &["--format", format], &line);
        assert!(document.len() < 20_000, "{format}: {}", document.len());
        assert!(document.contains("(cut; 10.0\u{a0}MB in all)"), "{format}");
    }
    let (_, page) = document(&place, &["--format", "html"], &line);
    assert!(page.contains("(cut; 10.0\u{a0}MB in all)"));
}

#[test]
fn data_of_any_shape_make_a_report() {
    let place = place();
    let odd = [
        json!(null),
        json!(7),
        json!(-1e300),
        json!(u64::MAX),
        json!("x"),
        json!([[]]),
        json!({"name": "a", "status": "ok", "kind": "http", "facts": {"status": 99_999}}),
    ];
    let times = [
        "2026-11-20T10:00:00Z",
        "+262000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "no time",
    ];
    let mut records = String::new();
    for (odd, at) in odd.iter().flat_map(|odd| times.map(|at| (odd, at))) {
        let finding = json!({
            "name": "n", "kind": "http", "status": "ok", "ms": u64::MAX,
            "measures": [odd, {"name": "time", "value": 1e308, "unit": "seconds"}],
            "facts": {"status": odd, "version": odd, "containers": [odd]}, "also": [odd],
        });
        let list = json!([odd, finding]);
        let data = json!({
            "checks": list, "steps": list, "parts": [odd, {"name": "p", "database": odd, "redis": odd}],
            "services": {"a": odd}, "from": odd, "to": odd, "lines": list, "warnings": list,
            "path": odd, "data": odd, "tries": odd, "downtime_ms": odd, "bytes": odd, "by": odd,
            "version": odd, "removed": odd, "commands": list, "maintenance": odd, "marker": odd,
        });
        for (tool, name) in [
            ("backup", "backup"),
            ("healthcheck", "healthcheck"),
            ("smoketest", "smoketest"),
            ("step", "up"),
            ("rollback", "prepare"),
            ("rollback", "record"),
            ("rollback", "rollback"),
        ] {
            let line = record("r", tool, name, "ok", &data);
            records.push_str(&line.replace("2026-11-20T10:00:05.000Z", at));
        }
    }
    for format in ["text", "markdown", "html", "json"] {
        for lang in ["en", "fr"] {
            let args = [
                "--format",
                format,
                "--lang",
                lang,
                "--timezone",
                "Europe/Paris",
            ];
            let (code, document) = document(&place, &args, &records);
            assert_eq!(code, 0, "{format}");
            assert!(document.len() > 1000, "{format}: {document}");
        }
    }
}

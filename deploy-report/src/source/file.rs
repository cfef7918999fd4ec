//! Records from a file: NDJSON, or a report in HTML.

use super::line::{Lines, why};
use super::{Read, shown};
use crate::render::is_invisible;
use anyhow::{Context, Result};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use toolkit::failure::Failure;
use toolkit::record::Record;
use toolkit::stdin;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 << 20;
/// What stands before the records in a report, and after them.
const BEGIN: &str = r#"<script type="application/json" id="records">"#;
const END: &str = "</script>";
/// What stands before the report of a period.
const PERIOD: &str = r#"<script type="application/json" id="period">"#;

/// The records that a file holds.
///
/// # Errors
/// `bad_input` when it is neither NDJSON nor a report, or too large.
pub(super) fn records(path: &Path) -> Result<Read> {
    let bytes = bytes(path)?;
    let is_html = bytes.trim_ascii_start().starts_with(b"<");
    let mut read = if is_html {
        of_report(path, &bytes)?
    } else {
        let mut lines = Lines::default();
        let mut rest = bytes.as_slice();
        stdin::lines(&mut rest, |line| lines.take(&line, |_| true))?;
        lines.read
    };
    if read.records.is_empty() && !read.damaged.is_empty() {
        let message = format!("`{}` holds no records", shown(path));
        return Err(Failure::not_started("bad_input", message)
            .hint("name a file of records, one JSON object a line, or a report in HTML")
            .into());
    }
    read.is_asked = true;
    Ok(read)
}

/// The text of a file that a person wrote.
pub(crate) fn text(path: &Path) -> Result<String> {
    let text = String::from_utf8(bytes(path)?);
    text.with_context(|| format!("`{}` is not UTF-8", path.display()))
}

fn of_report(path: &Path, bytes: &[u8]) -> Result<Read> {
    let refuse = |why: &str| {
        Failure::not_started("bad_input", format!("`{}` {why}", shown(path)))
            .hint("name an HTML report that this tool made")
    };
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("is not UTF-8"))?;
    let held = text
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .map(|(held, _)| held)
        .ok_or_else(|| refuse("holds no records"))?;
    let values: Vec<serde_json::Value> =
        serde_json::from_str(held).map_err(|error| refuse(&format!("is damaged: {error}")))?;
    let mut read = Read::default();
    for (at, value) in values.into_iter().enumerate() {
        match serde_json::from_value::<Record>(value) {
            Ok(record) => read.take(record),
            Err(error) => read.damage(at + 1, why(&error)),
        }
    }
    Ok(read)
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(path)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| {
        Failure::not_started("usage", format!("cannot read `{}`: {error}", shown(path)))
    })?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("`{}` is larger than {} MiB", shown(path), LARGEST >> 20);
        return Err(Failure::not_started("bad_input", message).into());
    }
    Ok(bytes)
}

/// The records as a report holds them: JSON that no browser takes for markup.
pub(crate) fn embedded(records: &[Record]) -> String {
    let lines: Vec<_> = records.iter().map(Record::line).collect();
    let json = format!("[\n{}\n]", lines.join(",\n"));
    format!("{BEGIN}{}{END}", escaped(&json))
}

/// The report of a period as its document holds it.
pub(crate) fn held(report: &Value) -> String {
    format!("{PERIOD}{}{END}", escaped(&report.to_string()))
}

/// The report of a period that a document holds; none in what is no document.
///
/// # Errors
/// `bad_input` when it holds none, or what is damaged.
pub(crate) fn period(path: &Path) -> Result<Option<Value>> {
    let mut start = [0; 64];
    let mut file = File::open(path).with_context(|| format!("cannot read `{}`", shown(path)))?;
    let length = file.read(&mut start)?;
    if !start[..length].trim_ascii_start().starts_with(b"<") {
        return Ok(None);
    }
    let refuse = |why: &str| {
        Failure::not_started("bad_input", format!("`{}` {why}", shown(path)))
            .hint("name a period's report in HTML that this tool made")
    };
    let text = text(path)?;
    let held = text
        .split_once(PERIOD)
        .and_then(|(_, rest)| rest.split_once(END))
        .map(|(held, _)| held)
        .ok_or_else(|| refuse("holds no report of a period"))?;
    let report = serde_json::from_str(held);
    Ok(Some(report.map_err(|error| {
        refuse(&format!("is damaged: {error}"))
    })?))
}

/// JSON that no browser takes for markup.
fn escaped(json: &str) -> String {
    let mut held = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            // Between the records.
            '\n' => held.push(letter),
            // All of them have four digits.
            _ if letter == '<' || is_invisible(letter) => {
                let _ = write!(held, "\\u{:04x}", u32::from(letter));
            }
            _ => held.push(letter),
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Write;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    fn record(summary: &str) -> Record {
        serde_json::from_value(json!({
            "v": 1, "run": "r", "tool": "step", "name": "up", "status": "ok",
            "at": "2026-11-20T10:00:00.000Z", "summary": summary, "data": {"a": ["</script>"]},
        }))
        .unwrap()
    }

    #[test]
    fn what_a_report_holds_is_read_back() {
        let records = [
            record("</script><script>alert(1)</script>"),
            record("<!--\u{2028}"),
        ];
        let page = format!(
            "<!doctype html>\n<p>\n{}\n<script></script>",
            embedded(&records)
        );
        assert_eq!(page.matches("</script>").count(), 2, "{page}");
        let read = super::records(file(&page).path()).unwrap();
        assert_eq!(read.records, records);
    }

    #[test]
    fn lines_are_read_one_by_one() {
        let lines = format!("{}\n\nnone\n{}", record("a").line(), record("b").line());
        let read = records(file(&lines).path()).unwrap();
        assert_eq!(read.records.len(), 2);
        assert_eq!(read.damaged[0].line, 3);
    }

    #[test]
    fn what_holds_no_record_is_refused() {
        for (content, message) in [
            ("hello\n", "holds no records"),
            ("<html></html>", "holds no records"),
            (
                "<html><script type=\"application/json\" id=\"records\">[</script>",
                "is damaged",
            ),
        ] {
            let error = records(file(content).path()).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}

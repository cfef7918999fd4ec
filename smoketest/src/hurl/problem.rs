//! An error as Hurl shows it to people:
//!
//! ```text
//! Assert failure
//!   --> tests/api.hurl:11:0
//!    |
//!    | GET {{base}}/me
//!    | ...
//! 11 | jsonpath "$.login" == "nobody"
//!    |   actual:   string <admin>
//!    |   expected: string <nobody>
//!    |
//! ```

use serde_json::{Value, json};

/// What begins each of them on stderr.
const ERROR: &str = "error: ";
const PLACE: &str = "-->";

/// What went wrong at a line of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Problem {
    title: String,
    pub(super) file: String,
    pub(super) line: usize,
    /// What stands on the line.
    pub(super) source: Option<String>,
    details: Vec<String>,
}

/// The errors that were written to stderr.
pub(super) fn read(stderr: &[String]) -> Vec<Problem> {
    let mut blocks: Vec<String> = Vec::new();
    for line in stderr {
        match (line.strip_prefix(ERROR), blocks.last_mut()) {
            (Some(title), _) => blocks.push(title.to_owned()),
            (None, Some(block)) => block.extend(["\n", line]),
            // The beginning was not kept.
            (None, None) => {}
        }
    }
    blocks.iter().map(|block| Problem::parse(block)).collect()
}

impl Problem {
    pub(super) fn parse(block: &str) -> Self {
        let mut problem = Self::default();
        for (number, line) in block.lines().enumerate() {
            let line = line.trim();
            if number == 0 {
                line.clone_into(&mut problem.title);
            } else if let Some(place) = line.strip_prefix(PLACE) {
                let mut parts = place.trim().rsplitn(3, ':').skip(1);
                problem.line = parts.next().and_then(|line| line.parse().ok()).unwrap_or(0);
                parts
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut problem.file);
            } else if let Some((before, after)) = line.split_once('|') {
                let is_source = before.trim().parse() == Ok(problem.line);
                if is_source && problem.source.is_none() {
                    problem.source = Some(after.trim().to_owned());
                } else if problem.source.is_some() {
                    let words = after.trim().trim_start_matches('^').trim();
                    problem
                        .details
                        .extend((!words.is_empty()).then(|| words.to_owned()));
                }
            }
        }
        problem
    }

    /// The same at this place.
    pub(super) fn at(self, file: &str, line: usize) -> Self {
        let file = file.to_owned();
        Self { file, line, ..self }
    }

    /// In one sentence: `Assert failure (actual: string <admin>, …)`.
    pub(super) fn told(&self) -> String {
        if self.details.is_empty() {
            return self.title.clone();
        }
        let words = |detail: &String| detail.split_whitespace().collect::<Vec<_>>().join(" ");
        let details: Vec<_> = self.details.iter().map(words).collect();
        format!("{} ({})", self.title, details.join(", "))
    }

    /// For programs.
    pub(super) fn fact(&self) -> Value {
        json!({ "line": self.line, "message": self.told(), "assert": self.source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STDERR: &str = r#"error: No query result
  --> t/a:b.hurl:6:8
   |
   | POST {{base}}/login
   | ...
 6 | count: jsonpath "$.nothing"
   |        ^^^^^^^^^^^^^^^^^^^^ query didn't return any result
   |

error: Assert failure
  --> t.hurl:11:0
   |
   | GET {{base}}/me
   | ...
11 | jsonpath "$.login" == "no | body"
   |   actual:   string <admin>
   |   expected: string <no | body>
   |
"#;

    #[test]
    fn errors_are_read() {
        let lines: Vec<_> = STDERR.lines().map(str::to_owned).collect();
        let [first, second] = &read(&lines)[..] else {
            panic!("two errors");
        };
        assert_eq!((first.file.as_str(), first.line), ("t/a:b.hurl", 6));
        assert_eq!(
            first.told(),
            "No query result (query didn't return any result)"
        );
        assert_eq!((second.file.as_str(), second.line), ("t.hurl", 11));
        let source = second.source.as_deref();
        assert_eq!(source, Some("jsonpath \"$.login\" == \"no | body\""));
        let told = "Assert failure (actual: string <admin>, expected: string <no | body>)";
        assert_eq!(second.told(), told);
        // Where the beginning was not kept, the rest is told.
        assert_eq!(read(&lines[3..]), read(&lines[9..]));
        assert_eq!(Problem::parse("").told(), "");
    }
}

//! A call in one line: `GET /api/projects 200 length == 3`.

/// What one line asks, and what it expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `GET`, `POST`…
    pub(crate) method: String,
    /// A path, from its `/` on, or a URL.
    pub(crate) target: String,
    /// `200`, `201|409`, `2xx`.
    pub(crate) status: String,
    /// The jq expression that must be true of the response.
    pub(crate) jq: Option<String>,
}

impl Call {
    /// Reads a line.
    ///
    /// # Errors
    /// What is missing in it.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let (method, rest) = word(line);
        let (target, rest) = word(rest);
        let (status, jq) = word(rest);
        let usual = "write it like `GET /api/projects 200 length == 3`";
        if target.is_empty() {
            return Err(format!("`{line}` is no call; {usual}"));
        }
        if !status.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(format!("`{line}` says no status after its path; {usual}"));
        }
        Ok(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            status: status.to_owned(),
            jq: Some(jq.to_owned()).filter(|jq| !jq.is_empty()),
        })
    }

    /// What a step of it is called, and all that it says.
    pub(super) fn names(&self) -> (String, String) {
        let name = format!("{} {}", self.method, self.target);
        let says = format!(
            "{name} {} {}",
            self.status,
            self.jq.as_deref().unwrap_or("")
        );
        (name, says.trim_end().to_owned())
    }

    /// The URL, variables and all, where what has no host begins with `${base}`.
    pub(crate) fn url(&self) -> String {
        if self.target.starts_with('/') {
            return format!("${{base}}{}", self.target);
        }
        self.target.clone()
    }
}

/// The first word of a text, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_it_is_said() {
        let call = Call::parse("  GET /api/projects?a=b  200|304   .items | length == 3 ").unwrap();
        assert_eq!(call.method, "GET");
        assert_eq!(call.url(), "${base}/api/projects?a=b");
        assert_eq!(call.status, "200|304");
        assert_eq!(call.jq.as_deref(), Some(".items | length == 3"));
        let call = Call::parse("DELETE ${location} 2xx").unwrap();
        assert_eq!((call.url().as_str(), call.jq), ("${location}", None));
    }

    #[test]
    fn what_is_missing_is_told() {
        let told = Call::parse("GET").unwrap_err();
        assert!(
            told.starts_with("`GET` is no call; write it like"),
            "{told}"
        );
        let told = Call::parse("GET /a").unwrap_err();
        assert!(told.starts_with("`GET /a` says no status"), "{told}");
        let told = Call::parse("GET /a .x == 1").unwrap_err();
        assert!(told.contains("says no status"), "{told}");
    }
}

//! What an HTML page is made of beside its text: style, script, the records, and
//! the policy that lets nothing else in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, Value};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// Adds `style`, `script`, `policy` and `embedded_records` to what a template
/// can name.
pub(super) fn add(environment: &mut Environment<'_>, embedded: String) {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    for (name, content) in [
        ("style", format!("<style>{STYLE}</style>")),
        ("script", format!("<script>{SCRIPT}</script>")),
        ("policy", policy),
        ("embedded_records", embedded),
    ] {
        environment.add_global(name, Value::from_safe_string(content));
    }
}

/// As a Content-Security-Policy names a script:
/// <https://www.w3.org/TR/CSP3/#grammardef-hash-source>.
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_what_browsers_expect() {
        // The example of the specification's § 6.6.2.
        assert_eq!(
            hash("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }

    #[test]
    fn style_and_script_end_where_they_should() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
    }
}

//! Templates of the user's own.

use super::{document, piped, place, record, tool};
use serde_json::json;

#[test]
fn the_built_in_template_is_a_start() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({}));
    for format in ["text", "markdown", "html"] {
        let printed = tool(&place, &["--print-template", "--format", format])
            .output()
            .unwrap();
        assert!(printed.status.success());
        place.write("own", &printed.stdout);
        let own = document(&place, &["--format", format, "--template", "own"], &line);
        assert_eq!(
            own,
            document(&place, &["--format", format], &line),
            "{format}"
        );
    }
}

#[test]
fn a_template_speaks_the_readers_language() {
    let place = place();
    let line = record("r", "step", "<up>", "ok", &json!({}));
    place.write(
        "own.md",
        "{{ t(\"section.steps\") }}: {{ report.steps[0].name }}, {{ 1234567|size }}\n",
    );
    let args = [
        "--format",
        "markdown",
        "--template",
        "own.md",
        "--lang",
        "fr",
    ];
    let (_, text) = document(&place, &args, &line);
    assert_eq!(text, "Chronologie: &lt;up&gt;, 1,2\u{a0}Mo\n");
}

#[test]
fn a_mistake_in_a_template_is_named_with_its_place() {
    let place = place();
    let line = record("r", "step", "up", "ok", &json!({}));
    for (template, message) in [
        ("\n{{ report.nothing }}", "in line 2"),
        ("{{ t(\"no.such\") }}", "there is no message `no.such`"),
        ("{% for %}", "in line 1"),
    ] {
        place.write("own", template);
        let output = piped(
            tool(&place, &["--format", "text", "--template", "own"]),
            &line,
        );
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
        assert!(stderr.contains("hint: `--print-template`"), "{stderr}");
    }
}

//! The sections that only some tools understand.

use crate::case::Case;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use toolkit::config::Config;
use toolkit::failure::Failure;
use toolkit::redact;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ping {
    name: String,
    #[serde(default)]
    seconds: Option<f64>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Name {
    name: String,
}

fn read(case: &Case) -> Result<Vec<Ping>, (String, Option<String>)> {
    let config = Config::load(&case.source).expect("the rest of the file is right");
    let told = |error: anyhow::Error| {
        let failure = Failure::of(&error);
        let place = failure.message.find("sextant.toml:").unwrap_or(0);
        let message = failure.message[place + "sextant.toml:".len()..].to_owned();
        (message, failure.hint)
    };
    config
        .entries("check", |mut entry| entry.rest())
        .map_err(told)
}

#[test]
fn each_is_read_with_its_variables_filled_in() {
    let toml = "[[check]]\nname = \"${WHO}-1\"\n\n[[check]]\nname = 'b'\nseconds = 2\n";
    let read = read(&Case::of(toml).var("WHO", "a")).unwrap();
    let ping = |name: &str, seconds| Ping {
        name: name.into(),
        seconds,
    };
    assert_eq!(read, [ping("a-1", None), ping("b", Some(2.0))]);
}

#[derive(Debug, PartialEq, Deserialize)]
struct Shown {
    run: String,
    url: String,
    token: String,
}

#[test]
fn a_command_keeps_its_variables_and_a_url_is_shown() {
    let toml = r#"
[[check]]
run = "echo $HOME"
url = "http://${HOST}/?password=entry-pw-1"
token = "entry-token-2"
"#;
    let config = Case::of(toml).var("HOST", "shown.example").load();
    let read: Vec<Shown> = config
        .entries("check", |mut entry| entry.rest())
        .expect("all of it is right");
    assert_eq!(read[0].run, "echo $HOME");
    let shown = format!("{} {}", read[0].url, read[0].token);
    assert_eq!(
        redact::text(&shown),
        "http://shown.example/?password=*** ***"
    );
}

const ENVIRONMENTS: &str = "\
[[check]]
name = 'a'
seconds = 1

[[check]]
name = 'b'

[[env.staging.check]]
name = 'c'

[[env.staging.check]]
name = 'a'
seconds = 2
";

#[test]
fn an_environment_lays_checks_over_those_of_the_same_name() {
    let ping = |name: &str, seconds| Ping {
        name: name.into(),
        seconds,
    };
    let staging = read(&Case::of(ENVIRONMENTS).env("staging")).unwrap();
    let c = ping("c", None);
    assert_eq!(staging, [ping("a", Some(2.0)), ping("b", None), c]);
    let none = read(&Case::of(ENVIRONMENTS)).unwrap();
    assert_eq!(none, [ping("a", Some(1.0)), ping("b", None)]);
}

#[test]
fn a_check_of_another_kind_stands_for_the_one_of_its_name() {
    let toml = "[[check]]\nname = 'a'\nkind = 'tcp'\naddress = 'b:1'\n\
        [[env.staging.check]]\nname = 'a'\nkind = 'git'\nclean = true\n";
    let config = Case::of(toml).env("staging").load();
    let read: Vec<BTreeMap<String, Value>> = config
        .entries("check", |mut entry| entry.rest())
        .expect("all of it is right");
    let read: Vec<_> = read[0].keys().map(String::as_str).collect();
    assert_eq!(read, ["clean", "kind", "name"]);
}

#[test]
fn mistakes_are_found_in_environments_that_are_not_chosen() {
    for (lines, message) in [
        (
            "name = 'a'\nsecond = 2\n",
            "5: unknown key `second` in `[[env.production.check]]`",
        ),
        (
            "name = 'b'\n[[env.production.check]]\nname = 'b'\n",
            "6: a check called `b` is on line 3 already",
        ),
        (
            "name = 'a'\nseconds = 'two'\n",
            "5: `seconds` in `[[env.production.check]]` must be a number, not string \"two\"",
        ),
    ] {
        let toml =
            format!("[[check]]\nname = 'a'\n[[env.production.check]]\n{lines}[env.staging]\n");
        for case in [Case::of(&toml), Case::of(&toml).env("staging")] {
            let (told, _) = read(&case).unwrap_err();
            assert_eq!(told, message, "{toml}");
        }
    }
    // Set where it is needed, perhaps.
    let toml = "[[env.production.check]]\nname = '${ONLY_THERE}'\nsecond = 2\n";
    assert!(read(&Case::of(toml)).unwrap().is_empty());
}

#[test]
fn they_do_not_hinder_a_tool_that_does_not_use_them() {
    let case = Case::of("[[check]]\nnmae = \"${NOT_SET}\"\n");
    assert!(Config::load(&case.source).is_ok());
}

#[test]
fn mistakes_are_told_with_line_and_key() {
    for (toml, message, hint) in [
        (
            "[[check]]\nname = 'a'\n[[check]]\nname = 'b'\nsecond = 1\n",
            "5: unknown key `second` in `[[check]]`",
            Some("did you mean `seconds`?"),
        ),
        (
            "[[check]]\nname = 1\n",
            "2: `name` in `[[check]]` must be a string, not integer `1`",
            None,
        ),
        ("[[check]]\n", "1: `check` lacks `name`", None),
        ("check = 1\n", "1: `check` must be a table", None),
    ] {
        let told = read(&Case::of(toml)).unwrap_err();
        assert_eq!(
            told,
            (message.to_owned(), hint.map(str::to_owned)),
            "{toml}"
        );
    }
}

#[test]
fn a_key_that_was_taken_keeps_its_place() {
    let case = Case::of("[[check]]\n\nname = 'a'\nsecnds = 1\n");
    let config = Config::load(&case.source).unwrap();
    let told = config.entries("check", |mut entry| {
        let name: Name = entry.take(&["name"])?;
        assert_eq!(name.name, "a");
        Err::<(), _>(entry.unknown("name", "a", &["b", "c"]))
    });
    let failure = Failure::of(&told.unwrap_err());
    assert!(
        failure
            .message
            .ends_with("sextant.toml:3: unknown name `a`"),
        "{}",
        failure.message
    );
    assert_eq!(failure.hint.as_deref(), Some("did you mean `b`?"));
}

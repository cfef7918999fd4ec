//! A scenario as a shell script of `curl` and `jq`, for those who have nothing
//! else, or want to see what is asked.

use super::variables::Variables;
use crate::curl;
use crate::scenario::{Act, Step};
use anyhow::Result;
use probe::{Around, Deadline};
use shell_words::quote;
use std::time::Duration;
use toolkit::config::Config;
use toolkit::failure::Failure;

/// What the script begins with. Its own variables begin with `_`: those of the
/// scenario keep their names.
const HEAD: &str = r"#!/bin/sh
# Needs curl and jq. What stands in single quotes is meant as it is:
# shellcheck disable=SC2016
set -eu";

/// What each call of the script is made with.
const CALL: &str = r#"_kept=$(mktemp -d)
trap 'rm -rf "$_kept"' EXIT
_body=$_kept/body _head=$_kept/head _cookies=$_kept/cookies
: >"$_cookies"

fail() {
  echo "$_step: $*" >&2
  exit 1
}

# call STATUS ARGUMENT…: what is answered is in $_body and $_head.
call() {
  _want=$1
  shift
  _got=$(curl -sS -b "$_cookies" -c "$_cookies" -o "$_body" -D "$_head" -w '%{http_code}' "$@") || fail "no answer"
  echo "$_got" | grep -qxE "$_want" && return
  fail "status $_got instead of $_want: $(head -c 300 "$_body")"
}

# holds EXPRESSION: whether it is true of what was answered.
holds() {
  jq -e "$1" <"$_body" >/dev/null || fail "not true: $1"
}"#;

/// How the script finds what each run has anew.
const ANEW: [(&str, &str); 3] = [
    ("uuid", "uuid=$(cat /proc/sys/kernel/random/uuid)"),
    ("timestamp", "timestamp=$(date +%s)"),
    ("run", "run=$(cat /proc/sys/kernel/random/uuid)"),
];

/// The script of all steps: its variables are the shell's.
///
/// # Errors
/// `config` where a step cannot be read.
pub(crate) fn script(steps: &[Step], config: &Config) -> Result<String> {
    let variables = Variables::new(config);
    let mut calls = Vec::new();
    for step in steps {
        calls.push(lines(step, &variables, config)?);
        variables.finds(step);
    }
    let mut all = vec![HEAD.to_owned()];
    for name in variables.wanted() {
        all.push(format!(": \"${{{name}:?is not set}}\""));
    }
    let anew = ANEW.iter().filter(|(name, _)| variables.is_used(name));
    all.extend(anew.map(|(_, line)| (*line).to_owned()));
    all.push(CALL.to_owned());
    for (step, mut lines) in steps.iter().zip(calls) {
        let taken = step.taken.iter().filter(|name| variables.is_used(name));
        lines.extend(taken.map(|name| format!(": \"${{{name}:?is found out by hurl}}\"")));
        for (name, capture) in &step.captures {
            let found = capture.shell();
            lines.push(if variables.is_used(name) {
                format!("{name}=$({found}) || fail 'no {name}'")
            } else {
                format!("{found} >/dev/null || fail 'nothing to capture'")
            });
        }
        all.push(String::new());
        all.append(&mut lines);
    }
    Ok(all.join("\n"))
}

/// In quotes even where a shell needs none: `_step=head` looks like a mistake.
fn quoted(text: &str) -> String {
    let quoted = quote(text);
    if quoted == text {
        return format!("'{text}'");
    }
    quoted.into_owned()
}

/// The lines of a step, what it captures aside.
fn lines(step: &Step, variables: &Variables<'_>, config: &Config) -> Result<Vec<String>> {
    let nothing = Failure::new("none", "nothing is looked for");
    let deadline = Deadline::after(Duration::from_secs(60));
    let around = Around::new(config, Err(&nothing), deadline);
    let name = step.name.replace(char::is_control, " ");
    let act = variables.read(step, |lookup| step.try_act(lookup))?;
    let Act::Http(http) = act else {
        let says = step.says.replace(char::is_control, " ");
        return Ok(vec![format!("# {name}, not by curl: {says}")]);
    };
    let words = curl::words(&http.planned(&around)?);
    let words: Vec<_> = words.iter().map(|word| variables.word(word)).collect();
    let words = words.join(" ");
    let call = format!("call {} {words}", quote(&http.status_pattern()));
    let mut lines = vec![format!("_step={}", quoted(&name))];
    lines.extend(if step.has_cookies {
        vec![call]
    } else {
        vec![
            "_cookies=/dev/null".into(),
            call,
            "_cookies=$_kept/cookies".into(),
        ]
    });
    for jq in http.jq() {
        lines.push(format!("holds {}", variables.word(jq)));
    }
    Ok(lines)
}

//! A scenario as a shell script of `curl` and `jq`, for those who have nothing
//! else, or want to see what is asked.

use crate::curl;
use crate::scenario::{Act, Step};
use anyhow::Result;
use probe::{Around, Deadline};
use shell_words::quote;
use std::time::Duration;
use toolkit::config::Config;
use toolkit::failure::Failure;
use toolkit::redact;

/// What stands around the name of a variable until the shell fills it in:
/// letters, as a URL or a header keeps them as they are.
const BEGIN: &str = "SHELLVARIABLE0";
const END: &str = "0ELBAIRAVLLEHS";

/// What each call of the script is made with.
const HEAD: &str = r#"#!/bin/sh
# Needs curl and jq.
set -eu
uuid=$(cat /proc/sys/kernel/random/uuid)
timestamp=$(date +%s)
run=$uuid
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
body=$kept/body head=$kept/head

# call STATUS ARGUMENT…: the answer is in $body and $head.
call() {
  want=$1
  shift
  got=$(curl -sS -o "$body" -D "$head" -w '%{http_code}' "$@")
  echo "$got" | grep -qxE "$want" && return
  echo "status $got instead of $want: $*" >&2
  exit 1
}"#;

/// The script of all steps: its variables are the shell's.
///
/// # Errors
/// `config` where a step cannot be read.
pub(crate) fn script(steps: &[Step], config: &Config) -> Result<String> {
    let nothing = Failure::new("none", "nothing is looked for");
    let around = Around::new(
        config,
        Err(&nothing),
        Deadline::after(Duration::from_secs(60)),
    );
    let mut lines = vec![HEAD.to_owned()];
    for step in steps {
        lines.push(String::new());
        lines.push(format!("# {}", step.name.replace(char::is_control, " ")));
        let act = step.act(&|name| {
            // What the file itself says stays as it is.
            let own = step.shared.vars.get(name).cloned();
            Some(own.unwrap_or_else(|| format!("{BEGIN}{name}{END}")))
        })?;
        let Act::Http(http) = act else {
            lines.push(format!(
                "# not by curl: {}",
                step.says.replace(char::is_control, " ")
            ));
            continue;
        };
        let text = |key: &str| step.template.text(key).map(shell);
        let status = text("status").unwrap_or_else(|| "2..".into());
        let words = curl::words(&http.asked(&around)?);
        let words: Vec<_> = words.iter().map(|word| shell(word)).collect();
        lines.push(format!(
            "call {} {}",
            status.replace("xx", ".."),
            words.join(" ")
        ));
        if let Some(jq) = text("jq") {
            lines.push(format!("jq -e {jq} <\"$body\" >/dev/null"));
        }
        for (name, capture) in &step.captures {
            lines.push(format!("{name}=$({})", capture.shell()));
        }
    }
    Ok(lines.join("\n"))
}

/// A word for the shell, which fills in the variables in it.
fn shell(text: &str) -> String {
    let mut word = String::new();
    for (at, piece) in text.split(BEGIN).enumerate() {
        let (name, rest) = match piece.split_once(END) {
            Some((name, rest)) if at > 0 => (name, rest),
            _ => ("", piece),
        };
        if !name.is_empty() {
            word.extend(["\"$", name, "\""]);
        }
        if !rest.is_empty() {
            // Quoted, a secret would not be known as one any more.
            word.push_str(&quote(&redact::text(rest)));
        }
    }
    if word.is_empty() { "''".into() } else { word }
}
